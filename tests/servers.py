"""A server of our own, in processes of its own, as a user would start it."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import psutil

HURRIED = str(Path(__file__).with_name("hurried.py"))


def hurried(command: list[str], **options: Any) -> "subprocess.Popen[str]":
    """Begin `python -m sfumato ...`, whose models ask for few steps."""
    assert command[1:3] == ["-m", "sfumato"]
    return subprocess.Popen([command[0], HURRIED, *command[3:]], **options)


class Server:
    """`sfumato serve` on a free port. lines: what it logged. begin: in place of Popen."""

    def __init__(
        self, home: Path, *arguments: str, environment: Mapping[str, str] | None = None,
        begin: Callable[..., Any] = subprocess.Popen,
    ):  # fmt: skip
        self.home, self.lines = home, list[str]()
        self.process = begin(
            [sys.executable, "-m", "sfumato", "serve", "--port", "0", *arguments],
            env={**os.environ, "SFUMATO_HOME": str(home), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.url = ""
        for line in self.process.stderr:
            self.lines.append(line)
            if line.startswith("{") and "listening" in (said := json.loads(line)):
                self.url = said["listening"]
                break
        assert self.url, "".join(self.lines)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.client = httpx2.Client(base_url=self.url, timeout=60)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)

    def workers(self) -> list[psutil.Process]:
        """The processes that paint."""
        return psutil.Process(self.process.pid).children()

    def order(self, prompt: str = "a red apple", **fields: Any) -> dict[str, Any]:
        """A small order's job."""
        small = {"width": 64, "height": 64, "steps": 1, "guidance": 1, "seed": 1}
        answer = self.client.post("/api/v1/orders", json={"prompt": prompt, **small, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def ended(self, id: str) -> dict[str, Any]:
        """A job, once it has ended."""
        with self.client.stream("GET", f"/api/v1/jobs/{id}/events") as answer:
            for _ in answer.iter_lines():
                pass
        job = self.client.get(f"/api/v1/jobs/{id}").json()
        assert job["state"] in {"done", "failed", "cancelled", "expired"}, job
        return job

    def stop(self) -> int:
        """In order; the exit code."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)
