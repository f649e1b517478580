"""sfumato queue resume: one job, or all."""

from typing import Annotated

import typer


def command(job: Annotated[str | None, typer.Argument(help="A job; without one, everything.")] = None) -> None:
    """Let a paused job go on, or everything."""
    from sfumato.studio import Studio

    queue = Studio().queue
    if job is None:
        queue.pause_all(False)
    else:
        print(queue.resume(job).state)
