"""The trash: how much lies in it, and its end."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from sfumato.http.desk import Desk, caller_of
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import PREFIX, PROBLEMS, error


class EmptiedBody(BaseModel):
    """pictures: that are gone for good. bytes: of files that no other picture needs, freed."""

    pictures: int
    bytes: int


def router(desk: Desk) -> APIRouter:
    """See the OpenAPI document."""
    routes, library = APIRouter(tags=["pictures"], responses=PROBLEMS), desk.studio.library

    @routes.post("/trash/empty", summary="Delete your pictures in the trash for good")
    def empty(request: Request) -> EmptiedBody:
        emptied = library.trash.empty(caller_of(request).sees)
        return EmptiedBody(pictures=emptied.pictures, bytes=emptied.bytes)

    return routes


PART = Shape(PREFIX, router, error, "application/problem+json")
