"""For those who run the server: does it live, is it ready, how much is there to do."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from sfumato.http.desk import Desk
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import error

STATES = ("queued", "paused", "running", "done", "failed", "cancelled", "expired")


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
    def metrics() -> str:
        count = desk.studio.queue.count()
        return lines(
            "sfumato_jobs", "Jobs by state.", {f'state="{state}"': count.get(state, 0) for state in STATES}
        ) + (lines("sfumato_pictures", "Pictures in the library.", {"": desk.studio.library.count()}))

    return routes


def lines(name: str, help: str, values: dict[str, Any]) -> str:
    """One gauge in Prometheus' text form."""
    rows = [f"{name}{{{labels}}} {value}" if labels else f"{name} {value}" for labels, value in values.items()]
    return "\n".join([f"# HELP {name} {help}", f"# TYPE {name} gauge", *rows, ""])


PART = Shape("", router, error, "application/problem+json")
