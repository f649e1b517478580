"""sfumato history: what was painted here."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from sfumato.cli._numbers import whole


def command(
    words: Annotated[list[str] | None, typer.Argument(help="Words that all occur in the prompt.")] = None,
    model: Annotated[str | None, typer.Option(help="Only this model's pictures.")] = None,
    since: Annotated[str | None, typer.Option(help="From this day on, as 2026-11-30.")] = None,
    until: Annotated[str | None, typer.Option(help="To the end of this day.")] = None,
    limit: Annotated[int, whole("-n", "--limit", help="At most so many, newest first.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Rows as JSON on stdout.")] = False,
) -> None:
    """Search the pictures painted here, newest first, by words, model and date."""
    from dataclasses import asdict

    from sfumato.cli import _tables
    from sfumato.studio import Studio

    entries = Studio().find(
        " ".join(words) if words else None,
        model=model,
        since=_day("since", since),
        until=_day("until", until, timedelta(days=1)),
        limit=limit,
    )
    if json:
        _tables.print_json([asdict(entry) for entry in entries])
        return
    rows = [
        [
            entry.created.astimezone().strftime("%Y-%m-%d %H:%M"),
            entry.recipe.model,
            str(entry.recipe.seed),
            entry.recipe.prompt[:60],
            str(entry.id),
            str(entry.picture),
        ]
        for entry in entries
    ]
    _tables.print_table(["painted", "model", "seed", "prompt", "number", "file"], rows)


def _day(name: str, text: str | None, later: timedelta = timedelta()) -> datetime | None:
    """The start of a day in local time, or so much later, as UTC."""
    from sfumato.core.errors import RequestError
    from sfumato.core.wording import shown

    if text is None:
        return None
    try:
        return (datetime.strptime(text, "%Y-%m-%d") + later).astimezone(UTC)
    except (ValueError, OverflowError) as error:  # the latter at the ends of the calendar
        raise RequestError(f"{name} {shown(text)} is not a day: write it as 2026-11-30") from error
