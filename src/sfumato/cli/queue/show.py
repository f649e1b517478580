"""sfumato queue show: one job."""

from typing import Annotated

import typer


def command(job: Annotated[str, typer.Argument(help="Its first column in sfumato queue ls.")]) -> None:
    """Show all that is known of a job, as JSON."""
    from sfumato.cli import _tables
    from sfumato.jobs.rows import as_data
    from sfumato.studio import Studio

    _tables.print_json(as_data(Studio().queue.get(job)))
