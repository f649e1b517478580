"""Teach a model a LoRA from the pictures in the errand's folder. wish: more of a Course."""

from pathlib import Path
from shutil import rmtree

from sfumato.errands import Errand
from sfumato.errands.kinds import Kind, Told
from sfumato.studio import Studio
from sfumato.tuning import Course

PICTURES = "pictures"


def check(studio: Studio, errand: Errand, folder: Path) -> None:
    studio.check_lesson([folder / PICTURES], course(errand))


def run(studio: Studio, errand: Errand, folder: Path, told: Told) -> str:
    trained = studio.train_lora(
        [folder / PICTURES], course(errand), told=lambda step, steps: told(errand.name, step, steps)
    )
    rmtree(folder / PICTURES, ignore_errors=True)  # they are not needed to try again
    skipped = f"; {len(trained.skipped)} could not be used" if trained.skipped else ""
    return f"say {trained.trigger!r} in a prompt; learned from {trained.learned} pictures{skipped}"


def course(errand: Errand) -> Course:
    """What its name and its wish say."""
    return Course(errand.name, **errand.wish)


PART = Kind(check, run)
