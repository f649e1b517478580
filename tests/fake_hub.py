"""A model hub on this machine: as much of a real one's interface as huggingface_hub asks of it, over a folder."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "1234567890abcdef1234567890abcdef12345678"


@dataclass
class Hub:
    """folder: of one repository. token: that it asks for, if any. url: where it answers.

    asked: (method, path, range) of every request. breaks_off: after so many bytes of a file, once. lies: a file's name
    that comes with another last byte.
    """

    folder: Path
    repository: str
    token: str | None = None
    breaks_off: int | None = None
    lies: str | None = None
    url: str = ""
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)

    def about(self) -> dict:
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file()]
        return {
            "id": self.repository, "modelId": self.repository, "sha": COMMIT, "private": False, "tags": [],
            "downloads": 0, "likes": 0, "siblings": [self._sibling(path) for path in files],
        }  # fmt: skip

    def _sibling(self, path: Path) -> dict:
        data = path.read_bytes()
        said = {
            "rfilename": path.relative_to(self.folder).as_posix(), "size": len(data),
            "blobId": hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest(),
        }  # fmt: skip
        if path.suffix == ".safetensors":
            said["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
        return said


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, body: bool) -> None:
            hub.asked.append((self.command, self.path, self.headers.get("Range")))
            if hub.token and self.headers.get("Authorization") != f"Bearer {hub.token}":
                self._send(403, b"gated", {"X-Error-Code": "GatedRepo", "X-Error-Message": "ask first"}, body)
                return
            if self.path.startswith(f"/api/models/{hub.repository}"):
                self._send(200, json.dumps(hub.about()).encode(), {"Content-Type": "application/json"}, body)
                return
            found = re.fullmatch(rf"/{hub.repository}/resolve/{COMMIT}/(.*)", self.path)
            path = hub.folder / found[1] if found else None
            if path is None or not path.is_file():
                self._send(404, b"", {"X-Error-Code": "RepoNotFound"}, body)
                return
            self._send_file(found[1] if found else "", path.read_bytes(), body)

        def _send_file(self, name: str, data: bytes, body: bool) -> None:
            etag = hashlib.sha256(data).hexdigest()
            if hub.lies == name:
                data = data[:-1] + bytes([data[-1] ^ 1])
            start = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
            headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            self._send(206 if start else 200, data[start:], headers, body)

        def _send(self, status: int, data: bytes, headers: dict[str, str], body: bool) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            if body and hub.breaks_off is not None and len(data) > hub.breaks_off:
                data, hub.breaks_off = data[: hub.breaks_off], None
                self.wfile.write(data)
                self.close_connection = True
                self.connection.shutdown(2)
            elif body:
                self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
