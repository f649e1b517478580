"""What this machine can run: looked up, not guessed, and with the command that mends what is missing."""

import os
import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from sfumato import catalog

LEAST_SPACE = 200 * 2**20  # bytes; some thousands of Pocket's pictures


@dataclass(frozen=True)
class Finding:
    """One thing looked at. state: good, optional (missing, but only some things need it), or bad (painting fails)."""

    what: str
    found: str
    state: Literal["good", "optional", "bad"]
    mend: str = ""


def examine(home: Path) -> list[Finding]:
    """Everything that decides what can be painted here; home: where the library is kept."""
    return [_python(), _processor(), _memory(), _runtime(), _pocket(), _learning(), _device(), *_library(home)]


def _python() -> Finding:
    return Finding("Python", platform.python_version(), "good")


def _processor() -> Finding:
    return Finding(
        "processor",
        f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores",
        "good",
    )


def _memory() -> Finding:
    try:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return Finding("memory", "not known on this system", "optional")
    enough = pages >= 2 * 2**30
    return Finding(
        "memory",
        f"{pages / 2**30:.1f} GB",
        "good" if enough else "optional",
        "" if enough else "Pocket wants 1 GB free",
    )


def _runtime() -> Finding:
    try:
        return Finding("ONNX Runtime", version("onnxruntime"), "good")
    except PackageNotFoundError:
        return Finding("ONNX Runtime", "missing", "bad", "pip install onnxruntime")


def _pocket() -> Finding:
    """Loads Pocket and paints one step with it: nothing less shows that it works."""
    from sfumato.core.order import Order
    from sfumato.planning import plan
    from sfumato.wiring import Parts
    from sfumato.worker.run import Failed, run

    try:
        parts = Parts()
        order = Order(prompt="a red apple", seed=0, steps=1, width=64, height=64)
        for event in run(plan(order, catalog.card()).recipes, parts.model, parts.save):
            if isinstance(event, Failed) and event.error:
                raise event.error
    except Exception as error:  # whatever is wrong with an installation is what is looked for here
        return Finding("Pocket", str(error), "bad", "pip install --force-reinstall sfumato")
    return Finding("Pocket", f"paints as {catalog.card().title} {catalog.card().weights}", "good")


def _learning() -> Finding:
    missing = [name for name in ("torch", "diffusers", "peft") if find_spec(name) is None]
    if missing:
        return Finding("learning LoRA", f"without {', '.join(missing)}", "optional", "pip install 'sfumato[torch]'")
    return Finding("learning LoRA", "torch is there", "good")


def _device() -> Finding:
    """Where the real models would compute."""
    if any(find_spec(name) is None for name in ("torch", "diffusers")):
        return Finding("real models", "without torch", "optional", "pip install 'sfumato[torch]'")
    from sfumato.engine.families._diffusers.machine import machine

    on = machine()
    return Finding(
        "real models", f"{str(on.dtype).removeprefix('torch.')} on {on.name}, {on.memory / 1e9:.0f} GB", "good"
    )


def _library(home: Path) -> list[Finding]:
    place = home
    while not os.path.lexists(place):
        place = place.parent
    free = shutil.disk_usage(place).free
    writable = place.is_dir() and os.access(place, os.W_OK)
    mend = "" if writable else f"make {place} writable, or set SFUMATO_HOME to a folder that is"
    return [
        Finding("library", str(home), "good" if writable else "optional", mend),
        Finding("disk space", f"{free / 2**30:.1f} GB free", "good" if free > LEAST_SPACE else "optional",
                "" if free > LEAST_SPACE else f"make room on the disk of {place}"),
    ]  # fmt: skip
