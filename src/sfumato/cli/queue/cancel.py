"""sfumato queue cancel: one job, or one picture of it."""

from typing import Annotated

import typer


def command(
    job: Annotated[str, typer.Argument(help="Its first column in sfumato queue ls.")],
    picture: Annotated[int | None, typer.Option(help="Only this one of it, from 0; the others are painted.")] = None,
) -> None:
    """Stop a job, at the next step if it is being painted; finished pictures stay."""
    from sfumato.studio import Studio

    queue = Studio().queue
    print((queue.cancel(job) if picture is None else queue.drop(job, picture)).state)
