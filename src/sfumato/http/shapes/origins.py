"""Where pictures come from: what one was made from, what came of it, and what was kept."""

import io

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from sfumato.http.desk import Desk, caller_of
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import LASTING, PREFIX, PROBLEMS, PictureBody, PictureId, error, picture_body


class LineageBody(BaseModel):
    """The pictures that one was made from, and those that came of it, the newest first."""

    made_from: list[PictureBody]
    became: list[PictureBody]


class OutsideBody(BaseModel):
    """What became of the part that was to stay. sha256: of its RGBA bytes; seam: 1 where there is none to see."""

    changed_pixels: int
    sha256: str
    seam: float | None


def router(desk: Desk) -> APIRouter:
    """See the OpenAPI document."""
    routes, studio = APIRouter(tags=["native"], responses=PROBLEMS), desk.studio

    @routes.get("/pictures/{picture}/lineage", summary="What a picture was made from, and what came of it")
    def lineage(picture: PictureId, request: Request) -> LineageBody:
        made_from, became = studio.lineage(picture, caller_of(request).sees)
        return LineageBody(
            made_from=[picture_body(entry) for entry in made_from], became=[picture_body(entry) for entry in became]
        )

    @routes.get(
        "/pictures/{picture}/before",
        summary="What a picture was made from, laid on a page of its size",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}},
    )
    def before(picture: PictureId, request: Request) -> Response:
        out = io.BytesIO()
        studio.before(picture, caller_of(request).sees).save(out, "PNG", compress_level=1)
        return Response(out.getvalue(), media_type="image/png", headers=LASTING)

    @routes.get("/pictures/{picture}/outside", summary="How many pixels changed of what was to stay, by its file")
    def outside(picture: PictureId, request: Request) -> OutsideBody:
        found = studio.outside_of(picture, caller_of(request).sees)
        return OutsideBody(changed_pixels=found.changed_pixels, sha256=found.sha256, seam=found.seam)

    return routes


PART = Shape(PREFIX, router, error, "application/problem+json")
