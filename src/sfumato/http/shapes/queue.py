"""The queue as a whole: what is in it, whether it goes on, and in which order it is painted."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from sfumato.core.job import State
from sfumato.http.desk import Desk, caller_of, keeper
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import PREFIX, PROBLEMS, JobBody, JobId, error, job_body
from sfumato.jobs.order import move


class Place(BaseModel):
    """Which waiting job it goes before; null: none, it is the last of those that are as urgent."""

    model_config = ConfigDict(extra="forbid")

    before: str | None = Field(pattern="^[0-9a-f]{32}$")


class QueueBody(BaseModel):
    """paused: whether nothing new is begun. count: all users' jobs by state; of those that occur."""

    paused: bool
    count: dict[State, int]


class Pause(BaseModel):
    """Whether nothing new is to be begun; what is under way goes on."""

    model_config = ConfigDict(extra="forbid")

    paused: bool


def router(desk: Desk) -> APIRouter:
    """See the OpenAPI document."""
    routes, queue = APIRouter(tags=["native"], responses=PROBLEMS), desk.studio.queue

    def body() -> QueueBody:
        return QueueBody.model_validate({"paused": queue.is_paused(), "count": queue.count()})

    @routes.get("/queue", summary="How many jobs there are, and whether the queue is paused")
    def state() -> QueueBody:
        return body()

    @routes.patch("/queue", summary="Let nothing new be begun, or let it again")
    def pause(wish: Pause, request: Request) -> QueueBody:
        keeper(request)
        queue.pause_all(wish.paused)
        desk.hub.look()
        return body()

    @routes.post("/jobs/{job}/move", summary="Let a waiting job be painted before another of the same user")
    def move_job(job: JobId, wish: Place, request: Request) -> JobBody:
        moved = move(queue, job, wish.before, caller_of(request).sees)
        desk.hub.look()
        return job_body(desk, moved)

    return routes


PART = Shape(PREFIX, router, error, "application/problem+json")
