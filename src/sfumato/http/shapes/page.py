"""The studio page at the root: one route for each of its files, so that nothing else can be asked for.

A browser finds the modules of a page one import after the other; so that it need not wait for each in turn, the first
answer names all that the first page needs.
"""

import gzip
import mimetypes
import re
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request, Response

from sfumato.http.desk import Desk
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import error
from sfumato.web import CONTENT_SECURITY_POLICY, FOLDER

FIRST = ("main.js", "start.js", "components/studio-page.js")
IMPORT = re.compile(r"^(?:import|export)\b[^;(]*?'(\.[^']+\.js)'", re.MULTILINE)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-cache",  # asked for again each time, and mostly answered with 304
    "Vary": "Accept-Encoding",
}


def router(desk: Desk) -> APIRouter:
    """index.html is also what `/` shows."""
    routes = APIRouter()
    for path in FOLDER.rglob("*.*"):
        name = path.relative_to(FOLDER).as_posix()
        if name == "index.html":
            ahead = ", ".join(f"<{module}>; rel=modulepreload" for module in modules(FIRST))
            routes.add_route("/", Asset(path, Link=ahead).answer)
            routes.add_route("/index.html", Asset(path, Link=ahead).answer)
        elif path.suffix in {".css", ".js", ".svg"}:
            routes.add_route(f"/{name}", Asset(path).answer)
    return routes


class Asset:
    """One file of the page, kept as it is sent; read again when somebody has changed it."""

    def __init__(self, path: Path, **headers: str):
        self._path, self._changed, self._given = path, -1, {**HEADERS, **headers}
        self._type = mimetypes.guess_type(path.name)[0]
        self._read()

    def _read(self) -> None:
        changed = self._path.stat().st_mtime_ns
        if changed == self._changed:
            return
        self._changed, self._plain = changed, self._path.read_bytes()
        self._packed = gzip.compress(self._plain, mtime=0)
        self._headers = {**self._given, "ETag": f'W/"{sha256(self._plain).hexdigest()[:16]}"'}

    async def answer(self, request: Request) -> Response:
        """The file, packed where that is understood; 304 where it is there already."""
        self._read()
        if self._headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=self._headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self._plain, headers=self._headers, media_type=self._type)
        return Response(self._packed, headers={**self._headers, "Content-Encoding": "gzip"}, media_type=self._type)


def modules(names: tuple[str, ...], folder: Path = FOLDER) -> list[str]:
    """These modules and all that they import at once, by their paths in the folder: all of one before the next."""
    found: dict[str, None] = {}
    for name in names:
        waiting = [name]
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = None
                path = folder / name
                given = IMPORT.findall(path.read_text(encoding="utf-8"))
                waiting += [(path.parent / one).resolve().relative_to(folder.resolve()).as_posix() for one in given]
    return list(found)


PART = Shape("", router, error, "application/problem+json")
