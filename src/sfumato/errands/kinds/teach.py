"""Teach a model a LoRA from the pictures in the errand's folder. wish: as Studio.train_lora's arguments."""

from pathlib import Path
from shutil import rmtree
from typing import Any

from sfumato.errands import Errand
from sfumato.errands.kinds import Kind, Told
from sfumato.studio import Studio

PICTURES = "pictures"


def check(studio: Studio, errand: Errand, folder: Path) -> None:
    studio.check_lesson(**lesson(errand, folder))


def run(studio: Studio, errand: Errand, folder: Path, told: Told) -> str:
    trained = studio.train_lora(**lesson(errand, folder), told=lambda step, steps: told(errand.name, step, steps))
    rmtree(folder / PICTURES, ignore_errors=True)  # they are not needed to try again
    skipped = f"; {len(trained.skipped)} could not be used" if trained.skipped else ""
    return f"say {trained.trigger!r} in a prompt; learned from {trained.learned} pictures{skipped}"


def lesson(errand: Errand, folder: Path) -> dict[str, Any]:
    return {"paths": [folder / PICTURES], "name": errand.name, **errand.wish}


PART = Kind(check, run)
