"""The server and its workers as they are, but for some places at which they now and then kill themselves.

    python stage.py serve|worker [arguments of the command]

CRASH_ODDS: one pass in so many is the last. CRASH_SEED: of the dice.
"""

import os
import random
import signal
import sys
from collections.abc import Callable
from typing import Any

from sfumato.cli import main
from sfumato.jobs.claims import Claims
from sfumato.jobs.queue import Queue
from sfumato.wiring import Parts
from sfumato.worker import supervisor

ODDS = int(os.environ["CRASH_ODDS"])
DICE = random.Random(f"{os.environ['CRASH_SEED']} {os.getpid()}")


def deadly(holder: type, name: str) -> None:
    """Before and after a method, the process may be killed, as by the system."""
    whole: Callable[..., Any] = getattr(holder, name)

    def perhaps(when: str) -> None:
        if DICE.randrange(ODDS) == 0:
            print(f'{{"failpoint": "{when} {holder.__name__}.{name}"}}', file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

    def method(*arguments: Any, **options: Any) -> Any:
        perhaps("before")
        result = whole(*arguments, **options)
        perhaps("after")
        return result

    setattr(holder, name, method)


if sys.argv[1] == "serve":
    deadly(Queue, "submit")
    supervisor.COMMAND = (sys.executable, __file__, "worker", "--piped", "--name")
else:
    deadly(Parts, "keep")
    for verb in ("publish", "end", "give_back", "warn"):
        deadly(Claims, verb)
main()
