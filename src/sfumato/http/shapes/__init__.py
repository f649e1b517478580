"""Shapes: the APIs that the server speaks, one file each.

To add one, add a file with `PART = Shape(prefix, router, error)`, where `router(desk)` gives its routes, and `error`
says in its own form what went wrong. Nothing is registered by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from sfumato.core.job import Job
from sfumato.core.registry import Registry
from sfumato.http.courier import Letter, Occasion
from sfumato.http.desk import Desk
from sfumato.http.problems import Problem


@dataclass(frozen=True)
class Shape:
    """prefix: of all its paths. router: its routes, without the prefix. error: the JSON of a problem.

    status: what a problem's status is in this API, where it is another one. door: as its jobs name it. letter: what a
    webhook of such a job is told, where there are webhooks.
    """

    prefix: str
    router: Callable[[Desk], APIRouter]
    error: Callable[[Problem], Any]
    media_type: str = "application/json"
    status: Callable[[Problem], int] = lambda problem: problem.status
    door: str = ""
    letter: Callable[[Desk, Job, Occasion], Letter] | None = None


shapes: Registry[Shape] = Registry(__name__, "API")
