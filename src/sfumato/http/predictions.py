"""Predictions, as Replicate and Cog have them: from a hosted model's input to a job, and from a job to their JSON."""

import re
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from pydantic import ValidationError

from sfumato.core.errors import RequestError
from sfumato.core.job import Job, State
from sfumato.core.order import Order
from sfumato.core.wording import shown
from sfumato.http.changes import Change, changed, ground_steps, paced
from sfumato.http.desk import Desk
from sfumato.http.hosted import Hosted, Wish
from sfumato.http.links import root_of
from sfumato.http.pictures import Reader
from sfumato.jobs.webhooks import Webhook

STATUS: dict[State, str] = {
    "queued": "starting", "paused": "starting", "running": "processing", "done": "succeeded", "failed": "failed",
    "cancelled": "canceled", "expired": "aborted",
}  # fmt: skip
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def submit(
    desk: Desk,
    request: Request,
    model: Hosted,
    input: dict[str, Any],
    *,
    door: str,
    asked: dict[str, Any] | None = None,
    cancel_after: str | None = None,
    webhook: Webhook | None = None,
    key: str | None = None,
    warnings: list[str] | None = None,
) -> Job:
    """The order that an input means, queued. asked: more to keep of the request. warnings: of the request's own."""
    deadline = None if cancel_after is None else duration(cancel_after)
    try:
        given = model.Input(**input)
    except (ValidationError, TypeError) as error:
        raise RequestError(said_of(error)) from error
    wish = model.wish(given)
    order, told = ordered(desk, request, model.name, wish)
    asked = {
        "model": model.name,
        "input": told_again(desk, request, input),
        "format": wish.format,
        "quality": wish.quality,
        **(asked or {}),
    }
    return desk.submit(
        request, order, door=door, asked=asked, warnings=(*(warnings or []), *told), deadline=deadline,
        webhook=webhook, key=key,
    )  # fmt: skip


def ordered(desk: Desk, request: Request, name: str, wish: Wish) -> tuple[Order, list[str]]:
    """The order of a hosted model's wish, its pictures kept, and warnings. name: the hosted model's."""
    model, told = desk.studio.stand_in(name)
    told = [*told, *wish.warnings]
    fields = {"model": model, **wish.fields}
    if wish.pace is not None and fields.get("steps") is None:
        fields["steps"] = paced(wish.pace, desk.studio.model(model))
    ground = "white" if wish.format in {"jpg", "jpeg"} else None
    if wish.image is not None:
        reader = Reader(desk, request)
        image = reader.named(wish.image, "image")
        mask = None if wish.mask is None else reader.named(wish.mask, "mask")
        if fields.get("guidance") is not None:
            fields["guidance"], remarks = desk.studio.fitted_guidance(fields["guidance"], model)
            told = told + remarks
        fields["then"] = (*fields.get("then", ()), *ground_steps(ground, image))
        change = Change(image, mask, wish.polarity, wish.strength, wish.size, wish.stretched, wish.around)
        order, remarks = changed(desk, change, fields)
        return order, told + remarks
    if wish.size is not None:
        fitted, remarks = desk.studio.fitted(wish.size, model, fields.get("guidance"))
        fields, told = fields | fitted, told + remarks
    return Order(**{"background": ground, **fields}), told


def said_of(error: ValidationError | TypeError) -> str:
    """The first thing that is wrong with an input, as Replicate says it."""
    if isinstance(error, TypeError):
        return "input: its fields are named by text"
    first = error.errors()[0]
    return f"input.{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"


def duration(text: str) -> float:
    """Seconds of `90`, `90s`, `1m`, `1h30m`."""
    parts = re.findall(r"(\d{1,6})([smh]?)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text or not any(int(n) for n, _ in parts):
        raise RequestError(f"Cancel-After {shown(text)} is no duration: write it as 90s, 5m or 1h30m")
    return float(sum(int(number) * UNITS[unit] for number, unit in parts))


def told(job: Job, output: Any) -> dict[str, Any]:
    """What Replicate and Cog both say of a prediction."""
    took = {} if job.ended is None or job.started is None else {"predict_time": round(job.ended - job.started, 3)}
    return {
        "id": job.id, "input": job.asked["input"], "output": output, "logs": logs(job), "status": STATUS[job.state],
        "error": job.reason if job.state in {"failed", "expired"} else None, "created_at": when(job.created),
        "started_at": when(job.started), "completed_at": when(job.ended), "metrics": took,
    }  # fmt: skip


def logs(job: Job) -> str:
    """Warnings, the seed, and how far it is, in the form that Replicate's client reads progress from."""
    lines = [*job.warnings, f"Using seed: {job.recipes[0].seed}"]
    if job.state == "running" and job.step:
        lines.append(
            f"{100 * job.step // job.steps:3d}%|{'#' * (10 * job.step // job.steps):10}| {job.step}/{job.steps}"
        )
    return "\n".join(lines) + "\n"


def when(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def told_again(desk: Desk, request: Request, input: dict[str, Any]) -> dict[str, Any]:
    """The input as predictions show it: pictures that came in it are kept, and named by their URL here."""

    def shorter(name: str, value: Any) -> Any:
        if not isinstance(value, str) or not value.startswith("data:"):
            return value
        digest = desk.studio.hold(Reader(desk, request).named(value, name))
        return f"{root_of(request)}/api/v1/inputs/{digest}/file"

    return {name: shorter(name, value) for name, value in input.items()}
