"""The studio page at the root: one route for each of its files, so that nothing else can be asked for.

A browser finds the modules of a page one import after the other; so that it need not wait for each in turn, the first
answer names all that the first page needs.
"""

import re
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.staticfiles import StaticFiles

from sfumato.http.desk import Desk
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import error
from sfumato.web import CONTENT_SECURITY_POLICY, FOLDER

FIRST = ("main.js", "components/studio-page.js")
IMPORT = re.compile(r"^(?:import|export)\b[^;(]*?'(\.[^']+\.js)'", re.MULTILINE)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-cache",  # asked for again each time, and mostly answered with 304
}


def router(desk: Desk) -> APIRouter:
    """index.html is also what `/` shows."""
    routes, files = APIRouter(), StaticFiles(directory=FOLDER)
    ahead = ", ".join(f"<{name}>; rel=modulepreload" for name in modules(FIRST))

    def serve(name: str) -> None:
        async def file(request: Request) -> Response:
            answer = await files.get_response(name, request.scope)
            answer.headers.update(HEADERS if name != "index.html" else {**HEADERS, "Link": ahead})
            return answer

        for path in ("/", "/index.html") if name == "index.html" else (f"/{name}",):
            routes.add_api_route(path, file, methods=["GET", "HEAD"], include_in_schema=False)

    for path in FOLDER.rglob("*.*"):
        if path.suffix in {".html", ".css", ".js", ".svg"}:
            serve(path.relative_to(FOLDER).as_posix())
    return routes


def modules(names: tuple[str, ...], folder: Path = FOLDER) -> list[str]:
    """These modules and all that they import at once, by their paths in the folder."""
    found = dict.fromkeys(names)
    waiting = list(names)
    while waiting:
        path = folder / waiting.pop(0)
        for given in IMPORT.findall(path.read_text(encoding="utf-8")):
            name = (path.parent / given).resolve().relative_to(folder.resolve()).as_posix()
            if name not in found:
                found[name] = None
                waiting.append(name)
    return list(found)


PART = Shape("", router, error, "application/problem+json")
