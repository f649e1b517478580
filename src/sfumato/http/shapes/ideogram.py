"""Ideogram's own API: https://developer.ideogram.ai. A client is pointed here by its base URL, `http://HOST/ideogram`.

A call waits until its pictures are there; their links hold for an hour. `warnings` in the answer is ours: one line for
each wish that was not done quite as asked. Nothing is moderated, so every picture counts as safe.
"""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from sfumato.core.errors import RequestError
from sfumato.core.job import Job
from sfumato.http import predictions
from sfumato.http.desk import Desk, failed
from sfumato.http.forms import FILE, checked, form_body, read_form, the_file
from sfumato.http.hosted import Wish
from sfumato.http.ideogram import Edit, Generate, ImageRequest, Reframe, edited, generated, name_of, reframed, remixed
from sfumato.http.problems import Problem
from sfumato.http.shapes import Shape

DOOR, PREFIX = "ideogram", "/ideogram"
REMIX = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": {
    "type": "object", "required": ["image_request", "image_file"],
    "properties": {"image_request": ImageRequest.model_json_schema(), "image_file": FILE},
}}}}}  # fmt: skip


class Picture(BaseModel):
    """url: holds for an hour."""

    url: str
    prompt: str
    resolution: str
    upscaled_resolution: str | None = None
    is_image_safe: bool = True
    seed: int
    style_type: str | None = None


class Pictures(BaseModel):
    """The answer."""

    created: str
    data: list[Picture]
    warnings: list[str]


def router(desk: Desk) -> APIRouter:
    """/generate, /edit, /remix, /reframe."""
    routes = APIRouter(tags=["Ideogram"])

    @routes.post("/generate", summary="Pictures of a prompt")
    async def generate(body: Generate, request: Request) -> Pictures:
        asked = body.image_request
        if asked.image_weight is not None:
            raise RequestError("image_weight is for /remix, which begins with a picture: leave it out")
        return await painted(desk, request, name_of(asked.model), generated(asked), asked)

    @routes.post(
        "/edit", summary="A picture painted anew where its mask is black",
        openapi_extra=form_body(Edit, {"image_file": True, "mask": True}),
    )  # fmt: skip
    async def edit(request: Request) -> Pictures:
        texts, files = await read_form(request, {"image_file", "mask"})
        asked = checked(Edit, texts)
        wish = edited(asked, the_file(files, "image_file"), the_file(files, "mask"))
        return await painted(desk, request, name_of(asked.model), wish, asked)

    @routes.post("/remix", summary="A picture painted anew, as much as its weight leaves", openapi_extra=REMIX)
    async def remix(request: Request) -> Pictures:
        texts, files = await read_form(request, {"image_file"})
        asked = image_request(texts)
        return await painted(desk, request, name_of(asked.model), remixed(asked, the_file(files, "image_file")), asked)

    @routes.post(
        "/reframe", summary="More painted around a picture", openapi_extra=form_body(Reframe, {"image_file": True})
    )
    async def reframe(request: Request) -> Pictures:
        texts, files = await read_form(request, {"image_file"})
        asked = checked(Reframe, texts)
        return await painted(desk, request, name_of(asked.model), reframed(asked, the_file(files, "image_file")), asked)

    return routes


def image_request(texts: dict[str, Any]) -> ImageRequest:
    """The JSON in a form's field."""
    said = texts.pop("image_request", None)
    if said is None or texts:
        raise RequestError("the form holds image_request, JSON as in /generate, and image_file; nothing else")
    try:
        return ImageRequest.model_validate_json(said)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = ".".join(["image_request", *map(str, first["loc"])])
        raise RequestError(f"{name}: {first['msg'].lower()}") from wrong


async def painted(desk: Desk, request: Request, name: str, wish: Wish, asked: BaseModel) -> Pictures:
    """The pictures of a wish. name: of the hosted model."""
    job = await run_in_threadpool(submit, desk, request, name, wish, asked)
    done = failed(await desk.hub.ended(job.id))
    return await run_in_threadpool(answer, desk, request, done, getattr(asked, "style_type", None))


def submit(desk: Desk, request: Request, name: str, wish: Wish, asked: BaseModel) -> Job:
    order, warnings = predictions.ordered(desk, request, name, wish)
    said = {**asked.model_dump(mode="json", exclude_unset=True), "start": order.start, "mask": order.mask}
    return desk.submit(request, order, door=DOOR, asked=said, warnings=tuple(warnings))


def answer(desk: Desk, request: Request, job: Job, style: str | None) -> Pictures:
    data = [
        Picture(
            url=desk.links.to(request, entry.id, "png"), prompt=entry.recipe.prompt, seed=entry.recipe.seed,
            resolution=f"{entry.width}x{entry.height}", style_type=style,
        )
        for entry in desk.entries(job)
    ]  # fmt: skip
    return Pictures(created=str(predictions.when(job.created)), data=data, warnings=list(job.warnings))


def error(problem: Problem) -> dict[str, Any]:
    return {"error": problem.detail}


def status(problem: Problem) -> int:
    """Their 422 is for prompts that are not safe."""
    return 400 if problem.status in {415, 422} else problem.status


PART = Shape(PREFIX, router, error, status=status, door=DOOR)
