"""Bytes coming in, on stderr: a bar on a terminal, a line every few seconds elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY = 2  # seconds
ENDED = float("inf")

Show = Callable[[str, int, int], None]
"""Told what comes, how many bytes are here, and of how many."""


@contextmanager
def transfer() -> Iterator[Show]:
    """Yields what is called while bytes come."""
    with _bar() if sys.stderr.isatty() else _lines() as show:
        yield show


@contextmanager
def _bar() -> Iterator[Show]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = [TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("asking", total=None)
        yield lambda what, done, of: bars.update(bar, description=escape(what), completed=done, total=of)


@contextmanager
def _lines() -> Iterator[Show]:
    said: dict[str, float] = {}

    def show(what: str, done: int, of: int) -> None:
        now = time.monotonic()
        if (now - said.get(what, 0) < EVERY and done < of) or said.get(what) == ENDED:
            return
        said[what] = now if done < of else ENDED
        print(f"{what}: {done / 1e6:.1f} of {of / 1e6:.1f} MB", file=sys.stderr, flush=True)

    yield show
