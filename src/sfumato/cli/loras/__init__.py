"""sfumato loras: the LoRA that are kept here."""

from typing import Annotated

import typer


def command(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="The list as JSON on stdout.")] = False,
) -> None:
    """List the LoRA that are kept here: for which model, the words they listen to, rank, pictures, date."""
    if context.invoked_subcommand is not None:
        return
    from dataclasses import asdict

    from sfumato.cli import _tables
    from sfumato.cli._progress import say
    from sfumato.studio import Studio

    kept = Studio().loras()
    if json:
        _tables.print_json([asdict(one) for one in kept])
        return
    rows = [[one.name, one.base, one.trigger, one.rank, one.pictures, one.created] for one in kept]
    _tables.print_table(["name", "for", "say", "rank", "pictures", "learned"], rows)
    for one in kept:
        if one.problem:
            say(one.problem)
