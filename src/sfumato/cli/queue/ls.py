"""sfumato queue ls: the jobs there are."""

from typing import Annotated

import typer

from sfumato.cli._numbers import whole


def command(
    limit: Annotated[int, whole("-n", "--limit", help="At most so many, newest first.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Rows as JSON on stdout.")] = False,
) -> None:
    """List jobs, newest first."""
    from sfumato.cli import _tables
    from sfumato.jobs.rows import as_data
    from sfumato.studio import Studio

    jobs = Studio().queue.find(limit=limit)
    if json:
        _tables.print_json([as_data(job) for job in jobs])
        return
    rows = [
        [job.id, job.state, job.priority, f"{len(job.made)}/{len(job.recipes)}", job.recipes[0].prompt[:50],
         job.reason or ""]
        for job in jobs
    ]  # fmt: skip
    _tables.print_table(["job", "state", "priority", "pictures", "prompt", "reason"], rows)
