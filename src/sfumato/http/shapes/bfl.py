"""Black Forest Labs' own API: https://docs.bfl.ai. A task is asked for, and then asked after until it is ready.

A client of theirs is pointed here by its base URL, `http://HOST/bfl`. Which model of ours paints, and what has no
effect, stands in `details` of the answer. Nothing is moderated, and nothing costs anything.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from sfumato.core.errors import NotFound
from sfumato.core.job import Job, State
from sfumato.http import courier, predictions
from sfumato.http.bfl import BflInput, models
from sfumato.http.courier import Letter, Occasion
from sfumato.http.desk import Desk, caller_of
from sfumato.http.hosted import Hosted
from sfumato.http.links import root_of
from sfumato.http.problems import Problem, of_fields
from sfumato.http.shapes import Shape

DOOR, PREFIX = "bfl", "/bfl/v1"
STATUS: dict[State, str] = {
    "queued": "Pending", "paused": "Pending", "running": "Pending", "done": "Ready", "failed": "Error",
    "cancelled": "Error", "expired": "Error",
}  # fmt: skip
OURS = {"webhook_url", "webhook_secret"}


def router(desk: Desk) -> APIRouter:
    """A route for each model, and the one that is asked for results."""
    routes = APIRouter(tags=["BFL"])
    for model in models:
        routes.add_api_route(
            f"/{model.name}", asking(desk, model), methods=["POST"], name=model.name, summary=f"A task of {model.name}"
        )

    @routes.get("/get_result", summary="How far a task is, and its picture when it is ready")
    def get_result(id: Annotated[str, Query(max_length=100)], request: Request) -> JSONResponse:
        try:
            job = desk.studio.queue.get(id, caller_of(request).sees)
        except NotFound:
            job = None
        if job is None or job.door != DOOR:
            return JSONResponse({"id": id, "status": "Task not found", "result": None, "progress": None,
                                 "details": None, "preview": None}, 404)  # fmt: skip
        return JSONResponse(result(desk, root_of(request), job))

    return routes


def asking(desk: Desk, model: Hosted) -> Callable[..., dict[str, Any]]:
    """The function behind a model's route, whose body is the model's input."""

    def ask(body: BflInput, request: Request) -> dict[str, Any]:
        job = submit(desk, request, model, body)
        width, height = job.recipes[0].size
        polling = f"{root_of(request)}{PREFIX}/get_result?id={job.id}"
        return {"id": job.id, "polling_url": polling, "cost": 0.0, "input_mp": 0.0,
                "output_mp": round(width * height / 1e6, 2)}  # fmt: skip

    ask.__annotations__["body"] = model.Input
    return ask


def submit(desk: Desk, request: Request, model: Hosted, body: BflInput) -> Job:
    """A webhook's secret is kept apart, so that nobody who looks at a job sees it."""
    webhook = courier.webhook(desk.settings, root_of(request), body.webhook_url, ("completed",))
    note = None
    if webhook is not None and body.webhook_secret:
        note = f"bfl-{secrets.token_hex(16)}"
        desk.studio.notes.put(caller_of(request).owner, note, body.webhook_secret)
    input = body.model_dump(mode="json", exclude_unset=True, exclude=OURS)
    return predictions.submit(desk, request, model, input, door=DOOR, asked={"signed": note}, webhook=webhook)


def result(desk: Desk, root: str, job: Job) -> dict[str, Any]:
    """The job, as theirs."""
    recipe, done = job.recipes[0], len(job.made) == len(job.recipes)
    said: dict[str, Any] | None = None
    if job.state == "done":
        sample = desk.links.under(root, job.made[0].picture, job.asked["format"])
        took = {"start_time": job.started, "end_time": job.ended, "duration": (job.ended or 0) - (job.started or 0)}
        said = {"sample": sample, "prompt": recipe.prompt, "seed": recipe.seed, **took}
    reason = None if STATUS[job.state] != "Error" else job.reason or f"it was {job.state}"
    details = {**({"error": reason} if reason else {}), **({"warnings": list(job.warnings)} if job.warnings else {})}
    progress = 1.0 if done else round(job.step / job.steps, 3) if job.state == "running" and job.steps else 0.0
    return {"id": job.id, "status": STATUS[job.state], "result": said, "progress": progress,
            "details": details or None, "preview": None}  # fmt: skip


def letter(desk: Desk, job: Job, occasion: Occasion) -> Letter:
    """What a webhook is told, signed with the secret that came with the task, if one did."""
    said = {**result(desk, occasion.root, job), "timestamp": predictions.when(job.ended)}
    body = json.dumps(said).encode()
    secret = desk.studio.notes.get(job.owner, job.asked["signed"]) if job.asked["signed"] else None
    if secret is None:
        return Letter(body, {})
    return Letter(body, {"X-BFL-Signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()})


def error(problem: Problem) -> dict[str, Any]:
    """A field that is not right is told as a list, anything else as text."""
    if problem.where is None:
        return {"detail": problem.detail}
    return {"detail": [{"loc": ["body", *problem.where.split(".")], "msg": problem.detail, "type": "value_error"}]}


PART = Shape(PREFIX, router, error, status=of_fields, door=DOOR, letter=letter)
