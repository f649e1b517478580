"""A course: what is to be learned and for how long, as one value that every caller gives; and what it may not be."""

from dataclasses import dataclass

from sfumato.core.card import Card, Range
from sfumato.core.errors import RequestError
from sfumato.core.ranges import checked, checked_whole
from sfumato.core.registry import unknown
from sfumato.engine.noise import SEED_LIMIT
from sfumato.tuning.pictures import Kind

KINDS = ["style", "subject"]
STEPS, MINUTES = (1, 100_000), Range(low=0.01, high=24 * 60, default=3)
MOST_RANK = 128


@dataclass(frozen=True)
class Course:
    """How to learn. name: of the LoRA, and the word that prompts say. model: that learns, None: the usual one.

    caption: what pictures show that have no text beside them; None: their file names say it. steps or minutes: when to
    stop; both blank: by the number of pictures. rank: more can hold more. force: learn anew what is there.
    """

    name: str
    kind: Kind = "style"
    caption: str | None = None
    model: str | None = None
    steps: int | None = None
    minutes: float | None = None
    rank: int = 8
    seed: int = 0
    force: bool = False

    @property
    def trigger(self) -> str:
        """What a prompt says to have it."""
        return f"{self.name} style" if self.kind == "style" else self.name


def check(course: Course, card: Card) -> None:
    """RequestError names the first value that cannot be; card: of the model that learns."""
    if card.adaptable is None:
        raise RequestError(f"{card.name} takes no LoRA: choose another --model")
    if course.kind not in KINDS:
        raise unknown("kind of LoRA", course.kind, KINDS)
    if course.steps is not None and course.minutes is not None:
        raise RequestError("give either --steps or --minutes, not both")
    if course.steps is not None:
        checked_whole("steps", course.steps, *STEPS)
    checked("minutes", course.minutes, MINUTES)
    checked_whole("rank", course.rank, 1, MOST_RANK)
    checked_whole("seed", course.seed, 0, SEED_LIMIT - 1)
