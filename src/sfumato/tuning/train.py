"""From pictures to a kept LoRA: everything is checked before the learning begins, and kept when it ends."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sfumato import catalog
from sfumato.core.card import Card
from sfumato.core.errors import CannotWrite, OutputExists
from sfumato.core.wording import cause
from sfumato.engine.families import Model, TeachableModel
from sfumato.exports.publish import publish
from sfumato.loras import Loras
from sfumato.tuning.course import Course, check
from sfumato.tuning.lora import Told, learning_needs, require_torch, teach
from sfumato.tuning.pictures import Lesson, Skipped, lessons


@dataclass(frozen=True)
class Trained:
    """A LoRA that was learned and kept. trigger: the words of a prompt that it listens to. learned: how many pictures.

    command: a command line to try it with.
    """

    name: str
    path: Path
    trigger: str
    learned: int
    skipped: list[Skipped]
    seconds: float
    command: str


def train(
    paths: Iterable[str | Path],
    course: Course,
    card: Card,
    model_of: Callable[[str], Model],
    loras: Loras,
    told: Told,
) -> Trained:
    """Learn from pictures and keep the result; nothing is written unless it ends. RequestError before it begins.

    card: of the model that learns. model_of: loads it.
    """
    path, learned, skipped = prepared(paths, course, card, loras)
    require_torch()
    begun = time.monotonic()
    data = teach(cast(TeachableModel, model_of(card.name)), learned, course, told)
    try:
        loras.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"the folder {str(loras.folder)!r} cannot be made ({cause(error)}): see to that") from error
    publish(data, path, force=course.force)
    return Trained(
        course.name, path, course.trigger, len(learned), skipped, time.monotonic() - begun, example(course, card)
    )


def prepared(
    paths: Iterable[str | Path], course: Course, card: Card, loras: Loras
) -> tuple[Path, list[Lesson], list[Skipped]]:
    """Where it will be kept, what is learned from, and what was skipped; RequestError for what cannot be."""
    check(course, card)
    path = loras.path(course.name)
    if path.exists() and not course.force:
        raise OutputExists(
            f"LoRA {course.name!r} is there already: add --force to learn it anew, or choose another --name"
        )
    learning_needs()
    learned, skipped = lessons(paths, card.sizes.best, course.name, course.kind, course.caption)
    return path, learned, skipped


def example(course: Course, card: Card) -> str:
    """A command line that shows what was learned."""
    prompt = f"a red apple, {course.trigger}" if course.kind == "style" else course.trigger
    model = "" if card.name == catalog.DEFAULT else f" --model {card.name}"
    return f'sfumato generate "{prompt}" --lora {course.name}{model}'
