"""sfumato verify: are the pulled weights still what they should be?"""

from typing import Annotated

import typer


def command(
    name: Annotated[str | None, typer.Argument(help="One of them; else all that are here.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The findings as JSON on stdout.")] = False,
) -> None:
    """Read pulled weights again and compare their sha256; exit 1 if one is missing or damaged."""
    from sfumato.cli import _tables
    from sfumato.studio import Studio

    found = Studio().verify_weights(name)
    if json:
        _tables.print_json([{"name": one, "state": state} for one, state in found.items()])
    else:
        rows = [[one, state, "" if state == "here" else f"sfumato pull {one}"] for one, state in found.items()]
        _tables.print_table(["name", "state", "to mend it"], rows)
    if any(state != "here" for state in found.values()):
        raise typer.Exit(1)
