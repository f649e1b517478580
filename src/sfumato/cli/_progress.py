"""What goes to stderr: remarks, and progress as a bar on a terminal, as plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Show(Protocol):
    """Told at every step: which picture (or other thing) of how many, what it is, and how far it is."""

    def __call__(self, number: int, of: int, what: str, step: int, steps: int) -> None: ...


def say(text: str) -> None:
    """A remark to the person, one line."""
    print(f"sfumato: {text}", file=sys.stderr, flush=True)


@contextmanager
def progress() -> Iterator[Show]:
    """Yields what is called with each step."""
    with _bar() if sys.stderr.isatty() else _lines() as show:
        yield show


@contextmanager
def _bar() -> Iterator[Show]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps"),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("loading", total=None)

        def show(number: int, of: int, what: str, step: int, steps: int) -> None:
            done = (number - 1) * steps + step
            bars.update(bar, description=f"{number}/{of} {escape(short(what))}", completed=done, total=of * steps)

        yield show


@contextmanager
def _lines() -> Iterator[Show]:
    started = time.monotonic()
    said = -1.0

    def show(number: int, of: int, what: str, step: int, steps: int) -> None:
        nonlocal said
        now = time.monotonic()
        if step < steps and now - said < 2:  # a line every two seconds, and one for each finished picture
            return
        said = now
        done, whole = (number - 1) * steps + step, of * steps
        left = (now - started) / done * (whole - done)
        print(f"{number}/{of} {short(what)!r}: step {step} of {steps}, {left:.0f} s left", file=sys.stderr, flush=True)

    yield show


def short(what: str) -> str:
    """One line of at most 40 characters."""
    return " ".join(what.split())[:40]
