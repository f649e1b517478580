"""Shapes: the APIs that the server speaks, one file each.

To add one, add a file with `PART = Shape(prefix, router, error)`, where `router(desk)` gives its routes, and `error`
says in its own form what went wrong. Nothing is registered by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from sfumato.core.registry import Registry
from sfumato.http.desk import Desk
from sfumato.http.problems import Problem


@dataclass(frozen=True)
class Shape:
    """prefix: of all its paths. router: its routes, without the prefix. error: the JSON of a problem.

    status: what a problem's status is in this API, where it is another one.
    """

    prefix: str
    router: Callable[[Desk], APIRouter]
    error: Callable[[Problem], Any]
    media_type: str = "application/json"
    status: Callable[[Problem], int] = lambda problem: problem.status


shapes: Registry[Shape] = Registry(__name__, "API")
