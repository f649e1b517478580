"""What pictures are searched by, as query parameters; the same for listing, counting and their tags."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Query, Request

from sfumato.http.desk import Desk, caller_of
from sfumato.library import Wanted

LONGEST = 1000  # characters

Text = Annotated[str | None, Query(max_length=LONGEST)]


def sought_of(desk: Desk) -> Callable[..., Wanted]:
    """A dependency: the caller's search, over what the caller may see. NotFound where the board is not theirs."""

    def sought(
        request: Request,
        text: Annotated[str | None, Query(max_length=LONGEST, description="Words of the prompt.")] = None,
        model: Text = None,
        tag: Text = None,
        rating: Annotated[int, Query(ge=0, le=5, description="At least.")] = 0,
        since: Annotated[datetime | None, Query(description="Painted at that moment or later.")] = None,
        until: Annotated[datetime | None, Query(description="Painted before that moment.")] = None,
        board: Annotated[int | None, Query(ge=1, lt=2**63, description="Only those on it.")] = None,
        trashed: Annotated[bool, Query(description="Those in the trash, else those that are not.")] = False,
    ) -> Wanted:
        sees = caller_of(request).sees
        if board is not None:
            desk.studio.library.boards.get(board, sees)
        return Wanted(
            text=text, model=model, tag=tag, rating=rating, since=since, until=until, board=board, trashed=trashed,
            owner=sees,
        )  # fmt: skip

    return sought
