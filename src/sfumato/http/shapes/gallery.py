"""What a gallery asks beside the pictures: how many there are, what they are tagged with; and boards."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from sfumato.http.desk import Desk, caller_of
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import PREFIX, PROBLEMS, error
from sfumato.http.sought import sought_of
from sfumato.library import Wanted
from sfumato.library.boards import LONGEST_NAME, MOST_AT_ONCE, Board

BoardId = Annotated[int, Path(ge=1, lt=2**63)]
Ids = Annotated[list[Annotated[int, Field(ge=1, lt=2**63)]], Field(max_length=MOST_AT_ONCE)]


class Count(BaseModel):
    """How many pictures fit a search."""

    count: int


class BoardBody(BaseModel):
    """number: of its pictures that are not in the trash. cover: the newest of them; null: there is none."""

    id: int
    name: str
    created: datetime
    number: int
    cover: int | None


class Name(BaseModel):
    """What a board is called."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=LONGEST_NAME)


class Laid(BaseModel):
    """Pictures to lay on a board, and to take from it."""

    model_config = ConfigDict(extra="forbid")

    add: Ids = []
    remove: Ids = []


def router(desk: Desk) -> APIRouter:
    """See the OpenAPI document."""
    routes, library = APIRouter(tags=["gallery"], responses=PROBLEMS), desk.studio.library
    sought = sought_of(desk)

    @routes.get("/count", summary="How many pictures fit a search; its parameters are those of /pictures")
    def count(wanted: Annotated[Wanted, Depends(sought)]) -> Count:
        return Count(count=library.count_found(**wanted))

    @routes.get("/tags", summary="Tags of the pictures that fit a search, each with how many have it, the most first")
    def tags(
        wanted: Annotated[Wanted, Depends(sought)], limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> dict[str, int]:
        return library.tags(limit, **wanted)

    @routes.get("/boards", summary="Boards, by name")
    def boards(request: Request) -> list[BoardBody]:
        return [board_body(board) for board in library.boards.all(caller_of(request).sees)]

    @routes.post("/boards", status_code=201, summary="Make a board")
    def make(body: Name, request: Request) -> BoardBody:
        return board_body(library.boards.make(body.name, caller_of(request).owner))

    @routes.get("/boards/{board}", summary="One board; its pictures are /pictures?board=ID")
    def board(board: BoardId, request: Request) -> BoardBody:
        return board_body(library.boards.get(board, caller_of(request).sees))

    @routes.patch("/boards/{board}", summary="Give a board another name")
    def rename(board: BoardId, body: Name, request: Request) -> BoardBody:
        return board_body(library.boards.rename(board, body.name, caller_of(request).sees))

    @routes.delete("/boards/{board}", summary="Delete a board; its pictures stay in the library")
    def remove(board: BoardId, request: Request) -> BoardBody:
        return board_body(library.boards.remove(board, caller_of(request).sees))

    @routes.post("/boards/{board}/pictures", summary="Lay pictures on a board, take others from it")
    def change(board: BoardId, body: Laid, request: Request) -> BoardBody:
        return board_body(library.boards.change(board, body.add, body.remove, caller_of(request).sees))

    return routes


def board_body(board: Board) -> BoardBody:
    return BoardBody(id=board.id, name=board.name, created=board.created, number=board.number, cover=board.cover)


PART = Shape(PREFIX, router, error, "application/problem+json")
