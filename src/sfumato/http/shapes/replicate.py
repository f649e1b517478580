"""Replicate's predictions API: https://replicate.com/docs/reference/http

A client of theirs is pointed here by its base URL. The models are those of `http/hosted/`; which of ours paints is said
in the prediction's logs, with everything that has no effect. Webhooks are refused, for none are sent.
"""

import hashlib
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.concurrency import run_in_threadpool

from sfumato.core.errors import NotFound, RequestError
from sfumato.core.job import Job, JobEvent, State
from sfumato.core.order import Order
from sfumato.core.wording import shown
from sfumato.http.desk import Desk, caller_of
from sfumato.http.hosted import Hosted, by_name, hosted
from sfumato.http.problems import Problem
from sfumato.http.shapes import Shape

DOOR, PREFIX = "replicate", "/replicate/v1"
PAGE = 100
STATUS: dict[State, str] = {
    "queued": "starting", "paused": "starting", "running": "processing", "done": "succeeded", "failed": "failed",
    "cancelled": "canceled", "expired": "aborted",
}  # fmt: skip
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}

Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Owner = Annotated[str, Path(max_length=100)]


class Prediction(BaseModel):
    """The body of a new prediction. version: owner/name, or the id of a version."""

    model_config = ConfigDict(extra="forbid")

    input: dict[str, Any]
    version: str | None = None
    webhook: str | None = None
    webhook_events_filter: list[str] | None = None
    stream: bool | None = None


def router(desk: Desk) -> APIRouter:
    """Predictions and models."""
    routes = APIRouter(tags=["Replicate"])

    async def create(
        request: Request, response: Response, model: Hosted, body: Prediction, prefer: str, cancel_after: str | None
    ) -> dict[str, Any]:
        if body.webhook is not None:
            raise RequestError("webhooks are not sent here: leave webhook out, and ask or stream instead")
        seconds = waiting(prefer)
        job = await run_in_threadpool(submit, desk, request, model, body, cancel_after)
        if seconds:
            job = await desk.hub.ended(job.id, seconds)
        response.status_code = 201 if job.is_ended or not seconds else 202
        return await run_in_threadpool(prediction, desk, request, job)

    @routes.post("/predictions", status_code=201, summary="A new prediction of a version")
    async def predict(
        body: Prediction,
        request: Request,
        response: Response,
        prefer: Annotated[str, Header()] = "",
        cancel_after: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        return await create(request, response, version_of(body.version), body, prefer, cancel_after)

    @routes.post("/models/{owner}/{name}/predictions", status_code=201, summary="A new prediction of a model")
    async def predict_with(
        owner: Owner,
        name: Owner,
        body: Prediction,
        request: Request,
        response: Response,
        prefer: Annotated[str, Header()] = "",
        cancel_after: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        return await create(request, response, model_of(owner, name), body, prefer, cancel_after)

    @routes.get("/predictions", summary="Predictions, newest first")
    def predictions(
        request: Request, cursor: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$")] = None
    ) -> dict[str, Any]:
        found = desk.studio.queue.find(caller_of(request).sees, door=DOOR, before=cursor, limit=PAGE + 1)
        more = f"{base(request)}/predictions?cursor={found[PAGE - 1].id}" if len(found) > PAGE else None
        return {"previous": None, "next": more, "results": [prediction(desk, request, job) for job in found[:PAGE]]}

    @routes.get("/predictions/{id}", summary="One prediction")
    def get(id: Id, request: Request) -> dict[str, Any]:
        return prediction(desk, request, mine(desk, request, id))

    @routes.post("/predictions/{id}/cancel", summary="Stop a prediction")
    def cancel(id: Id, request: Request) -> dict[str, Any]:
        mine(desk, request, id)
        return prediction(desk, request, desk.cancel(request, id))

    @routes.get("/predictions/{id}/stream", summary="Outputs and logs as they come", response_class=StreamingResponse)
    async def stream(id: Id, request: Request) -> StreamingResponse:
        job = await run_in_threadpool(mine, desk, request, id)
        return StreamingResponse(streamed(desk, request, job), media_type="text/event-stream")

    @routes.get("/models", summary="Models that can be asked for")
    def models(request: Request) -> dict[str, Any]:
        return {"previous": None, "next": None, "results": [described(request, one) for one in hosted]}

    @routes.get("/models/{owner}/{name}", summary="One model")
    def model(owner: Owner, name: Owner, request: Request) -> dict[str, Any]:
        return described(request, model_of(owner, name))

    @routes.get("/models/{owner}/{name}/versions", summary="A model's versions: one")
    def versions(owner: Owner, name: Owner) -> dict[str, Any]:
        return {"previous": None, "next": None, "results": [version(model_of(owner, name))]}

    @routes.get("/models/{owner}/{name}/versions/{id}", summary="A version")
    def one_version(owner: Owner, name: Owner, id: Owner) -> dict[str, Any]:
        if version_id(found := model_of(owner, name)) != id:
            raise NotFound(f"no version {shown(id)} of {found.name} here: it has one, {version_id(found)}")
        return version(found)

    @routes.get("/account", summary="Who asks")
    def account(request: Request) -> dict[str, Any]:
        return {"type": "user", "username": caller_of(request).owner or "local", "name": "", "github_url": None}

    return routes


def submit(desk: Desk, request: Request, model: Hosted, body: Prediction, cancel_after: str | None) -> Job:
    """The order that an input means, queued."""
    try:
        given = model.Input(**body.input)
    except (ValidationError, TypeError) as error:
        raise RequestError(said_of(error)) from error
    wish = model.wish(given)
    name, warnings = desk.studio.stand_in(model.name)
    warnings = [*warnings, *wish.warnings]
    fields = dict(wish.fields)
    if wish.size is not None:
        fitted, told = desk.studio.fitted(wish.size, name, fields.get("guidance"))
        fields, warnings = fields | fitted, warnings + told
    background = "white" if wish.format == "jpg" else None
    asked = {"model": model.name, "input": body.input, "format": wish.format, "quality": wish.quality}
    return desk.submit(
        request, Order(model=name, background=background, **fields), door=DOOR, asked=asked, warnings=tuple(warnings),
        deadline=None if cancel_after is None else duration(cancel_after),
    )  # fmt: skip


def said_of(error: ValidationError | TypeError) -> str:
    """The first thing that is wrong with an input, as Replicate says it."""
    if isinstance(error, TypeError):
        return "input: its fields are named by text"
    first = error.errors()[0]
    return f"input.{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"


def waiting(prefer: str) -> int:
    """Seconds that an answer is waited for; 0: not at all."""
    found = re.fullmatch(r"wait(?:=([1-9]|[1-5][0-9]|60))?", prefer.strip())
    if found is None:
        if prefer.strip().startswith("wait"):
            raise RequestError("Prefer: wait takes 1 to 60 seconds, as wait=30")
        return 0
    return int(found[1] or 60)


def duration(text: str) -> float:
    """Seconds of `90`, `90s`, `1m`, `1h30m`."""
    parts = re.findall(r"(\d{1,6})([smh]?)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text or not any(int(n) for n, _ in parts):
        raise RequestError(f"Cancel-After {shown(text)} is no duration: write it as 90s, 5m or 1h30m")
    return float(sum(int(number) * UNITS[unit] for number, unit in parts))


def mine(desk: Desk, request: Request, id: str) -> Job:
    job = desk.studio.queue.get(id, caller_of(request).sees)
    if job.door != DOOR:
        raise NotFound(f"no prediction {shown(id)}")
    return job


def prediction(desk: Desk, request: Request, job: Job) -> dict[str, Any]:
    """The job, as Replicate has it."""
    model = by_name(job.asked["model"])
    assert model is not None
    here = f"{base(request)}/predictions/{job.id}"
    took = {} if job.ended is None or job.started is None else {"predict_time": round(job.ended - job.started, 3)}
    return {
        "id": job.id, "model": model.name, "version": version_id(model), "input": job.asked["input"],
        "output": output(desk, request, job, model), "logs": logs(job), "status": STATUS[job.state],
        "error": job.reason if job.state in {"failed", "expired"} else None, "created_at": when(job.created),
        "started_at": when(job.started), "completed_at": when(job.ended), "data_removed": False, "source": "api",
        "metrics": took, "urls": {"get": here, "cancel": f"{here}/cancel", "stream": f"{here}/stream"},
    }  # fmt: skip


def output(desk: Desk, request: Request, job: Job, model: Hosted) -> Any:
    links = [desk.links.to(request, made.picture, job.asked["format"], job.asked["quality"]) for made in job.made]
    if not links:
        return None
    return links[0] if model.single else links


def logs(job: Job) -> str:
    """Warnings, the seed, and how far it is, in the form that Replicate's client reads progress from."""
    lines = [*job.warnings, f"Using seed: {job.recipes[0].seed}"]
    if job.state == "running" and job.step:
        lines.append(
            f"{100 * job.step // job.steps:3d}%|{'#' * (10 * job.step // job.steps):10}| {job.step}/{job.steps}"
        )
    return "\n".join(lines) + "\n"


async def streamed(desk: Desk, request: Request, job: Job) -> AsyncIterator[bytes]:
    async for event in desk.hub.events(job.id):
        if event is None:
            yield format_sse_event(comment="still here")
        elif isinstance(event, JobEvent):
            id = str(event.seq)
            if event.kind == "picture":
                link = desk.links.to(request, event.data["picture"], job.asked["format"], job.asked["quality"])
                yield format_sse_event(event="output", id=id, data_str=link)
            elif event.kind == "log":
                yield format_sse_event(event="logs", id=id, data_str=event.data["text"])
            elif event.data["state"] == "failed":
                yield format_sse_event(event="error", id=id, data_str=json.dumps({"detail": event.data["reason"]}))
    reason = {"done": {}, "cancelled": {"reason": "canceled"}}
    state = (await run_in_threadpool(desk.studio.queue.get, job.id)).state
    yield format_sse_event(event="done", id="end", data_str=json.dumps(reason.get(state, {"reason": "error"})))


def model_of(owner: str, name: str) -> Hosted:
    if (found := by_name(f"{owner}/{name}")) is None:
        raise NotFound(f"no model {shown(f'{owner}/{name}')} here; there are {', '.join(one.name for one in hosted)}")
    return found


def version_of(text: str | None) -> Hosted:
    """By owner/name, owner/name:id, or a version's id alone."""
    name, _, id = (text or "").partition(":")
    for one in hosted:
        if (one.name == name and id in {"", version_id(one)}) or version_id(one) == text:
            return one
    raise RequestError(f"no version {shown(text)} here: give owner/name of one of {PREFIX}/models")


def version_id(model: Hosted) -> str:
    """64 hexadecimal digits that change when the model's input does."""
    return hashlib.sha256(json.dumps([model.name, model.Input.model_json_schema()]).encode()).hexdigest()


def version(model: Hosted) -> dict[str, Any]:
    uri = {"type": "string", "format": "uri"}
    schemas = {
        "Input": model.Input.model_json_schema(),
        "Output": uri if model.single else {"type": "array", "items": uri},
    }
    return {
        "id": version_id(model), "created_at": when(0), "cog_version": "0.0.0",
        "openapi_schema": {"openapi": "3.1.0", "info": {"title": model.name, "version": "1"}, "paths": {},
                           "components": {"schemas": schemas}},
    }  # fmt: skip


def described(request: Request, model: Hosted) -> dict[str, Any]:
    owner, _, name = model.name.partition("/")
    return {
        "url": f"{base(request)}/models/{model.name}", "owner": owner, "name": name,
        "description": f"What asks for {model.name} is painted here.", "visibility": "public", "github_url": None,
        "paper_url": None, "license_url": None, "run_count": 0, "cover_image_url": None, "default_example": None,
        "latest_version": version(model),
    }  # fmt: skip


def base(request: Request) -> str:
    return str(request.base_url).rstrip("/") + PREFIX


def when(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def error(problem: Problem) -> dict[str, Any]:
    return {"title": problem.kind.replace("-", " "), "detail": problem.detail, "status": problem.status}


PART = Shape(PREFIX, router, error)
