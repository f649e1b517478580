"""The studio page at the root: its files and no others, found by name before any route is tried.

A browser finds the modules of a page one import after the other; so that it need not wait for each in turn, the first
answer names all that the first page needs, and before them what they are going to ask for. It names them below the
version of the whole page, where they never change: who comes again has them.
"""

import gzip
import mimetypes
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from sfumato.http.shapes.native import LASTING
from sfumato.web import CONTENT_SECURITY_POLICY, FOLDER

START = "index.html"
FIRST = ("main.js",)
ASKED = ("api/v1/pictures?offset=0&limit=100", "api/v1/count?")  # by data/library.js, as soon as it is there
SENT = {".css", ".js", ".svg"}

VERSIONED = re.compile(r"page/([0-9a-f]{16})/")
NAMED = re.compile(r'((?:href|src)=")(?=\w+\.(?:css|js|svg)")')  # by index.html
IMPORT = re.compile(r"^(?:import|export)\b[^;(]*?'(\.[^']+\.js)'", re.MULTILINE)

SHORT = {"Cache-Control": "no-cache"}  # asked for again each time, and mostly answered with 304
HEADERS = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Vary": "Accept-Encoding"}


class Asset:
    """One file of the page, kept as it is sent; read again when somebody has changed it."""

    def __init__(self, path: Path):
        self._path, self._changed = path, -1
        self._type = mimetypes.guess_type(path.name)[0]

    @property
    def tag(self) -> str:
        """What tells its content from any other, after a look at the file."""
        changed = self._path.stat().st_mtime_ns
        if changed != self._changed:
            self._changed, self._plain = changed, self._path.read_bytes()
            self._packed = gzip.compress(self._plain, mtime=0)
            self._tag = f'W/"{sha256(self._plain).hexdigest()[:16]}"'
        return self._tag

    def answer(self, request: Request, keep: Mapping[str, str]) -> Response:
        """The file, packed where that is understood; 304 where it is there already. keep: the header of how long."""
        headers = {**HEADERS, **keep, "ETag": self.tag}
        if self.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self._plain, headers=headers, media_type=self._type)
        return Response(self._packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=self._type)


class Page(BaseRoute):
    """All files of the page: each by its name in the folder, and below the version; index.html also as `/`."""

    def __init__(self, folder: Path = FOLDER):
        paths = [path for path in folder.rglob("*.*") if path.suffix in SENT]
        self._folder = folder
        self._assets = {path.relative_to(folder).as_posix(): Asset(path) for path in paths}
        self._version = ""
        self._look()

    def _look(self) -> None:
        """Finds the version of the page as its files are now, 16 hexadecimal digits, and what is needed first."""
        version = sha256("".join(asset.tag for asset in self._assets.values()).encode()).hexdigest()[:16]
        if version != self._version:
            self._version, self._needed = version, modules(FIRST, self._folder)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        name, _ = name_in(scope)
        known = scope["type"] == "http" and (name == START or name in self._assets)
        return (Match.FULL if known else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        name, version = name_in(scope)
        if name == START:
            answer = self._start()
        else:
            answer = self._assets[name].answer(Request(scope), LASTING if version == self._version else SHORT)
        await answer(scope, receive, send)

    def _start(self) -> Response:
        self._look()
        below = f"page/{self._version}/"
        asked = [f"<{path}>; rel=preload; as=fetch; crossorigin" for path in ASKED]
        needed = [f"<{below}{module}>; rel=modulepreload" for module in self._needed]
        text = NAMED.sub(rf"\1{below}", (self._folder / START).read_text(encoding="utf-8"))
        headers = {**HEADERS, **SHORT, "Link": ", ".join(asked + needed)}
        return Response(text, headers=headers, media_type="text/html")


def name_in(scope: Scope) -> tuple[str, str]:
    """Which file is asked for, and below which version; "": below none."""
    path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/")
    below = VERSIONED.match(path)
    return (path[below.end() :], below[1]) if below else (path or START, "")


def modules(names: tuple[str, ...], folder: Path = FOLDER) -> list[str]:
    """These modules and all that they import at once, by their paths in the folder: all of one before the next."""
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            path = folder / name
            given = IMPORT.findall(path.read_text(encoding="utf-8"))
            waiting += [(path.parent / one).resolve().relative_to(folder.resolve()).as_posix() for one in given]
    return list(found)
