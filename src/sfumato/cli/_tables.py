"""Tables and JSON on stdout."""

import json
import sys
from collections.abc import Sequence

from pydantic import BaseModel


def print_json(value: object) -> None:
    """One JSON document; models become objects."""
    json.dump(value, sys.stdout, default=_plain, ensure_ascii=False, indent=2)
    print()


def _plain(value: object) -> object:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A plain table, for people and for `cut` alike; nothing in a cell is taken for markup or control."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=box.SIMPLE)
    for row in rows:
        table.add_row(*(Text("".join(c if c.isprintable() else " " for c in cell)) for cell in row))
    Console(soft_wrap=False).print(table)
