"""The server and its workers as they are, but for some places at which they now and then kill themselves.

    python stage.py nursery SOCKET       forks servers and workers, as forks.py says

CRASH_ODDS: one pass in so many is the last. CRASH_SEED: of the dice. CRASH_LOOK: seconds a step. The model is a
shipped fake: what is tried here is what happens around a step, not the step.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import forks

# what a child would import by itself, done once
import sfumato.cli.serve
import sfumato.cli.worker
import sfumato.http.serve
import sfumato.worker.piped
import sfumato.worker.run  # noqa: F401
from sfumato.cli import main
from sfumato.engine.painting import Latent, Row
from sfumato.http.shapes import shapes
from sfumato.jobs.claims import Claims
from sfumato.jobs.queue import Queue
from sfumato.testing import GaussianModel
from sfumato.wiring import Parts
from sfumato.worker import supervisor


def deadly(holder: type, name: str, dice: random.Random, odds: int) -> None:
    """Before and after a method, the process may be killed, as by the system."""
    whole: Callable[..., Any] = getattr(holder, name)

    def perhaps(when: str) -> None:
        if dice.randrange(odds) == 0:
            sys.stderr.write(f'{{"failpoint": "{when} {holder.__name__}.{name}"}}\n')  # at once, as the log's lines are
            sys.stderr.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    def method(*arguments: Any, **options: Any) -> Any:
        perhaps("before")
        result = whole(*arguments, **options)
        perhaps("after")
        return result

    setattr(holder, name, method)


class Slow(GaussianModel):
    """A step takes a while, so that a kill may hit it."""

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        time.sleep(float(os.environ["CRASH_LOOK"]))
        return super().look(rows)


def live() -> None:
    """As `sfumato`, with the arguments that were asked for."""
    del sys.argv[1:4]  # python -m sfumato
    odds = int(os.environ["CRASH_ODDS"])
    dice = random.Random(f"{os.environ['CRASH_SEED']} {os.environ[forks.LIFE]}")
    Parts.model = lambda self, name: Slow(self.card(name))  # type: ignore[method-assign]
    if sys.argv[1] == "serve":
        deadly(Queue, "submit", dice, odds)
        supervisor.WELL = 0.0  # or after a few kills in a row each next worker would be waited for, longer and longer
        supervisor.subprocess = SimpleNamespace(Popen=forks.Remote, PIPE=subprocess.PIPE)  # type: ignore[assignment]
    else:
        deadly(Parts, "keep", dice, odds)
        for verb in ("publish", "end", "give_back", "warn"):
            deadly(Claims, verb, dice, odds)
    main()


if __name__ == "__main__":
    list(shapes)
    forks.tend(sys.argv[2], live)
