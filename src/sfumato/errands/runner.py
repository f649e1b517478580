"""Runs errands, one of each kind at a time, and knows how far they are."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sfumato.core.errors import Conflict
from sfumato.core.wording import cause
from sfumato.errands import Errand
from sfumato.errands.kinds import kinds
from sfumato.errands.shelf import Shelf
from sfumato.studio import Studio

MOST_ATTEMPTS = 3
LOOK = 2.0  # seconds between two looks for what waits
GRACE = 5.0  # seconds, before a process that is to end is killed


@dataclass(frozen=True)
class Progress:
    """what: is being done; done: of it, of: in all. The measure is the kind's own: bytes or steps."""

    what: str
    done: int
    of: int


class Runner:
    """What the doors speak to. environment: of the processes; None: ours."""

    def __init__(self, studio: Studio, shelf: Shelf, environment: Mapping[str, str] | None = None):
        self._studio, self._shelf, self._environment = studio, shelf, environment
        self._progress: dict[str, Progress] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._change = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin with those that wait, and again with those that were under way, once no other server does them."""
        self._thread = threading.Thread(target=self._run, name="errands", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End what is under way; the next start goes on with it."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
            for process in self._processes.values():
                process.terminate()
        if self._thread is not None:
            self._thread.join(GRACE)

    def all(self) -> list[tuple[Errand, Progress | None]]:
        """Every errand with how far it is, the newest first."""
        return [(errand, self._progress.get(errand.id)) for errand in reversed(self._shelf.all())]

    def begin(self, kind: str, name: str, wish: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> Errand:
        """Accept an errand, or raise what its kind refuses; one that is open already is given as it is."""
        with self._change:
            for one in self._shelf.all():
                if one.is_open and (one.kind, one.name) == (kind, name):
                    return one
            errand = self._shelf.make(kind, name, wish, files)
            try:
                kinds[kind].check(self._studio, errand, self._shelf.place(errand.id))
                self._shelf.keep(errand)
            except BaseException:
                self._shelf.drop(errand.id)
                raise
            self._shelf.tidy()
            self._change.notify_all()
        return errand

    def cancel(self, id: str) -> Errand:
        """Stop it; what was fetched stays, what was learned is lost. Conflict if it has ended."""
        with self._change:
            errand = self._shelf.get(id)
            if not errand.is_open:
                raise Conflict(f"errand {id} is {errand.state}: there is nothing to cancel")
            if (process := self._processes.get(id)) is not None:
                process.terminate()
            return self._end(errand, state="cancelled")

    def retry(self, id: str) -> Errand:
        """Let one that failed or was cancelled wait again."""
        with self._change:
            errand = self._shelf.get(id)
            if errand.state not in {"failed", "cancelled"}:
                raise Conflict(f"errand {id} is {errand.state}: only one that failed or was cancelled is tried again")
            again = {"state": "waiting", "reason": None, "ended": None, "attempts": 0}
            self._change.notify_all()
            return self._shelf.keep(errand.model_copy(update=again))

    def remove(self, id: str) -> Errand:
        """Forget one that has ended."""
        return self._shelf.remove(id)

    def _run(self) -> None:
        with self._shelf.held(lambda: self._stopping) as ours:
            if not ours:
                return
            for errand in self._shelf.all():
                if errand.state == "running":
                    self._give_back(errand)
            threads = [threading.Thread(target=self._serve, args=(kind,), daemon=True) for kind in kinds.names()]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _serve(self, kind: str) -> None:
        while (errand := self._next(kind)) is not None:
            try:
                self._live(errand)
            except OSError as error:  # the machine lets no process begin
                self._end(errand, state="failed", reason=f"its process cannot begin ({cause(error)}): try again")

    def _next(self, kind: str) -> Errand | None:
        """The next of a kind, as soon as there is one; None when all is to stop."""
        with self._change:
            while not self._stopping:
                waiting = (one for one in self._shelf.all() if one.kind == kind and one.state == "waiting")
                if (errand := next(waiting, None)) is not None:
                    begun = {"state": "running", "attempts": errand.attempts + 1}
                    return self._shelf.keep(errand.model_copy(update=begun))
                self._change.wait(LOOK)  # another server of this home may have taken one
            return None

    def _live(self, errand: Errand) -> None:
        """The life of its process; what its last line says is how it ended."""
        said: dict[str, Any] = {}
        with subprocess.Popen(
            [sys.executable, "-m", "sfumato.errands", str(self._shelf.place(errand.id))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=None if self._environment is None else dict(self._environment),
            start_new_session=True,
        ) as process:
            with self._change:
                self._processes[errand.id] = process
                if self._stopping or self._shelf.get(errand.id).state != "running":
                    process.terminate()
            assert process.stdout is not None
            for line in process.stdout:
                with suppress(ValueError):  # half a line of one that was ended
                    said = json.loads(line)
                if self._shelf.get(errand.id).state != "running":  # cancelled, perhaps at another server
                    process.terminate()
                if "done" in said:
                    self._progress[errand.id] = Progress(said["what"], said["done"], said["of"])
        with self._change:
            del self._processes[errand.id]
            self._progress.pop(errand.id, None)
            if self._shelf.get(errand.id).state != "running":  # cancelled meanwhile
                return
            if self._stopping:
                self._give_back(errand)
            elif "result" in said:
                self._end(errand, state="done", result=said["result"])
            else:
                died = f"its process ended with {process.returncode}, perhaps for want of memory: try again"
                self._end(errand, state="failed", reason=said.get("reason", died))

    def _give_back(self, errand: Errand) -> None:
        """Let it wait again, or fail where it was begun often enough."""
        if errand.attempts < MOST_ATTEMPTS:
            self._shelf.keep(errand.model_copy(update={"state": "waiting"}))
        else:
            self._end(errand, state="failed", reason=f"the server ended {errand.attempts} times while it was under way")

    def _end(self, errand: Errand, **how: Any) -> Errand:
        return self._shelf.keep(errand.model_copy(update={"ended": time.time(), **how}))
