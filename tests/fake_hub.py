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
    that comes with another last byte. commit: the newest, which `folder` is of. older: folders of those before.
    beside: folders of other repositories, which have that commit only.
    """

    folder: Path
    repository: str
    token: str | None = None
    breaks_off: int | None = None
    lies: str | None = None
    url: str = ""
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    commit: str = COMMIT
    older: dict[str, Path] = field(default_factory=dict)
    beside: dict[str, Path] = field(default_factory=dict)

    def goes_on(self, commit: str, folder: Path) -> None:
        """Another commit becomes the newest."""
        self.older[self.commit] = self.folder
        self.commit, self.folder = commit, folder

    def of(self, repository: str, commit: str) -> Path | None:
        if repository in self.beside:
            return self.beside[repository] if commit == self.commit else None
        return {**self.older, self.commit: self.folder}.get(commit)

    def about(self, repository: str, commit: str, folder: Path) -> dict:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return {
            "id": repository, "modelId": repository, "sha": commit, "private": False, "tags": [],
            "downloads": 0, "likes": 0, "siblings": [self._sibling(path, folder) for path in files],
        }  # fmt: skip

    def _sibling(self, path: Path, folder: Path) -> dict:
        data = path.read_bytes()
        said = {
            "rfilename": path.relative_to(folder).as_posix(), "size": len(data),
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
            names = "|".join([hub.repository, *hub.beside])
            about = re.match(rf"/api/models/({names})(?:/revision/([^/?]+))?", self.path)
            found = re.fullmatch(rf"/({names})/resolve/([^/]+)/(.*)", self.path)
            asked = about or found
            repository = asked[1] if asked else hub.repository
            commit = (asked[2] if asked else None) or hub.commit
            folder = hub.of(repository, commit)
            if asked and folder is None:
                self._send(404, b"", {"X-Error-Code": "RevisionNotFound"}, body)
            elif about and folder:
                said = json.dumps(hub.about(repository, commit, folder)).encode()
                self._send(200, said, {"Content-Type": "application/json"}, body)
            elif found and folder and (folder / found[3]).is_file():
                self._send_file(found[3], (folder / found[3]).read_bytes(), body, commit)
            else:
                self._send(404, b"", {"X-Error-Code": "RepoNotFound"}, body)

        def _send_file(self, name: str, data: bytes, body: bool, commit: str) -> None:
            etag = hashlib.sha256(data).hexdigest()
            if hub.lies == name:
                data = data[:-1] + bytes([data[-1] ^ 1])
            start = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
            headers = {"X-Repo-Commit": commit, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
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
