"""Pictures behind signed links, for the shapes whose answers are links."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from sfumato import exports
from sfumato.http.desk import Desk
from sfumato.http.links import PREFIX
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import PROBLEMS, encoded, error


def router(desk: Desk) -> APIRouter:
    """One route; the link itself is the right to it."""
    routes = APIRouter(tags=["files"], responses=PROBLEMS)

    @routes.get(
        "/{name}",
        summary="A picture, by a link that an answer gave",
        response_class=Response,
        responses={200: {"content": {f"image/{kind}": {} for kind in ("png", "jpeg", "webp")}}},
    )
    def file(
        name: Annotated[str, Path(pattern=r"^[0-9]{1,18}\.(png|jpg|jpeg|webp)$")],
        until: Annotated[int, Query(ge=0, lt=2**63)],
        sign: Annotated[str, Query(max_length=64)],
        quality: Annotated[int | None, Query(ge=0, le=100)] = None,
    ) -> Response:
        desk.links.check(name, quality, until, sign)
        id, _, format = name.partition(".")
        data = encoded(desk, desk.studio.library.entry(int(id)), format, quality)
        return Response(data, media_type=exports.writer_for(name).media_type)

    return routes


PART = Shape(PREFIX, router, error, "application/problem+json")
