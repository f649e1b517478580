"""Processes that need not import everything anew: a nursery has done that once, and forks those who are to live.

    with Nursery() as nursery: process = nursery.begin(["serve"], environment, stderr=write_end)

Each is a process of its own, in a session of its own, and is killed as any other. Only its first second is saved: it
begins behind the imports. `Remote` is what `subprocess.Popen` is to those who hold it, as far as they use that.
"""

import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

WHERE = "NURSERY"  # in the environment: the nursery's socket
LIFE = "NURSERY_LIFE"  # in a child's environment: how many were forked before it


class Nursery:
    """A process that forks others. script: what they run, after their arguments are in sys.argv."""

    def __init__(self, script: str):
        self._room = tempfile.TemporaryDirectory(prefix="nursery-")
        self.place = str(Path(self._room.name) / "socket")
        self._process = subprocess.Popen(
            [sys.executable, script, "nursery", self.place], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()  # it ends, and its children with it
        self._process.wait()
        self._room.cleanup()


class Remote:
    """A forked process. It is asked for over a socket that stays open and tells its end; Popen's verbs."""

    def __init__(
        self, arguments: Sequence[str], *, env: Mapping[str, str] | None = None, place: str | None = None,
        stdin: int | None = None, stdout: int | None = None, stderr: int | None = None, text: bool = False, **_: Any,
    ):  # fmt: skip
        env = dict(env if env is not None else os.environ)
        self.returncode: int | None = None
        theirs, self.stdin, self.stdout, self.stderr = [], None, None, None
        for number, (name, wish) in enumerate([("stdin", stdin), ("stdout", stdout), ("stderr", stderr)]):
            if wish == subprocess.PIPE:
                read, write = os.pipe()
                theirs.append(read if number == 0 else write)
                mode = ("w" if number == 0 else "r") + ("" if text else "b")
                setattr(self, name, os.fdopen(write if number == 0 else read, mode))
            else:
                theirs.append(os.open(os.devnull, os.O_RDWR) if wish == subprocess.DEVNULL else os.dup(number))
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(place or env[WHERE])
        told = json.dumps({"arguments": list(arguments), "environment": env, "folder": str(Path.cwd())}).encode()
        socket.send_fds(self._socket, [len(told).to_bytes(8, "big")], theirs)
        self._socket.sendall(told)
        for handle in theirs:
            os.close(handle)
        self._answers = self._socket.makefile()
        self.pid = int(self._answers.readline())
        self._ended = threading.Event()
        threading.Thread(target=self._wait_for_end, daemon=True).start()

    def _wait_for_end(self) -> None:
        self.returncode = int(self._answers.readline() or -signal.SIGKILL)
        self._ended.set()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired("a forked process", timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self.wait()


def tend(place: str, live: Callable[[], None]) -> None:
    """Be the nursery: fork for whoever asks, and tell them of the end. live: what a child does; single-threaded."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(place)
    listening.listen(64)
    wake, bell = os.pipe()
    os.set_blocking(bell, False)
    signal.set_wakeup_fd(bell)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    asking: dict[int, socket.socket] = {}
    lives = itertools.count()
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([listening, wake, sys.stdin], [], [])
        if sys.stdin in ready:  # whoever began us is gone
            for pid in asking:
                os.kill(pid, signal.SIGKILL)
            return
        if wake in ready:
            os.read(wake, 4096)
            while asking:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                with asking.pop(pid) as asker, suppress(OSError):
                    asker.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
        if listening in ready:
            asker, _ = listening.accept()
            if (asked := _heard(asker)) is None:
                asker.close()  # killed while it asked
                continue
            pid = _fork(*asked, [asker, listening, *asking.values()], next(lives), live)
            asking[pid] = asker
            with suppress(OSError):
                asker.sendall(f"{pid}\n".encode())


def _heard(asker: socket.socket) -> tuple[bytes, list[int]] | None:
    """What is asked for, and the three ends of its streams; None where the one who asks is gone."""
    try:
        size, ends, _, _ = socket.recv_fds(asker, 8, 3)
        told = b""
        while len(size) == 8 and len(told) < int.from_bytes(size, "big") and (more := asker.recv(2**20)):
            told += more
    except OSError:
        return None
    if len(ends) == 3 and len(size) == 8 and len(told) == int.from_bytes(size, "big"):
        return told, list(ends)
    for end in ends:
        os.close(end)
    return None


def _fork(told: bytes, ends: list[int], others: list[socket.socket], life: int, live: Callable[[], None]) -> int:
    if pid := os.fork():
        for end in ends:
            os.close(end)
        return pid
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for one in others:
            one.close()
        for number, end in enumerate(ends):
            os.dup2(end, number)
            os.close(end)
        said = json.loads(told)
        os.chdir(said["folder"])
        os.environ.clear()
        os.environ.update({**said["environment"], LIFE: str(life)})
        sys.argv[1:] = said["arguments"]
        live()
        os._exit(0)
    except SystemExit as end:
        sys.stdout.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
