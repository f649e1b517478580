"""sfumato doctor: what this machine can run, what is missing, and the command that mends it."""

from typing import Annotated

import typer


def command(json: Annotated[bool, typer.Option("--json", help="The findings as JSON on stdout.")] = False) -> None:
    """Look over this machine and this installation; exit 1 if Sfumato cannot paint here."""
    from dataclasses import asdict

    from sfumato.cli import _tables
    from sfumato.studio import Studio

    findings = Studio().examine()
    if json:
        _tables.print_json([asdict(f) for f in findings])
    else:
        marks = {"good": "ok", "optional": "--", "bad": "NO"}
        _tables.print_table(
            ["", "what", "found", "to mend it"], [[marks[f.state], f.what, f.found, f.mend] for f in findings]
        )
    if any(f.state == "bad" for f in findings):
        raise typer.Exit(1)
