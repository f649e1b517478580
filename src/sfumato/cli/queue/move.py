"""sfumato queue move: paint one job before another."""

from typing import Annotated

import typer


def command(
    id: Annotated[str, typer.Argument(metavar="JOB", help="Its id, as sfumato queue ls shows it.")],
    before: Annotated[
        str | None, typer.Option(metavar="JOB", help="The job it goes before; without: it is the last.")
    ] = None,
) -> None:
    """Let a waiting job be painted before another of the same user, and be as urgent as that one."""
    from sfumato.cli._progress import say
    from sfumato.jobs.order import move
    from sfumato.studio import Studio

    move(Studio().queue, id, before)
    say(f"{id} goes before {before}" if before else f"{id} goes last")
