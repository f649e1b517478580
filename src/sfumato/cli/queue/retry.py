"""sfumato queue retry: one job."""

from typing import Annotated

import typer


def command(job: Annotated[str, typer.Argument(help="Its first column in sfumato queue ls.")]) -> None:
    """Queue a job again that failed, expired or was cancelled; finished pictures are not painted again."""
    from sfumato.studio import Studio

    print(Studio().queue.retry(job).state)
