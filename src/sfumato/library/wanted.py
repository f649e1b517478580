"""What entries are searched by, as a caller says it and as the rows understand it."""

import json
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack

from sfumato.core.errors import RequestError

MOST_WORDS = 100


class Wanted(TypedDict, total=False):
    """What entries are searched by; see Library.find."""

    text: str | None
    model: str | None
    since: datetime | None
    until: datetime | None
    owner: str | None
    tag: str | None
    rating: int
    trashed: bool
    board: int | None


def asked_of(**wanted: Unpack[Wanted]) -> dict[str, Any]:
    """A search as the rows understand it, without what is left open."""
    words = sorted(set((wanted.get("text") or "").casefold().split()))
    if len(words) > MOST_WORDS:
        raise RequestError(f"{len(words)} words to find are too many: give at most {MOST_WORDS}")
    since, until = wanted.get("since"), wanted.get("until")
    asked = {
        "model": wanted.get("model"), "since": since and in_rows(since), "until": until and in_rows(until),
        "owner": wanted.get("owner"), "tag": wanted.get("tag"), "board": wanted.get("board"),
        "words": json.dumps(words).replace(r"\u0000", r"\ufffd") if words else None,  # SQLite's JSON ends at a NUL
    }  # fmt: skip
    given = {name: value for name, value in asked.items() if value is not None}
    return {**given, "trashed": wanted.get("trashed", False), "rating": wanted.get("rating", 0)}


def in_rows(moment: datetime) -> str:
    """UTC, always of the same length, so that text compares as time does."""
    try:
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    except (OverflowError, ValueError) as error:  # in the year 1 or 9999, some time zones are in another
        raise RequestError(
            f"{moment.isoformat()} is no moment that there is in UTC: give a later or an earlier one"
        ) from error
