"""The studio page at the root: one route for each of its files, so that nothing else can be asked for."""

from fastapi import APIRouter, Request, Response
from starlette.staticfiles import StaticFiles

from sfumato.http.desk import Desk
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import error
from sfumato.web import CONTENT_SECURITY_POLICY, FOLDER

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-cache",  # asked for again each time, and mostly answered with 304
}


def router(desk: Desk) -> APIRouter:
    """index.html is also what `/` shows."""
    routes, files = APIRouter(), StaticFiles(directory=FOLDER)

    def serve(name: str) -> None:
        async def file(request: Request) -> Response:
            answer = await files.get_response(name, request.scope)
            answer.headers.update(HEADERS)
            return answer

        for path in ("/", "/index.html") if name == "index.html" else (f"/{name}",):
            routes.add_api_route(path, file, methods=["GET", "HEAD"], include_in_schema=False)

    for path in FOLDER.rglob("*.*"):
        if path.suffix in {".html", ".css", ".js", ".svg"}:
            serve(path.relative_to(FOLDER).as_posix())
    return routes


PART = Shape("", router, error, "application/problem+json")
