"""sfumato queue pause: one job, or all."""

from typing import Annotated

import typer


def command(
    job: Annotated[str | None, typer.Argument(help="A job; without one, nothing new is begun at all.")] = None,
) -> None:
    """Hold a job back, or everything; sfumato queue resume lets it go on."""
    from sfumato.studio import Studio

    queue = Studio().queue
    if job is None:
        queue.pause_all()
    else:
        print(queue.pause(job).state)
