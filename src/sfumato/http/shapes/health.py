"""For those who run the server: does it live, is it ready, how much is there to do."""

from collections.abc import Iterable
from typing import get_args

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from sfumato.core.job import State
from sfumato.http.desk import Desk
from sfumato.http.metrics import Seen
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import error

TEXT = "text/plain; version=0.0.4; charset=utf-8"


def router(desk: Desk) -> APIRouter:
    """Without a key: /health and /ready say nothing of what is painted."""
    routes = APIRouter(tags=["health"])

    @routes.get("/health", summary="The server lives")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/ready", summary="The server can take orders: its database answers")
    def ready() -> dict[str, str]:
        desk.studio.queue.is_paused()
        return {"status": "ready"}

    @routes.get("/metrics", summary="For Prometheus", response_class=PlainTextResponse)
    def metrics() -> Response:
        return Response(desk.metrics.text(lambda: seen(desk)), media_type=TEXT)

    return routes


def seen(desk: Desk) -> Iterable[Seen]:
    """What is looked up when somebody asks."""
    queue, crew = desk.studio.queue, desk.crew
    count = queue.count()
    yield Seen("sfumato_jobs", "Jobs by state.", {one: count.get(one, 0) for one in get_args(State)}, "state")
    yield Seen("sfumato_queue_paused", "Whether nothing new is begun.", {"": queue.is_paused()})
    yield Seen("sfumato_oldest_waiting_seconds", "How long the oldest waiting job waits.", {"": queue.longest_wait()})
    yield Seen("sfumato_pictures", "Pictures in the library.", {"": desk.studio.library.count()})
    yield Seen("sfumato_event_readers", "Connections that read events.", {"": desk.hub.readers})
    if crew is not None:
        yield Seen("sfumato_workers", "Workers of this server that run.", {"": crew.alive})
        yield Seen("sfumato_worker_restarts", "Workers that were begun again.", {"": crew.restarts}, "", "counter")


PART = Shape("", router, error, "application/problem+json")
