"""What a picture file says of how it was made: the file is the body, the answer is data; nothing is kept or painted."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from sfumato import exports
from sfumato.core.errors import RequestError
from sfumato.exports import Found
from sfumato.http.desk import Desk
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import PREFIX, PROBLEMS, error

KINDS = ("image/png", "image/jpeg", "image/webp")
BODY = {"requestBody": {"required": True, "content": {kind: {} for kind in KINDS}}}


def router(desk: Desk) -> APIRouter:
    """One route."""
    routes = APIRouter(tags=["native"], responses=PROBLEMS)

    @routes.post("/read", summary="What a PNG, JPEG or WebP file says of how it was made", openapi_extra=BODY)
    async def read(request: Request) -> Found:
        data = await request.body()
        if not data:
            raise RequestError("the body is empty: send a picture file's bytes")
        return await run_in_threadpool(exports.read, data)

    return routes


PART = Shape(PREFIX, router, error, "application/problem+json")
