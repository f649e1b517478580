"""What OpenAI's image calls have in common: the fields of all of them, and how pictures are given back.

Ours, through a client's `extra_body`: seed, steps, guidance, negative_prompt, sampler, schedule, style_name, loras. An
answer holds `warnings`, one line for each wish that was not done quite as asked, and the `seeds`.
"""

import base64
import io
import json
import time
from collections.abc import AsyncIterator
from typing import Any, Literal

from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from sfumato import exports
from sfumato.core.card import Card
from sfumato.core.errors import RequestError
from sfumato.core.job import Job, JobEvent
from sfumato.http.changes import paced
from sfumato.http.desk import Desk, failed
from sfumato.http.hub import Live
from sfumato.http.problems import Problem
from sfumato.http.shapes.native import encoded
from sfumato.library import Entry

DOOR = "openai"
STEPS = {"low": 0.5, "standard": 1, "medium": 1, "high": 1.5, "hd": 1.5, "xhigh": 2, "max": 2.5}
"""Times the model's usual steps, by quality."""

IDLE = {"moderation": "nothing is moderated here"}
TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
USAGE = {"total_tokens": 0, "input_tokens": 0, "output_tokens": 0,
         "input_tokens_details": {"text_tokens": 0, "image_tokens": 0}}  # fmt: skip


class Asked(BaseModel):
    """Theirs first, ours last."""

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

    @property
    def ground(self) -> str | None:
        """As an Order's background."""
        opaque = self.background == "opaque" or (self.format == "jpeg" and self.background is None)
        return "transparent" if self.background == "transparent" else "white" if opaque else None

    def check(self) -> None:
        """RequestError for fields that contradict each other."""
        if self.background == "transparent" and self.format == "jpeg":
            raise RequestError("jpeg has no transparency: use output_format png or webp, or another background")
        if self.output_compression not in {None, 100} and self.format == "png":
            raise RequestError("png has no output_compression: leave it out, or use output_format jpeg or webp")
        if self.partial_images and not self.stream:
            raise RequestError("partial_images come only with stream: set it to true")

    def wishes(self, card: Card) -> dict[str, Any]:
        """The fields of an Order that all calls have; card: of the model that paints."""
        return {
            "prompt": self.prompt, "n": self.n or 1, "seed": self.seed, "steps": self._steps(card),
            "guidance": self.guidance, "negative": self.negative_prompt, "sampler": self.sampler,
            "schedule": self.schedule, "style": self.style_name, "loras": self.loras,
        }  # fmt: skip

    def _steps(self, card: Card) -> int | None:
        return paced(STEPS.get(self.quality or "", 1), card) if self.steps is None else self.steps

    def warnings(self) -> list[str]:
        """One line for each field that changes nothing here."""
        idle = [text for name, text in IDLE.items() if getattr(self, name) not in {None, "auto"}]
        if self.steps and self.quality in STEPS:
            idle.append("quality has no effect beside steps, which say it exactly")
        return idle


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


async def given(desk: Desk, request: Request, job: Job, body: Asked, kind: str) -> Any:
    """The pictures of a job, when they are there or as they come; kind: how its events are called."""
    if body.stream:
        return StreamingResponse(streamed(desk, job, body, kind), media_type="text/event-stream")
    done = failed(await desk.hub.ended(job.id))
    return await run_in_threadpool(answer, desk, request, done, body)


def answer(desk: Desk, request: Request, job: Job, body: Asked) -> Images:
    entries = desk.entries(job)
    return Images(
        created=int(job.created), data=[picture_of(desk, request, entry, body) for entry in entries], usage=USAGE,
        warnings=list(job.warnings), seeds=[entry.recipe.seed for entry in entries], **said(job, body),
    )  # fmt: skip


def picture_of(desk: Desk, request: Request, entry: Entry, body: Asked) -> Picture:
    if body.gives_url:
        return Picture(url=desk.links.to(request, entry.id, body.format, quality_of(body)))
    return Picture(b64_json=base64.b64encode(encoded(desk, entry, body.format, quality_of(body))).decode())


def quality_of(body: Asked) -> int | None:
    return None if body.format == "png" else body.output_compression


def said(job: Job, body: Asked) -> dict[str, str]:
    """What every answer and event says of the pictures."""
    width, height = job.recipes[0].size
    return {"background": body.background or "auto", "output_format": body.format, "size": f"{width}x{height}",
            "quality": body.quality or "auto"}  # fmt: skip


async def streamed(desk: Desk, job: Job, body: Asked, kind: str) -> AsyncIterator[bytes]:
    """Partial pictures as they are painted, then each finished one, then the end."""
    partials = 0
    about = said(job, body)
    async for event in desk.hub.events(job.id, previews=bool(body.partial_images)):
        if isinstance(event, Live) and event.kind == "preview" and partials < (body.partial_images or 0):
            image = await run_in_threadpool(reencoded, event.data["image"], body)
            yield sse(f"{kind}.partial_image", b64_json=image, partial_image_index=partials, **about)
            partials += 1
        elif isinstance(event, JobEvent) and event.kind == "picture":
            entry = await run_in_threadpool(desk.studio.library.entry, event.data["picture"])
            data = await run_in_threadpool(encoded, desk, entry, body.format, quality_of(body))
            yield sse(f"{kind}.completed", b64_json=base64.b64encode(data).decode(), usage=USAGE, **about)
        elif isinstance(event, JobEvent) and event.data.get("state") in {"failed", "cancelled", "expired"}:
            problem = Problem(500, "job-failed", event.data.get("reason") or f"the job was {event.data['state']}")
            yield sse("error", **error(problem))
        elif event is None:
            yield format_sse_event(comment="still here")


def reencoded(preview: str, body: Asked) -> str:
    """A worker's preview in the format that was asked for."""
    with Image.open(io.BytesIO(base64.b64decode(preview)), formats=["WEBP"]) as image:
        return base64.b64encode(exports.encode(image, None, body.format, quality_of(body), "none")).decode()


def sse(kind: str, **data: Any) -> bytes:
    return format_sse_event(event=kind, data_str=json.dumps({"type": kind, "created_at": int(time.time()), **data}))


def error(problem: Problem) -> dict[str, Any]:
    usual = "server_error" if problem.status >= 500 else "invalid_request_error"
    kind = TYPES.get(problem.status, usual)
    code = "invalid_api_key" if problem.status == 401 else problem.kind.replace("-", "_")
    return {"error": {"message": problem.detail, "type": kind, "param": problem.where, "code": code}}


def status(problem: Problem) -> int:
    """Theirs is 400 for whatever is not right in a body."""
    return 400 if problem.status in {415, 422} else problem.status
