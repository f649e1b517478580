"""Ideogram's API of version 3: forms all, and one path for each thing that is done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request

from sfumato.http.desk import Desk
from sfumato.http.forms import checked, form_body, read_form, the_file
from sfumato.http.hosted import Wish
from sfumato.http.ideogram import (
    V3,
    V3Background,
    V3Edit,
    V3Generate,
    V3Reframe,
    V3Remix,
    edited,
    generated,
    reframed,
    remixed,
    with_background,
)
from sfumato.http.shapes import Shape
from sfumato.http.shapes.ideogram import PREFIX, Pictures, error, painted, status

NAME = "ideogram-v3"


@dataclass(frozen=True)
class Call:
    """files: that have to be there, in the order in which `wish` takes them behind the fields."""

    kind: type[V3]
    wish: Callable[..., Wish]
    summary: str
    files: tuple[str, ...] = ()


CALLS = {
    "generate": Call(V3Generate, generated, "Pictures of a prompt"),
    "generate-transparent": Call(
        V3Generate, lambda asked: generated(asked, background="transparent"), "Pictures of things, cut out"
    ),
    "edit": Call(V3Edit, edited, "A picture painted anew where its mask is black", ("image", "mask")),
    "inpaint": Call(V3Edit, edited, "The same", ("image", "mask")),
    "remix": Call(V3Remix, remixed, "A picture painted anew, as much as its weight leaves", ("image",)),
    "reframe": Call(V3Reframe, reframed, "More painted around a picture", ("image",)),
    "replace-background": Call(V3Background, with_background, "A thing before another ground", ("image",)),
}


def router(desk: Desk) -> APIRouter:
    """A route for each call."""
    routes = APIRouter(tags=["Ideogram"])
    for name, call in CALLS.items():
        routes.add_api_route(
            f"/{name}", answering(desk, call), methods=["POST"], name=f"v3 {name}", summary=call.summary,
            response_model=Pictures, openapi_extra=form_body(call.kind, dict.fromkeys(call.files, True)),
        )  # fmt: skip
    return routes


def answering(desk: Desk, call: Call) -> Callable[..., Any]:
    async def answer(request: Request) -> Pictures:
        texts, files = await read_form(request, call.files)
        asked = checked(call.kind, texts)
        wish = call.wish(asked, *(the_file(files, name) for name in call.files))
        return await painted(desk, request, NAME, wish, asked)

    return answer


PART = Shape(f"{PREFIX}/v1/ideogram-v3", router, error, status=status)
