"""Our own API: jobs are watched, pictures are found and fetched. What is ordered stands in orders.py.

Errors are RFC 9457 problems, whose `detail` says what to do next.
"""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from sfumato import exports
from sfumato.core.card import Card
from sfumato.core.job import Job, JobEvent, Priority, State
from sfumato.core.ratios import RATIOS
from sfumato.core.recipe import Recipe
from sfumato.engine.painting import Scale
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import schedules
from sfumato.http.desk import Desk, caller_of
from sfumato.http.hub import Live
from sfumato.http.problems import Problem
from sfumato.http.shapes import Shape
from sfumato.http.sought import sought_of
from sfumato.library import Entry, Wanted

PREFIX = "/api/v1"
LASTING = {"Cache-Control": "private, max-age=31536000, immutable"}  # a picture's number is never another picture's

JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
PictureId = Annotated[int, Path(ge=1, lt=2**63)]
Limit = Annotated[int, Query(ge=1, le=1000)]


class PictureBody(BaseModel):
    """A finished picture. job, number: what it was painted for, if a server did. file, thumbnail: paths here."""

    id: int
    job: str | None
    number: int | None
    created: datetime
    width: int
    height: int
    seconds: float
    recipe: Recipe
    tags: list[str]
    rating: int
    trashed: datetime | None
    file: str
    thumbnail: str


class ModelBody(Card):
    """A card. here: in which numbers this machine would have the model, what of it waits, why, and what it takes."""

    here: str


class JobBody(BaseModel):
    """A job as it is now. number, step, steps: the picture that is being painted. Times: seconds since 1970.

    dropped: numbers of the pictures that were taken out of it. place: grows along waiting jobs of one priority.
    """

    id: str
    state: State
    priority: Priority
    recipes: list[Recipe]
    pictures: list[PictureBody]
    dropped: list[int]
    warnings: list[str]
    reason: str | None
    attempts: int
    number: int
    step: int
    steps: int
    created: float
    started: float | None
    ended: float | None
    deadline: float | None
    place: float


class Marks(BaseModel):
    """What a person says of a picture; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    tags: list[str] | None = None
    rating: int | None = Field(default=None, ge=0, le=5)
    trashed: bool | None = None


class Fitting(BaseModel):
    """What goes with a noise scale."""

    samplers: list[str]
    schedules: list[str]


class Choices(BaseModel):
    """The names that an order may use. model: the one used when none is named. models_here: those ready to paint.

    fitting: which samplers and schedules go with models of a noise scale, as their cards name it; a model that paints
    with a sampler or schedule of its own takes no other.
    """

    model: str
    models_here: list[str]
    samplers: list[str]
    schedules: list[str]
    fitting: dict[Scale, Fitting]
    aspect_ratios: list[str]
    formats: list[str]


class ProblemBody(BaseModel):
    """RFC 9457. detail: what is wrong and what to do next. field: the one that is not right, if one is."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None


def error(problem: Problem) -> dict[str, Any]:
    said = {
        "type": f"urn:sfumato:problem:{problem.kind}", "title": problem.kind.replace("-", " "),
        "status": problem.status, "detail": problem.detail,
    }  # fmt: skip
    return said if problem.where is None else {**said, "field": problem.where}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {"schema": ProblemBody.model_json_schema()}}}
    for status, text in {
        400: "The body is not JSON",
        401: "There is no key, or a wrong one",
        403: "Not from there",
        404: "No such thing, or not yours",
        409: "Not in this state",
        413: "Too large",
        415: "No picture, or not sent as one",
        422: "Not possible as asked",
        429: "Too many at a time; Retry-After says when to try again",
        503: "The database is away",
    }.items()
}


def router(desk: Desk) -> APIRouter:
    """See the OpenAPI document; this is one route a verb."""
    routes, studio = APIRouter(tags=["native"], responses=PROBLEMS), desk.studio

    @routes.get("/jobs", summary="Jobs, newest first")
    def jobs(
        request: Request,
        state: Annotated[list[State] | None, Query()] = None,
        before: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$", description="Older than this job.")] = None,
        limit: Limit = 50,
    ) -> list[JobBody]:
        found = studio.queue.find(caller_of(request).sees, states=state or (), before=before, limit=limit)
        return [job_body(desk, job) for job in found]

    @routes.get("/jobs/{job}", summary="One job")
    def get_job(job: JobId, request: Request) -> JobBody:
        return job_body(desk, studio.queue.get(job, caller_of(request).sees))

    @routes.post("/jobs/{job}/cancel", summary="Stop a job, at the next step if it is under way")
    def cancel(job: JobId, request: Request) -> JobBody:
        return job_body(desk, desk.cancel(request, job))

    @routes.post(
        "/jobs/{job}/pictures/{number}/cancel", summary="Take one picture out of a job; the others are painted"
    )
    def drop(job: JobId, number: Annotated[int, Path(ge=0, lt=2**31)], request: Request) -> JobBody:
        return job_body(desk, desk.drop(request, job, number))

    @routes.post("/jobs/{job}/pause", summary="Hold a job back")
    def pause(job: JobId, request: Request) -> JobBody:
        paused = studio.queue.pause(job, caller_of(request).sees)
        desk.hub.look()
        return job_body(desk, paused)

    @routes.post("/jobs/{job}/resume", summary="Let a paused job go on")
    def resume(job: JobId, request: Request) -> JobBody:
        resumed = studio.queue.resume(job, caller_of(request).sees)
        desk.hub.look()
        return job_body(desk, resumed)

    @routes.post("/jobs/{job}/retry", summary="Queue a job again that failed, expired or was cancelled")
    def retry(job: JobId, request: Request) -> JobBody:
        again = studio.queue.retry(job, caller_of(request).sees)
        desk.hub.look()
        return job_body(desk, again)

    @routes.get(
        "/jobs/{job}/events",
        summary="What happens to a job, as server-sent events: state, picture, dropped, log, step, preview",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    )
    async def events(
        job: JobId,
        request: Request,
        previews: Annotated[bool, Query(description="Also pictures of what is under way.")] = False,
        after: Annotated[int, Query(ge=0, lt=2**63, description="As Last-Event-ID.")] = 0,
        last_event_id: Annotated[int | None, Header(ge=0, lt=2**63)] = None,
    ) -> StreamingResponse:
        await run_in_threadpool(studio.queue.get, job, caller_of(request).sees)
        since = after if last_event_id is None else last_event_id
        return StreamingResponse(stream(desk, job, since, previews), media_type="text/event-stream")

    @routes.get("/pictures", summary="Pictures, newest first; /count says how many there are")
    def pictures(
        wanted: Annotated[Wanted, Depends(sought_of(desk))],
        limit: Limit = 50,
        offset: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    ) -> list[PictureBody]:
        return [picture_body(entry) for entry in studio.library.find(limit=limit, offset=offset, **wanted)]

    @routes.get("/pictures/{picture}", summary="One picture")
    def picture(picture: PictureId, request: Request) -> PictureBody:
        return picture_body(studio.library.entry(picture, caller_of(request).sees))

    @routes.patch("/pictures/{picture}", summary="Tag, rate, put into the trash or take out of it")
    def mark(picture: PictureId, body: Marks, request: Request) -> PictureBody:
        return picture_body(studio.library.mark(picture, **body.model_dump(), owner=caller_of(request).sees))

    @routes.get(
        "/pictures/{picture}/file",
        summary="The picture's file; encoded anew for a format, quality or level of metadata that is not the master's",
        response_class=Response,
        responses={200: {"content": {f"image/{kind}": {} for kind in ("png", "jpeg", "webp")}}},
    )
    def file(
        picture: PictureId,
        request: Request,
        format: Annotated[Literal["png", "jpg", "webp"], Query()] = "png",
        quality: Annotated[int | None, Query(ge=0, le=100)] = None,
        metadata: Annotated[Literal["full", "minimal", "none"], Query()] = "full",
    ) -> Response:
        entry = studio.library.entry(picture, caller_of(request).sees)
        return Response(
            encoded(desk, entry, format, quality, metadata), media_type=exports.writers[format].media_type,
            headers={"Content-Disposition": f'inline; filename="sfumato-{entry.id}.{format}"', **LASTING},
        )  # fmt: skip

    @routes.get(
        "/pictures/{picture}/thumbnail",
        summary="WebP, 256 pixels at most",
        response_class=Response,
        responses={200: {"content": {"image/webp": {}}}},
    )
    def thumbnail(picture: PictureId, request: Request) -> Response:
        data = studio.library.thumbnail(picture, caller_of(request).sees)
        return Response(data, media_type="image/webp", headers=LASTING)

    @routes.get("/models", summary="The catalogue")
    def models() -> list[Card]:
        return studio.models()

    @routes.get("/models/{name}", summary="One model's card, and how this machine would have it")
    async def model(name: Annotated[str, Path(pattern="^[a-z0-9][a-z0-9.-]{0,63}$")]) -> ModelBody:
        card = await run_in_threadpool(studio.model, name)
        here = await desk.placements.of(card, await run_in_threadpool(studio.bytes_here, name))
        return ModelBody(**card.model_dump(), here=here)

    @routes.get("/choices", summary="Names that an order may use")
    def choices() -> Choices:
        return Choices(
            model=studio.model().name, models_here=sorted(studio.models_here()),
            samplers=samplers.names(), schedules=schedules.names(),
            fitting={scale: fitting(scale) for scale in get_args(Scale)}, aspect_ratios=list(RATIOS),
            formats=exports.writers.names(),
        )  # fmt: skip

    return routes


def fitting(scale: Scale) -> Fitting:
    return Fitting(
        samplers=[name for name in samplers.names() if samplers[name].refuses(scale) is None],
        schedules=[name for name in schedules.names() if schedules[name].refuses(scale) is None],
    )


def encoded(desk: Desk, entry: Entry, format: str, quality: int | None = None, metadata: str = "full") -> bytes:
    """The picture as a file; the master's own bytes where nothing else was asked."""
    data = desk.studio.library.fetch(entry.id)
    if format == "png" and quality is None and metadata == "full":
        return data
    image, _ = exports.pixels(data)
    return exports.encode(image, entry.recipe, format, quality, metadata)


async def stream(desk: Desk, job: str, after: int, previews: bool) -> AsyncIterator[bytes]:
    async for event in desk.hub.events(job, after, previews):
        if event is None:
            yield format_sse_event(comment="still here")
        elif isinstance(event, JobEvent):
            yield format_sse_event(event=event.kind, id=str(event.seq), data_str=json.dumps(event.data))
        else:
            yield format_sse_event(event=event.kind, data_str=json.dumps(shown_live(event)))


def shown_live(event: Live) -> dict[str, Any]:
    """A preview's picture as a data URL, which a page can show as it is."""
    data = {name: value for name, value in event.data.items() if name not in {"kind", "job"}}
    return {**data, "image": "data:image/webp;base64," + data["image"]} if "image" in data else data


def job_body(desk: Desk, job: Job) -> JobBody:
    return JobBody(
        id=job.id, state=job.state, priority=job.priority, recipes=list(job.recipes),
        pictures=[picture_body(entry) for entry in desk.entries(job)], dropped=list(job.dropped),
        warnings=list(job.warnings), reason=job.reason, attempts=job.attempts, number=job.number, step=job.step,
        steps=job.steps, created=job.created, started=job.started, ended=job.ended, deadline=job.deadline,
        place=job.place,
    )  # fmt: skip


def picture_body(entry: Entry) -> PictureBody:
    job, _, number = (entry.origin or "").partition("/")
    path = f"{PREFIX}/pictures/{entry.id}"
    return PictureBody(
        id=entry.id, job=job or None, number=int(number) if job else None, created=entry.created, width=entry.width,
        height=entry.height, seconds=entry.seconds, recipe=entry.recipe, tags=list(entry.tags), rating=entry.rating,
        trashed=entry.trashed, file=f"{path}/file", thumbnail=f"{path}/thumbnail",
    )  # fmt: skip


PART = Shape(PREFIX, router, error, "application/problem+json")
