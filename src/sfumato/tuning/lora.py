"""Learning a LoRA: how long, how fast, of what; and the file that comes of it. The mathematics is in _matching.py."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from sfumato.core.card import Card
from sfumato.core.errors import MissingPackage
from sfumato.engine.families import TeachableModel, Text
from sfumato.tuning.course import Course
from sfumato.tuning.pictures import Kind, Lesson

if TYPE_CHECKING:
    from torch import Tensor

WARM_UP, DECAY = 0.05, 0.5  # shares of the way in which the rate rises and falls
MOST_THREADS = 4  # more do not help matrices this small

THINGS = (
    "a cat", "red apple", "house", "tree", "smiling face", "car", "castle", "flower", "fish", "cup", "woman", "pizza",
    "bird", "boat", "star", "key",
)  # fmt: skip

Told = Callable[[int, int], None]
"""Told at every step: how many are done, and of how many, as far as that is known."""


NEEDS = ("torch", "diffusers", "peft", "safetensors")


def learning_needs() -> None:
    """MissingPackage if what learning needs is not installed; imports none of it."""
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        raise MissingPackage(f"learning needs torch (without {', '.join(missing)}): pip install 'sfumato[torch]'")


def require_torch() -> None:
    """MissingPackage if what learning needs cannot be imported."""
    try:
        for name in NEEDS:
            import_module(name)
    except ImportError as error:
        raise MissingPackage(f"learning needs torch ({error}): pip install 'sfumato[torch]'") from error


def teach(model: TeachableModel, lessons: Sequence[Lesson], course: Course, told: Told) -> bytes:
    """Learn from pictures; returns a safetensors file. The same course on the same machine gives the same file."""
    import torch

    from sfumato.tuning._matching import learn

    latents, texts = as_read(model, lessons, course.kind)
    others = [model.read(prompt) for prompt in other_prompts(model.card)]
    threads = torch.get_num_threads()
    torch.set_num_threads(min(MOST_THREADS, threads))
    try:
        with torch.random.fork_rng():
            torch.manual_seed(course.seed)
            learned = learn(
                model.student(), torch.from_numpy(latents), texts, others, model.read(""),
                rank=course.rank, seed=course.seed,
                steps=None if course.minutes else course.steps or usual_steps(len(latents)),
                way=way(course, len(latents), told), rate=rate,
            )  # fmt: skip
    finally:
        torch.set_num_threads(threads)
    return written(learned, model, course, len(lessons))


def as_read(model: TeachableModel, lessons: Sequence[Lesson], kind: Kind) -> tuple[np.ndarray, list[Text]]:
    """Latents (n, *shape) and texts; of a style, mirrored copies too: a subject may have a parting on one side."""
    pixels, texts = [one.pixels for one in lessons], [model.read(one.caption) for one in lessons]
    if kind == "style":
        pixels, texts = pixels + [np.fliplr(one) for one in pixels], texts * 2
    return np.stack([model.encode(np.ascontiguousarray(one)) for one in pixels]), texts


def other_prompts(card: Card) -> list[str]:
    """What the model is to paint as before: everyday things, plain and in its own styles, and nothing in particular."""
    styles = list(card.styles.names) if card.styles else [None]
    in_style = [card.styled(thing, styles[i % len(styles)]) for i, thing in enumerate(THINGS)]
    return [*THINGS, *in_style, *[""] * (len(THINGS) // 2)]


def rate(done: float) -> float:
    """The share of the full rate at a point of the way, 0 to 1."""
    return min(1, (done + 0.01) / WARM_UP, (1 - done) / DECAY)


def way(course: Course, pictures: int, told: Told) -> Iterator[float]:
    """How far one is, 0 to 1, once for each step."""
    started, step, done = time.monotonic(), 0, 0.0
    steps = course.steps or usual_steps(pictures)
    while done < 1:
        yield done
        step += 1
        if course.minutes is None:
            done = step / steps
        else:
            done = (time.monotonic() - started) / 60 / course.minutes
            steps = max(step, round(step / done))
        told(step, steps)


def usual_steps(pictures: int) -> int:
    """Each is seen some eighty times, mirrored ones counted; few pictures more often, many less."""
    return min(max(5 * pictures, 300), 1500)


def written(learned: "dict[str, Tensor]", model: TeachableModel, course: Course, pictures: int) -> bytes:
    """As diffusers and peft name it, in fp16; alpha is the rank. The metadata says what it is and is for."""
    from safetensors.torch import save

    assert model.card.adaptable is not None
    about = {
        "format": "pt",
        "base_model": model.card.name,
        "base_sha256": model.card.digest_of(model.card.adaptable),
        "trigger": course.trigger,
        "pictures": str(pictures),
        "seed": str(course.seed),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": "Sfumato",
    }
    return save({f"transformer.{name}": part.half().contiguous() for name, part in learned.items()}, about)
