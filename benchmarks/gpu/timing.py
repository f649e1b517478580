"""Time on a device, medians with their spread, a budget of minutes, and a file that is written anew after every row."""

import gc
import json
import platform
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import torch

WARM_UPS = 3


def on_device(work: Callable[[], object], device: torch.device) -> float:
    """Milliseconds of one call: between two events on a GPU's own clock; on a processor, by its."""
    if device.type != "cuda":
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) * 1e3
    begun, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begun.record()
    work()
    ended.record()
    torch.cuda.synchronize()
    return begun.elapsed_time(ended)


def by_the_clock(work: Callable[[], object], device: torch.device) -> float:
    """Milliseconds of one call, with all that a person waits for."""
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) * 1e3


def middle(runs: list[float]) -> dict[str, float | int]:
    return {"median": median(runs), "least": min(runs), "most": max(runs), "runs": len(runs)} if runs else {}


class Record:
    """What was found, kept in a file from the first row on; a row that fails says why, and the others go on."""

    def __init__(self, file: Path, minutes: float, about: Mapping[str, Any]):
        self._file, self._end = file, time.monotonic() + 60 * minutes
        self.said: dict[str, Any] = {
            "command": " ".join(sys.argv), "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "torch": torch.__version__, "python": platform.python_version(), **about, "rows": {}, "failed": {},
        }  # fmt: skip
        file.parent.mkdir(parents=True, exist_ok=True)

    @property
    def seconds_left(self) -> float:
        return self._end - time.monotonic()

    def row(self, name: str, **found: Any) -> None:
        """Add to a row, write the file, and print what is new."""
        self.said["rows"].setdefault(name, {}).update(found)
        self.write()
        print(f"[{self.seconds_left:4.0f} s left] {name}: {_short(found)}", flush=True)

    def write(self) -> None:
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self.said, indent=1, default=str))
        part.replace(self._file)

    def guarded(self, name: str, work: Callable[[], Any], seconds: float = 0) -> Any:
        """What the work gives; None if it fails, or if fewer than `seconds` are left for it."""
        if self.seconds_left < seconds:
            self._failed(name, f"left out: it wants {seconds:.0f} s")
            return None
        try:
            return work()
        except Exception as error:
            traceback.print_exc(limit=-6)
            self._failed(name, f"{type(error).__name__}: {' '.join(str(error).split())[:400]}")
        free()  # what a failed work held, once its error is gone
        return None

    def _failed(self, name: str, why: str) -> None:
        self.said["failed"][name] = why
        self.write()
        print(f"{name}: {why}", flush=True)

    def rounds(
        self, what: str, works: Mapping[str, Callable[[], object]], times: int, timer: Callable[..., float],
        device: torch.device, seconds: float,
    ) -> None:  # fmt: skip
        """Time each work once a round, in the order A B B A, until `times` rounds are done or `seconds` are over.

        One that fails is not asked again.
        """
        end = time.monotonic() + min(seconds, self.seconds_left)
        runs: dict[str, list[float]] = {name: [] for name in works}
        for i in range(times):
            for name in list(runs) if i % 2 == 0 else list(runs)[::-1]:
                if time.monotonic() > end:
                    break
                took = self.guarded(f"{name}, {what}", lambda name=name: timer(works[name], device))
                if took is None:
                    del runs[name]
                else:
                    runs[name].append(took)
        for name, took in runs.items():
            if took:
                self.row(name, **{what: middle(took)})


def free() -> None:
    """Give the card's memory back that nobody holds."""
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()


def _short(found: Mapping[str, Any]) -> str:
    def one(value: Any) -> str:
        if isinstance(value, Mapping) and "median" in value:
            return f"{value['median']:.2f} ({value['least']:.2f} to {value['most']:.2f}, {value['runs']})"
        return f"{value:.4g}" if isinstance(value, float) else str(value)

    return "; ".join(f"{name} {one(value)}" for name, value in found.items())
