"""Cog's HTTP API, as a container of Replicate's serves it: https://github.com/replicate/cog/blob/main/docs/http.md

Such a container is one model; which one's input is taken, SFUMATO_COG says. Pictures are given as data URLs. Nobody is
told that the server is busy: predictions wait for their turn. Ids are the client's own, and PUT again under one while
it is under way, or a day after, makes no second prediction.
"""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from sfumato.core.errors import NotFound, RequestError
from sfumato.core.job import Job, JobEvent
from sfumato.core.wording import shown
from sfumato.exports import writer_for
from sfumato.http import courier, predictions
from sfumato.http.courier import EVENTS, Letter, Occasion
from sfumato.http.desk import Desk, caller_of
from sfumato.http.hosted import by_name
from sfumato.http.links import root_of
from sfumato.http.pictures import base64_of
from sfumato.http.problems import Problem, of_fields
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import encoded

DOOR, PREFIX = "cog", "/predictions"
ID = "^[A-Za-z0-9._-]{1,128}$"
Id = Annotated[str, Path(pattern=ID)]
Prefer = Annotated[str, Header()]
Accept = Annotated[str, Header()]


class Prediction(BaseModel):
    """The body of a prediction."""

    model_config = ConfigDict(extra="forbid")

    input: dict[str, Any]
    id: str | None = Field(default=None, pattern=ID)
    webhook: str | None = Field(default=None, max_length=2000)
    webhook_events_filter: list[Literal["start", "output", "logs", "completed"]] | None = None
    output_file_prefix: str | None = None


def router(desk: Desk) -> APIRouter:
    """Create, create under an id, cancel."""
    routes = APIRouter(tags=["Cog"])

    async def create(request: Request, body: Prediction, prefer: str, accept: str, key: str | None) -> Response:
        job = await run_in_threadpool(submit, desk, request, body, key)
        if "text/event-stream" in accept:
            return StreamingResponse(streamed(desk, job), media_type="text/event-stream")
        if prefer.strip() == "respond-async":
            return JSONResponse(await run_in_threadpool(prediction, desk, job), 202)
        done = await desk.hub.ended(job.id)
        return JSONResponse(await run_in_threadpool(prediction, desk, done))

    @routes.post("", summary="A prediction; the answer comes when it has ended, unless that is asked for at once")
    async def predict(body: Prediction, request: Request, prefer: Prefer = "", accept: Accept = "") -> Response:
        return await create(request, body, prefer, accept, None)

    @routes.put("/{id}", summary="A prediction under an id of your own; once, however often it is sent")
    async def put(id: Id, body: Prediction, request: Request, prefer: Prefer = "", accept: Accept = "") -> Response:
        if body.id not in {None, id}:
            raise RequestError(f"id: the path says {shown(id)}: say the same, or leave it out")
        return await create(request, body.model_copy(update={"id": id}), prefer, accept, f"cog {id}")

    @routes.post("/{id}/cancel", summary="Stop a prediction that is under way")
    def cancel(id: Id, request: Request) -> dict[str, Any]:
        sees = caller_of(request).sees
        for job in desk.studio.queue.find(sees, states=["queued", "paused", "running"], door=DOOR, limit=1000):
            if id in {job.asked["id"], job.id}:
                desk.cancel(request, job.id)
                return {}
        raise NotFound(f"no prediction {shown(id)} is under way")

    return routes


def submit(desk: Desk, request: Request, body: Prediction, key: str | None) -> Job:
    if body.output_file_prefix is not None:
        raise RequestError("output_file_prefix: outputs are not sent elsewhere: leave it out, they come in the answer")
    if body.webhook is None and body.webhook_events_filter is not None:
        raise RequestError("webhook_events_filter needs a webhook: give both, or neither")
    told = EVENTS if body.webhook_events_filter is None else tuple(body.webhook_events_filter)
    webhook = courier.webhook(desk.settings, root_of(request), body.webhook, told)
    model = by_name(desk.settings.cog)
    return predictions.submit(
        desk, request, model, body.input, door=DOOR, asked={"id": body.id}, webhook=webhook, key=key
    )


def prediction(desk: Desk, job: Job) -> dict[str, Any]:
    """The job, as Cog has it."""
    outputs = [output(desk, job, made.picture) for made in job.made]
    single = by_name(job.asked["model"]).single
    said = predictions.told(job, (outputs[0] if single else outputs) if outputs else None)
    status = "failed" if said["status"] == "aborted" else said["status"]
    return {**said, "id": job.asked["id"] or job.id, "status": status}


def output(desk: Desk, job: Job, picture: int) -> str:
    """A picture as a data URL."""
    format, entry = job.asked["format"], desk.studio.library.entry(picture)
    data = encoded(desk, entry, format, job.asked["quality"])
    return f"data:{writer_for(f'x.{format}').media_type};base64,{base64_of(data)}"


async def streamed(desk: Desk, job: Job) -> AsyncIterator[bytes]:
    """start, output and log as they come, then completed."""
    index = 0
    async for event in desk.hub.events(job.id):
        if event is None:
            yield format_sse_event(comment="still here")
        elif isinstance(event, JobEvent) and event.kind == "picture":
            chunk = await run_in_threadpool(output, desk, job, event.data["picture"])
            yield sse("output", chunk=chunk, index=index)
            index += 1
        elif isinstance(event, JobEvent) and event.kind == "log":
            yield sse("log", source="stderr", data=event.data["text"] + "\n")
        elif isinstance(event, JobEvent) and event.data.get("state") == "running":
            yield sse("start", id=job.asked["id"] or job.id, status="processing")
    done = await run_in_threadpool(desk.studio.queue.get, job.id)
    yield sse("completed", **await run_in_threadpool(prediction, desk, done))


def sse(kind: str, **data: Any) -> bytes:
    return format_sse_event(event=kind, data_str=json.dumps(data))


def letter(desk: Desk, job: Job, occasion: Occasion) -> Letter:
    """What a webhook is told; Cog signs nothing."""
    return Letter(json.dumps(prediction(desk, job)).encode(), {})


def error(problem: Problem) -> dict[str, Any]:
    return {"detail": problem.detail}


PART = Shape(PREFIX, router, error, status=of_fields, door=DOOR, letter=letter)
