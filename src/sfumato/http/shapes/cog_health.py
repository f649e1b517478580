"""Cog's question whether it can be asked for predictions. It always can: they wait for their turn."""

import platform
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter

from sfumato import __version__
from sfumato.http.desk import Desk
from sfumato.http.shapes import Shape
from sfumato.http.shapes.cog import error


def router(desk: Desk) -> APIRouter:
    """One route; an error where the database is away."""
    routes, since = APIRouter(tags=["Cog"]), datetime.now(UTC).isoformat()

    @routes.get("", summary="READY, if predictions are taken")
    def health_check() -> dict[str, Any]:
        desk.studio.queue.is_paused()
        setup = {"started_at": since, "completed_at": since, "status": "succeeded", "logs": ""}
        return {"status": "READY", "setup": setup, "version": {"cog": __version__, "python": platform.python_version()}}

    return routes


PART = Shape("/health-check", router, error)
