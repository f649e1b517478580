"""Readers: how each program writes down what it painted, one program a file.

    def read(texts: Mapping[str, str]) -> Found | None

`texts` are the file's (see exports/tags.py), from a stranger and within limits; None: this program did not write them.
What is read is data: it is not run, not looked up, and what does not map to a field of ours is named in
`Found.unread`. To add a program, add a file with the function and `PART = Reader(...)`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sfumato.core.recipe import Recipe
from sfumato.core.registry import Registry


@dataclass(frozen=True)
class Found:
    """What a picture file says; None: it does not say.

    source: which program's form it is in. recipe: only from our own files. sampler, schedule: in our names.
    loras: each as `name:weight`.
    unread: fields that are there and mean nothing to us. problem: one line, when a form is there but not readable.
    """

    source: str | None = None
    recipe: Recipe | None = None
    prompt: str | None = None
    negative: str | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    sampler: str | None = None
    schedule: str | None = None
    model: str | None = None
    width: int | None = None
    height: int | None = None
    loras: tuple[str, ...] | None = None
    unread: tuple[str, ...] = field(default=())
    problem: str | None = None


@dataclass(frozen=True)
class Reader:
    """rank: where a file holds several forms, the lowest that can be read counts. tags: texts that it understands."""

    rank: int
    tags: frozenset[str]
    read: Callable[[Mapping[str, str]], Found | None]


readers: Registry[Reader] = Registry(__name__, "metadata reader")
