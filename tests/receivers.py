"""Somebody who is told by webhook: a small site on this machine that keeps what comes."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Call:
    """One that came. at: seconds."""

    path: str
    headers: dict[str, str]
    body: str
    at: float

    @property
    def said(self) -> dict[str, Any]:
        return json.loads(self.body)


class Receiver:
    """answers: by path, the status of each next call, the last one for ever; else 200. slow: seconds."""

    def __init__(self) -> None:
        receiver = self
        self.calls: list[Call] = []
        self.answers: dict[str, list[int]] = {}
        self.slow = 0.0

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.calls.append(Call(self.path, headers, body, time.time()))
                time.sleep(receiver.slow)
                left = receiver.answers.get(self.path, [200])
                self.send_response(left.pop(0) if len(left) > 1 else left[0])
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path: str, *answers: int) -> str:
        self.answers[path] = [*answers] or [200]
        return f"http://{self.place}{path}"

    def told(self, path: str, count: int = 1, seconds: float = 60) -> list[Call]:
        """What came to a path, once there are so many."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if len(found := [call for call in self.calls if call.path == path]) >= count:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{path} was told {len(found)} times, not {count}")


@contextmanager
def receiving() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()
