"""Fetch a model's weights, or those of a small one. wish: accept, whether the licence was read."""

from pathlib import Path

from sfumato.errands import Errand
from sfumato.errands.kinds import Kind, Told
from sfumato.studio import Studio


def check(studio: Studio, errand: Errand, folder: Path) -> None:
    studio.check_pull(errand.name, accept=bool(errand.wish.get("accept")))


def run(studio: Studio, errand: Errand, folder: Path, told: Told) -> str:
    studio.pull(errand.name, told, accept=bool(errand.wish.get("accept")))
    return f"{errand.name} is here"


PART = Kind(check, run)
