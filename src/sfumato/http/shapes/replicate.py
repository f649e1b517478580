"""Replicate's predictions API: https://replicate.com/docs/reference/http

A client of theirs is pointed here by its base URL. The models are those of `http/hosted/`; which of ours paints is said
in the prediction's logs, with everything that has no effect. Models stand in replicate_models.py, files in
replicate_files.py. Nothing is removed after an hour.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from sfumato.core.errors import NotFound, RequestError
from sfumato.core.job import Job, JobEvent
from sfumato.core.wording import shown
from sfumato.http import courier, predictions
from sfumato.http.courier import Letter, Occasion
from sfumato.http.desk import Desk, caller_of
from sfumato.http.hosted import Hosted, by_name, by_version, version_id
from sfumato.http.links import root_of
from sfumato.http.problems import Problem
from sfumato.http.shapes import Shape

DOOR, PREFIX = "replicate", "/replicate/v1"
PAGE = 100
ROUNDED = 5e-7  # seconds by which a time that we told may be later than the one that we hold
USUALLY_TOLD = ("output", "completed")
SECRET = "webhook-secret"

Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Owner = Annotated[str, Path(max_length=100)]


class Prediction(BaseModel):
    """The body of a new prediction. version: owner/name, owner/name:id or the id of a version."""

    model_config = ConfigDict(extra="forbid")

    input: dict[str, Any]
    version: str | None = Field(default=None, max_length=300)
    webhook: str | None = Field(default=None, max_length=2000)
    webhook_events_filter: list[Literal["start", "output", "logs", "completed"]] | None = None
    stream: bool | None = None  # every prediction has its stream


def router(desk: Desk) -> APIRouter:
    """Predictions, the account, and the secret that webhooks are signed with."""
    routes = APIRouter(tags=["Replicate"])

    async def create(
        request: Request,
        response: Response,
        model: Hosted,
        body: Prediction,
        prefer: str,
        cancel_after: str | None,
        warnings: list[str],
    ) -> dict[str, Any]:
        seconds = waiting(prefer)
        job = await run_in_threadpool(submit, desk, request, model, body, cancel_after, warnings)
        if seconds:
            job = await desk.hub.ended(job.id, seconds)
        response.status_code = 201 if job.is_ended or not seconds else 202
        return await run_in_threadpool(prediction, desk, root_of(request), job)

    @routes.post("/predictions", status_code=201, summary="A new prediction of a version")
    async def predict(
        body: Prediction,
        request: Request,
        response: Response,
        prefer: Annotated[str, Header()] = "",
        cancel_after: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        model, warnings = version_of(body.version)
        return await create(request, response, model, body, prefer, cancel_after, warnings)

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
        if body.version is not None:
            raise RequestError("version: the path names the model: leave it out")
        return await create(request, response, by_name(f"{owner}/{name}"), body, prefer, cancel_after, [])

    @routes.get("/predictions", summary="Predictions, newest first")
    def predictions_list(
        request: Request,
        cursor: Annotated[str | None, Query(pattern="^(before|after)-[0-9a-f]{32}$")] = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        source: Literal["web", "api"] | None = None,
    ) -> dict[str, Any]:
        way, _, id = (cursor or "").partition("-")
        given = {"created_after": created_after, "created_before": created_before, "source": source}
        asked = {name: str(value) for name, value in given.items() if value is not None}
        found = [] if source == "web" else desk.studio.queue.find(
            caller_of(request).sees, door=DOOR, limit=PAGE + 1, before=id if way == "before" else None,
            after=id if way == "after" else None, since=created_after and created_after.timestamp() - ROUNDED,
            until=created_before and created_before.timestamp() - ROUNDED,
        )  # fmt: skip
        more = len(found) > PAGE
        page = found[1:] if more and way == "after" else found[:PAGE]

        def link(way: str, job: Job) -> str:
            return f"{root_of(request)}{PREFIX}/predictions?{urlencode({'cursor': f'{way}-{job.id}', **asked})}"

        return {
            "previous": link("after", page[0]) if page and (way == "before" or (way == "after" and more)) else None,
            "next": link("before", page[-1]) if page and (way == "after" or more) else None,
            "results": [prediction(desk, root_of(request), job) for job in page],
        }

    @routes.get("/predictions/{id}", summary="One prediction")
    def get(id: Id, request: Request) -> dict[str, Any]:
        return prediction(desk, root_of(request), mine(desk, request, id))

    @routes.post("/predictions/{id}/cancel", summary="Stop a prediction")
    def cancel(id: Id, request: Request) -> dict[str, Any]:
        mine(desk, request, id)
        return prediction(desk, root_of(request), desk.cancel(request, id))

    @routes.get("/predictions/{id}/stream", summary="Outputs and logs as they come", response_class=StreamingResponse)
    async def stream(
        id: Id, request: Request, last_event_id: Annotated[int, Header(ge=0, lt=2**63)] = 0
    ) -> StreamingResponse:
        job = await run_in_threadpool(mine, desk, request, id)
        return StreamingResponse(streamed(desk, root_of(request), job, last_event_id), media_type="text/event-stream")

    @routes.get("/webhooks/default/secret", summary="What your webhooks are signed with")
    def secret(request: Request) -> dict[str, str]:
        return {"key": secret_of(desk, caller_of(request).owner)}

    @routes.get("/account", summary="Who asks")
    def account(request: Request) -> dict[str, Any]:
        return {"type": "user", "username": caller_of(request).owner or "local", "name": "", "github_url": None}

    return routes


def submit(
    desk: Desk, request: Request, model: Hosted, body: Prediction, cancel_after: str | None, warnings: list[str]
) -> Job:
    if body.webhook is None and body.webhook_events_filter is not None:
        raise RequestError("webhook_events_filter needs a webhook: give both, or neither")
    told = USUALLY_TOLD if body.webhook_events_filter is None else tuple(body.webhook_events_filter)
    webhook = courier.webhook(desk.settings, root_of(request), body.webhook, told)
    return predictions.submit(
        desk, request, model, body.input, door=DOOR, cancel_after=cancel_after, webhook=webhook, warnings=warnings
    )


def waiting(prefer: str) -> int:
    """Seconds that an answer is waited for; 0: not at all."""
    found = re.fullmatch(r"wait(?:=([1-9]|[1-5][0-9]|60))?", prefer.strip())
    if found is None:
        if prefer.strip().startswith("wait"):
            raise RequestError("Prefer: wait takes 1 to 60 seconds, as wait=30")
        return 0
    return int(found[1] or 60)


def mine(desk: Desk, request: Request, id: str) -> Job:
    job = desk.studio.queue.get(id, caller_of(request).sees)
    if job.door != DOOR:
        raise NotFound(f"no prediction {shown(id)}")
    return job


def prediction(desk: Desk, root: str, job: Job) -> dict[str, Any]:
    """The job, as Replicate has it; root: this server's address."""
    model = by_name(job.asked["model"])
    here = f"{root}{PREFIX}/predictions/{job.id}"
    links = [link_to(desk, root, job, made.picture) for made in job.made]
    return {
        **predictions.told(job, (links[0] if model.single else links) if links else None),
        "model": model.name, "version": version_id(model), "data_removed": False, "source": "api",
        "urls": {"get": here, "cancel": f"{here}/cancel", "stream": f"{here}/stream"},
    }  # fmt: skip


def link_to(desk: Desk, root: str, job: Job, picture: int) -> str:
    return desk.links.under(root, picture, job.asked["format"], job.asked["quality"])


async def streamed(desk: Desk, root: str, job: Job, after: int) -> AsyncIterator[bytes]:
    async for event in desk.hub.events(job.id, after):
        if event is None:
            yield format_sse_event(comment="still here")
        elif isinstance(event, JobEvent):
            id = str(event.seq)
            if event.kind == "picture":
                link = link_to(desk, root, job, event.data["picture"])
                yield format_sse_event(event="output", id=id, data_str=link)
            elif event.kind == "log":
                yield format_sse_event(event="logs", id=id, data_str=event.data["text"])
            elif event.kind == "state" and event.data["state"] == "failed":
                yield format_sse_event(event="error", id=id, data_str=json.dumps({"detail": event.data["reason"]}))
    reason = {"done": {}, "cancelled": {"reason": "canceled"}}
    state = (await run_in_threadpool(desk.studio.queue.get, job.id)).state
    yield format_sse_event(event="done", id="end", data_str=json.dumps(reason.get(state, {"reason": "error"})))


def version_of(text: str | None) -> tuple[Hosted, list[str]]:
    """The model of owner/name, owner/name:id, or a version's id alone; and a warning where that version is not here."""
    name, _, id = (text or "").partition(":")
    if "/" not in name:
        return by_version(name), []
    model = by_name(name)
    if id in {"", version_id(model)} or id.startswith(model.versions):
        return model, []
    return model, [f"version {shown(id, 12)} of {name} is not here: its input is read as {version_id(model)[:8]}'s"]


def letter(desk: Desk, job: Job, occasion: Occasion) -> Letter:
    """What a webhook is told, signed as https://replicate.com/docs/topics/webhooks/verify-webhook says."""
    body = json.dumps(prediction(desk, occasion.root, job)).encode()
    moment = str(int(time.time()))
    key = base64.b64decode(secret_of(desk, job.owner).removeprefix("whsec_"))
    said = f"{occasion.id}.{moment}.".encode() + body
    sign = base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
    return Letter(body, {"webhook-id": occasion.id, "webhook-timestamp": moment, "webhook-signature": f"v1,{sign}"})


def secret_of(desk: Desk, owner: str) -> str:
    """The same for a user ever after."""
    return desk.studio.notes.made(owner, SECRET, lambda: "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode())


def error(problem: Problem) -> dict[str, Any]:
    return {"title": problem.kind.replace("-", " "), "detail": problem.detail, "status": problem.status}


PART = Shape(PREFIX, router, error, door=DOOR, letter=letter)
