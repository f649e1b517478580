"""sfumato queue cancel: one job."""

from typing import Annotated

import typer


def command(job: Annotated[str, typer.Argument(help="Its first column in sfumato queue ls.")]) -> None:
    """Stop a job, at the next step if it is being painted; finished pictures stay."""
    from sfumato.studio import Studio

    print(Studio().queue.cancel(job).state)
