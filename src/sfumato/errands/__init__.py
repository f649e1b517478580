"""Errands: long work beside painting, as fetching a model or teaching a LoRA; each in a process of its own.

    shelf.py      where they are kept, so that none is lost when the server is killed
    runner.py     runs what waits, one of each kind at a time
    __main__.py   the process of one: `python -m sfumato.errands FOLDER`
    kinds/        what there is to do, one file each

One that was under way when the server ended is begun again: a fetch goes on where it was, a lesson from the start.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

State = Literal["waiting", "running", "done", "failed", "cancelled"]
OPEN: tuple[State, ...] = ("waiting", "running")


class Errand(BaseModel):
    """One errand. kind: see kinds/. name: what it is about, as `sdxl`. wish: more that its kind wants to know.

    reason: why it failed. result: one line on what came of it. created, ended: seconds since 1970. attempts: how often
    it was begun.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str
    name: str
    wish: dict[str, Any] = {}
    state: State = "waiting"
    reason: str | None = None
    result: str | None = None
    created: float
    ended: float | None = None
    attempts: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it waits or is under way."""
        return self.state in OPEN
