"""A job: an accepted order on its way. It always ends, done, failed with a reason, cancelled, or expired."""

from dataclasses import dataclass
from typing import Any, Literal

from sfumato.core.recipe import Recipe

State = Literal["queued", "paused", "running", "done", "failed", "cancelled", "expired"]
"""expired: nobody had begun it by the moment it was to be done."""

ENDED: frozenset[State] = frozenset({"done", "failed", "cancelled", "expired"})

Priority = Literal["interactive", "normal", "bulk"]

PRIORITIES: tuple[Priority, ...] = ("interactive", "normal", "bulk")
"""The most urgent first."""


@dataclass(frozen=True)
class Made:
    """A finished picture of a job. number: from 0, its place in the order. picture: its id in the library."""

    number: int
    picture: int
    seconds: float


@dataclass(frozen=True)
class Job:
    """Times are seconds since 1970. door: who took the order; asked: what it was told, as it was told.

    made: the pictures that are finished, also of a job that failed. dropped: numbers of those that were taken out and
    are not painted. number, step, steps: how far the picture is that is being painted. attempts: how often it was begun
    since its last finished picture. worker: who paints it. place: grows along a user's waiting jobs of one
    priority; when it was ordered, unless it was moved.
    """

    id: str
    owner: str
    state: State
    priority: Priority
    door: str
    asked: dict[str, Any]
    recipes: tuple[Recipe, ...]
    made: tuple[Made, ...]
    dropped: tuple[int, ...]
    warnings: tuple[str, ...]
    attempts: int
    reason: str | None
    worker: str | None
    number: int
    step: int
    steps: int
    created: float
    started: float | None
    ended: float | None
    deadline: float | None
    place: float

    @property
    def is_ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True)
class JobEvent:
    """Something that happened to a job, kept. seq: grows with every event of a job.

    kind: `state` (data: state, reason), `picture` (number, picture), `dropped` (number), `moved`, `log` (text).
    """

    seq: int
    job: str
    at: float
    kind: Literal["state", "picture", "dropped", "moved", "log"]
    data: dict[str, Any]
