"""OpenAI's Images API: https://platform.openai.com/docs/api-reference/images

Beyond it, through a client's `extra_body`: seed, steps, guidance, negative_prompt, sampler, schedule, style_name, and
loras. An answer holds `warnings`, one line for each wish that was not done quite as asked, and the `seeds`. The
official client sends a request again when an answer is slow to come, and says so in a header: such a second one joins
the job of the first.
"""

import base64
import io
import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from sfumato import exports
from sfumato.core.errors import NotFound, RequestError
from sfumato.core.job import Job, JobEvent
from sfumato.core.order import Order
from sfumato.core.wording import shown
from sfumato.http.desk import Desk, failed
from sfumato.http.hub import Live
from sfumato.http.problems import Problem
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import encoded
from sfumato.library import Entry

DOOR = "openai"
IDLE = {  # fields of theirs that change nothing here, and what to do instead
    "quality": "quality has no effect: say how many steps, in extra_body",
    "style": "style has no effect: say it in the prompt, or give style_name in extra_body",
    "moderation": "nothing is moderated here",
}


class Generation(BaseModel):
    """The body of /images/generations; our own fields last."""

    model_config = ConfigDict(extra="forbid")

    prompt: str = Field(max_length=32_000)
    model: str | None = None
    n: int | None = Field(default=None, ge=1, le=10)
    quality: Literal["standard", "hd", "low", "medium", "high", "xhigh", "max", "auto"] | None = None
    response_format: Literal["url", "b64_json"] | None = None
    output_format: Literal["png", "jpeg", "webp"] | None = None
    output_compression: int | None = Field(default=None, ge=0, le=100)
    stream: bool | None = None
    partial_images: int | None = Field(default=None, ge=0, le=3)
    size: str | None = Field(default=None, pattern=r"^(auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})$")
    moderation: Literal["low", "auto"] | None = None
    background: Literal["transparent", "opaque", "auto"] | None = None
    style: Literal["vivid", "natural"] | None = None
    user: str | None = Field(default=None, max_length=512)
    safety_identifier: str | None = Field(default=None, max_length=512)
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    negative_prompt: str | None = None
    sampler: str | None = None
    schedule: str | None = None
    style_name: str | None = None
    loras: tuple[str, ...] = ()

    @property
    def format(self) -> str:
        return self.output_format or "png"

    @property
    def gives_url(self) -> bool:
        """GPT's image models give the picture itself, DALL-E a link, unless it is said."""
        return (self.response_format or ("url" if (self.model or "").startswith("dall-e") else "b64_json")) == "url"


class Picture(BaseModel):
    """One picture: itself, or a link."""

    b64_json: str | None = None
    url: str | None = None
    revised_prompt: str | None = None


class Images(BaseModel):
    """The answer. usage: nothing is counted in tokens here."""

    created: int
    data: list[Picture]
    background: str
    output_format: str
    size: str
    quality: str
    usage: dict[str, Any]
    warnings: list[str]
    seeds: list[int]


USAGE = {"total_tokens": 0, "input_tokens": 0, "output_tokens": 0,
         "input_tokens_details": {"text_tokens": 0, "image_tokens": 0}}  # fmt: skip


def router(desk: Desk) -> APIRouter:
    """images/generations and models."""
    routes = APIRouter(tags=["OpenAI"])

    @routes.post("/images/generations", summary="Pictures of a prompt", response_model=Images)
    async def generate(
        body: Generation,
        request: Request,
        x_stainless_retry_count: Annotated[int, Header()] = 0,
        idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
    ) -> Any:
        order, warnings = await run_in_threadpool(order_of, desk, body)
        job = await run_in_threadpool(
            desk.submit,
            request,
            order,
            door=DOOR,
            asked=body.model_dump(mode="json", exclude_none=True),
            key=idempotency_key,
            warnings=tuple(warnings),
            again=x_stainless_retry_count > 0,
        )
        if body.stream:
            return StreamingResponse(streamed(desk, job, body), media_type="text/event-stream")
        done = failed(await desk.hub.ended(job.id))
        return await run_in_threadpool(answer, desk, request, done, body)

    @routes.get("/models", summary="Models that can paint")
    def models() -> dict[str, Any]:
        return {"object": "list", "data": [model_of(name) for name in names()]}

    @routes.get("/models/{name}", summary="One model")
    def model(name: str) -> dict[str, Any]:
        if name not in names():
            raise NotFound(f"no model {shown(name)} here; /v1/models lists them")
        return model_of(name)

    def names() -> list[str]:
        return [*(card.name for card in desk.studio.models()), *desk.settings.aliases]

    return routes


def order_of(desk: Desk, body: Generation) -> tuple[Order, list[str]]:
    """The order that a body asks for, and warnings."""
    if body.background == "transparent" and body.format == "jpeg":
        raise RequestError("jpeg has no transparency: use output_format png or webp, or another background")
    if body.output_compression not in {None, 100} and body.format == "png":
        raise RequestError("png has no output_compression: leave it out, or use output_format jpeg or webp")
    if body.partial_images and not body.stream:
        raise RequestError("partial_images come only with stream: set it to true")
    model, warnings = desk.studio.stand_in(body.model)
    fields: dict[str, Any] = {}
    if body.size not in {None, "auto"}:
        width, _, height = str(body.size).partition("x")
        fields, told = desk.studio.fitted((int(width), int(height)), model)
        warnings = warnings + told
    opaque = body.background == "opaque" or (body.format == "jpeg" and body.background is None)
    order = Order(
        prompt=body.prompt, model=model, n=body.n or 1, seed=body.seed, steps=body.steps, guidance=body.guidance,
        negative=body.negative_prompt, sampler=body.sampler, schedule=body.schedule, style=body.style_name,
        background="white" if opaque else None, loras=body.loras, **fields,
    )  # fmt: skip
    idle = [text for name, text in IDLE.items() if getattr(body, name) not in {None, "auto"}]
    return order, warnings + idle


def answer(desk: Desk, request: Request, job: Job, body: Generation) -> Images:
    entries = desk.entries(job)
    return Images(
        created=int(job.created), data=[picture_of(desk, request, entry, body) for entry in entries], usage=USAGE,
        warnings=list(job.warnings), seeds=[recipe.seed for recipe in job.recipes], **said(job, body),
    )  # fmt: skip


def picture_of(desk: Desk, request: Request, entry: Entry, body: Generation) -> Picture:
    if body.gives_url:
        return Picture(url=desk.links.to(request, entry.id, body.format, quality_of(body)))
    return Picture(b64_json=base64.b64encode(encoded(desk, entry, body.format, quality_of(body))).decode())


def quality_of(body: Generation) -> int | None:
    return None if body.format == "png" else body.output_compression


def said(job: Job, body: Generation) -> dict[str, str]:
    """What every answer and event says of the pictures."""
    width, height = job.recipes[0].size
    return {"background": body.background or "auto", "output_format": body.format, "size": f"{width}x{height}",
            "quality": body.quality or "auto"}  # fmt: skip


async def streamed(desk: Desk, job: Job, body: Generation) -> AsyncIterator[bytes]:
    """Partial pictures as they are painted, then each finished one, then the end."""
    partials = 0
    about = said(job, body)
    async for event in desk.hub.events(job.id, previews=bool(body.partial_images)):
        if isinstance(event, Live) and event.kind == "preview" and partials < (body.partial_images or 0):
            image = await run_in_threadpool(reencoded, event.data["image"], body)
            yield sse("image_generation.partial_image", b64_json=image, partial_image_index=partials, **about)
            partials += 1
        elif isinstance(event, JobEvent) and event.kind == "picture":
            entry = await run_in_threadpool(desk.studio.library.entry, event.data["picture"])
            data = await run_in_threadpool(encoded, desk, entry, body.format, quality_of(body))
            yield sse("image_generation.completed", b64_json=base64.b64encode(data).decode(), usage=USAGE, **about)
        elif isinstance(event, JobEvent) and event.data.get("state") in {"failed", "cancelled", "expired"}:
            problem = Problem(500, "job-failed", event.data.get("reason") or f"the job was {event.data['state']}")
            yield sse("error", **error(problem))
        elif event is None:
            yield format_sse_event(comment="still here")


def reencoded(preview: str, body: Generation) -> str:
    """A worker's preview in the format that was asked for."""
    with Image.open(io.BytesIO(base64.b64decode(preview)), formats=["WEBP"]) as image:
        return base64.b64encode(exports.encode(image, None, body.format, quality_of(body), "none")).decode()


def sse(kind: str, **data: Any) -> bytes:
    return format_sse_event(event=kind, data_str=json.dumps({"type": kind, "created_at": int(time.time()), **data}))


def model_of(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "sfumato"}


TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def error(problem: Problem) -> dict[str, Any]:
    usual = "server_error" if problem.status >= 500 else "invalid_request_error"
    kind = TYPES.get(problem.status, usual)
    code = "invalid_api_key" if problem.status == 401 else problem.kind.replace("-", "_")
    return {"error": {"message": problem.detail, "type": kind, "param": problem.where, "code": code}}


PART = Shape("/v1", router, error, status=lambda problem: 400 if problem.status == 422 else problem.status)
