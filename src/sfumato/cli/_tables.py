"""Tables and JSON on stdout."""

import json
import sys
from collections.abc import Sequence

from pydantic import BaseModel


def print_json(value: object) -> None:
    """One JSON document; models become objects."""
    print(json.dumps(value, default=_plain, indent=2))


def _plain(value: object) -> object:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal, else lines for `cut`: cells parted by tabs. No cell is taken for markup or control."""
    rows = [["".join(c if c.isprintable() else " " for c in cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in [columns, *rows]:
            print("\t".join(row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=box.SIMPLE)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(soft_wrap=False).print(table)
