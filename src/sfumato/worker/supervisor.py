"""The supervisor: a worker in a process of its own, begun again whenever it dies, its jobs given to the next at once.

The two talk in lines of JSON: the worker tells of steps and previews on its standard output, the supervisor writes
what is new to its standard input. When that ends, the supervisor is gone, and the worker gives back and leaves.
"""

import json
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sfumato.core.errors import SfumatoError
from sfumato.worker.loop import Told

GRACE = 20.0  # seconds to give back, before a worker is killed
WELL = 10.0  # seconds that a worker lives before its death counts as its first again
SLOWEST_RESTART = 30.0  # seconds
LONGEST_LINE = 16 * 2**20  # bytes of one message

COMMAND = (sys.executable, "-m", "sfumato", "worker", "--piped", "--name")


class Supervisor:
    """Keeps one worker alive. bury: is told the name of a dead one, and why it died. told: as Worker's."""

    def __init__(
        self,
        bury: Callable[[str, str], object],
        told: Told,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
    ):
        self._bury, self._told, self._environment, self._command = bury, told, environment, command or COMMAND
        self._process: subprocess.Popen[bytes] | None = None
        self._writing = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self.restarts = 0

    def start(self) -> None:
        """Begin; returns before the worker is ready."""
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The worker's process, while there is one."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def send(self, **message: Any) -> None:
        """A line to the worker, if there is one: `do` is look, watch or unwatch."""
        process = self._process
        if process is None or process.stdin is None:
            return
        with self._writing, suppress(OSError, ValueError):
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()

    def dismiss(self) -> None:
        """Tell the worker to give back what it holds, without waiting for it."""
        self._stopping.set()
        self._close_input()

    def stop(self) -> None:
        """Dismiss the worker, and wait for it; after a while it is killed."""
        self.dismiss()
        self._thread.join(GRACE)
        if (process := self._process) is not None and process.poll() is None:
            process.kill()
        self._thread.join(GRACE)

    def _run(self) -> None:
        deaths = 0
        while not self._stopping.is_set():
            name = f"{socket.gethostname()[:40]}-{secrets.token_hex(6)}"
            since = time.monotonic()
            code = self._live(name)
            self._bury_for_sure(name, _why(code))
            if self._stopping.is_set():
                return
            self.restarts += 1
            deaths = 1 if time.monotonic() - since > WELL else deaths + 1
            self._told({"kind": "log", "text": f"{_why(code)}; another is begun"})
            self._stopping.wait(0 if deaths == 1 else min(SLOWEST_RESTART, 0.1 * 2**deaths))

    def _live(self, name: str) -> int:
        """One worker's life; its exit code."""
        with subprocess.Popen(
            [*self._command, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,  # a Ctrl-C in the terminal is for the server, which then stops the worker in order
        ) as process:
            self._process = process
            if self._stopping.is_set():
                self._close_input()
            assert process.stdout is not None
            while line := process.stdout.readline(LONGEST_LINE):
                with suppress(ValueError):  # half a line of a worker that was killed
                    self._told(json.loads(line))
            return process.wait()

    def _close_input(self) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            with self._writing, suppress(OSError):
                process.stdin.close()

    def _bury_for_sure(self, name: str, why: str) -> None:
        """However long the database is away."""
        while True:
            try:
                self._bury(name, why)
                return
            except SfumatoError as error:
                self._told({"kind": "log", "text": str(error)})
                if self._stopping.wait(1.0):
                    return


def _why(code: int) -> str:
    if code < 0:
        memory = ", perhaps for want of memory" if code == -signal.SIGKILL else ""
        return f"the worker was killed by {signal.Signals(-code).name}{memory}"
    return f"the worker ended with code {code}"
