"""AUTOMATIC1111's extras: pictures enlarged, and what a picture says of how it was made."""

import math
from typing import Any, Literal

from fastapi import APIRouter, Request
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from sfumato import exports
from sfumato.core.errors import RequestError
from sfumato.exports.parameters import written
from sfumato.http.desk import Desk
from sfumato.http.pictures import Reader, base64_of, of_base64
from sfumato.http.problems import of_fields
from sfumato.http.sdapi import PREFIX, error, named
from sfumato.http.shapes import Shape

UPSCALERS: dict[str, str | None] = {"None": None, "Lanczos": "plain", "drawing": "drawing", "photo": "photo"}
THEIRS = {"R-ESRGAN 4x+": "photo", "R-ESRGAN 4x+ Anime6B": "drawing"}
"""Networks of theirs, and ours for the same kind of picture."""

LANCZOS = "plain"
NETWORKS_GROW = 4


class Extras(BaseModel):
    """upscaling_resize: times, with resize_mode 0; with 1, upscaling_resize_w and _h are pixels."""

    model_config = ConfigDict(extra="forbid")

    resize_mode: Literal[0, 1] = 0
    show_extras_results: bool = True
    gfpgan_visibility: float = 0
    codeformer_visibility: float = 0
    codeformer_weight: float = 0
    upscaling_resize: float = Field(default=2, ge=1, le=8)
    upscaling_resize_w: int = Field(default=512, ge=1, le=16_384)
    upscaling_resize_h: int = Field(default=512, ge=1, le=16_384)
    upscaling_crop: bool = True
    upscaler_1: str = "None"
    upscaler_2: str = "None"
    extras_upscaler_2_visibility: float = 0
    upscale_first: bool = False


class OnePicture(Extras):
    """image: base64, perhaps as a data URL."""

    image: str


class Named(BaseModel):
    """data: as above."""

    data: str
    name: str = ""


class ManyPictures(Extras):
    """imageList: pictures that are all treated alike."""

    imageList: list[Named] = Field(max_length=100)


class WithPicture(BaseModel):
    """image: base64, perhaps as a data URL."""

    image: str


def router(desk: Desk) -> APIRouter:
    """extra-single-image, extra-batch-images, png-info, interrogate."""
    routes = APIRouter(tags=["AUTOMATIC1111"])

    @routes.post("/extra-single-image", summary="A picture enlarged")
    async def single(body: OnePicture, request: Request) -> dict[str, Any]:
        data, said = await run_in_threadpool(enlarged, desk, request, body, body.image, "image")
        return {"image": base64_of(data), "html_info": said}

    @routes.post("/extra-batch-images", summary="Pictures enlarged")
    async def batch(body: ManyPictures, request: Request) -> dict[str, Any]:
        images, said = [], ""
        for i, one in enumerate(body.imageList):
            data, said = await run_in_threadpool(enlarged, desk, request, body, one.data, f"imageList.{i}")
            images.append(base64_of(data))
        return {"images": images, "html_info": said}

    @routes.post("/png-info", summary="What a picture says of how it was made")
    def png_info(body: WithPicture) -> dict[str, Any]:
        found = exports.read(of_base64(body.image, "image"))
        if found.recipe is None:
            return {"info": "", "items": {}, "parameters": {}}
        text = written(found.recipe)
        return {"info": text, "items": {"parameters": text}, "parameters": found.recipe.model_dump(mode="json")}

    @routes.post("/interrogate", summary="Words for a picture, which no model here knows")
    def interrogate(body: dict[str, Any]) -> None:
        raise RequestError("no model here describes pictures: write the prompt yourself")

    return routes


def enlarged(desk: Desk, request: Request, body: Extras, text: str, name: str) -> tuple[bytes, str]:
    """A PNG file, and what there is to say of it."""
    for field in ("gfpgan_visibility", "codeformer_visibility"):
        if getattr(body, field):
            raise RequestError(f"{field}: no model here restores faces: leave it at 0")
    if body.upscaler_2 != "None" and body.extras_upscaler_2_visibility:
        raise RequestError("upscaler_2: two enlargements are not mixed here: leave it out")
    image = Reader(desk, request).named(text, name)
    kind = named("upscaler", {**UPSCALERS, **THEIRS}, body.upscaler_1)
    steps = [] if kind is None else steps_of(body, image.size, kind)
    done = desk.finished(image, steps) if steps else image
    instead = THEIRS.get(body.upscaler_1)
    return as_file(done), f"{body.upscaler_1} is done by {instead}" if instead else ""


def steps_of(body: Extras, size: tuple[int, int], kind: str) -> list[str]:
    """Finishing steps: enlarged by whole times, brought to the size, and cropped where that is asked."""
    times = body.upscaling_resize
    if body.resize_mode == 1:
        times = max(body.upscaling_resize_w / size[0], body.upscaling_resize_h / size[1])
    width, height = (max(1, round(side * times)) for side in size)
    steps = [] if kind == LANCZOS else networks(times, kind)
    if (width, height) != size:
        steps.append(f"resize:{width}x{height}")
    if body.resize_mode == 1 and body.upscaling_crop:
        across, down = body.upscaling_resize_w, body.upscaling_resize_h
        width, height = max(width, across), max(height, down)
        steps.append(f"crop:{across}x{down}+{(width - across) // 2}+{(height - down) // 2}")
    return steps


def networks(times: float, kind: str) -> list[str]:
    """Steps that enlarge at least so many times; none for what becomes smaller."""
    steps = []
    while times > 1:
        now = min(max(2, math.ceil(times)), NETWORKS_GROW)
        steps.append(f"upscale:{now}:{kind}")
        times /= now
    return steps


def as_file(image: Image.Image) -> bytes:
    """A picture that somebody else may have made: nothing is said of that."""
    return exports.encode(image, None, "png", None, "none", ai_made=False)


PART = Shape(PREFIX, router, error, status=of_fields)
