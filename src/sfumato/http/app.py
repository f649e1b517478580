"""The app: every shape's routes behind the gate, errors in each shape's own form."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from sfumato import __version__
from sfumato.core.errors import SfumatoError
from sfumato.http.chronicle import Chronicle
from sfumato.http.courier import Courier, receivers
from sfumato.http.desk import Desk
from sfumato.http.gate import Gate
from sfumato.http.janitor import Janitor
from sfumato.http.page import Page
from sfumato.http.problems import Problem, problem_of
from sfumato.http.shapes import Shape, shapes

MOST_BYTES = 64 * 2**20  # of a request's body


def create_app(desk: Desk, *, beyond: bool = False, log: Callable[..., None] = lambda **fields: None) -> FastAPI:
    """beyond: the server listens to more than this machine, so that a key is needed whatever else."""
    settings, keys = desk.settings, desk.studio.keys

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        chronicle = Chronicle(desk.studio.queue, desk.hub, desk.metrics, log)
        janitor = Janitor(desk.studio, settings.trash_days, log)
        running = [asyncio.create_task(each.run()) for each in (desk.hub, courier(desk), chronicle, janitor)]
        desk.errands.start()
        yield
        await asyncio.to_thread(desk.errands.stop)
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    app = FastAPI(
        title="Sfumato",
        version=__version__,
        lifespan=lifespan,
        routes=[Page()],
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
        max_body_size=MOST_BYTES,
    )
    by_prefix = sorted(shapes, key=lambda shape: len(shape.prefix), reverse=True)
    for shape in by_prefix:
        app.include_router(shape.router(desk), prefix=shape.prefix)

    def shape_of(path: str) -> Shape:
        return next(s for s in [*by_prefix, shapes["native"]] if not s.prefix or f"{path}/".startswith(f"{s.prefix}/"))

    def refuse(path: str, problem: Problem) -> ASGIApp:
        return response_of(shape_of(path), problem)

    async def tell(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        told = problem.detail.replace(str(settings.home), "SFUMATO_HOME")  # where that is, is nobody's business
        return response_of(shape_of(request.url.path), replace(problem, detail=told))

    for kind in (SfumatoError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, tell)
    needs_key = (lambda: True) if beyond or settings.key else keys.any
    app.add_middleware(
        Gate,
        keys=keys,
        master=settings.key,
        needs_key=needs_key,
        hosts=settings.allow_hosts,
        origins=settings.allow_origins,
        refuse=refuse,
        log=log,
        count=lambda path, *seen: desk.metrics.answered(shape_of(path).prefix or "/", *seen),
    )
    return app


def courier(desk: Desk) -> Courier:
    """The one that tells webhooks, with the words of every shape that has some."""
    writers = {shape.door: partial(shape.letter, desk) for shape in shapes if shape.letter is not None}
    return Courier(desk.studio.queue, desk.studio.webhooks, writers, receivers(desk.settings), desk.hub)


def response_of(shape: Shape, problem: Problem) -> JSONResponse:
    return JSONResponse(
        shape.error(problem), shape.status(problem), headers=problem.headers, media_type=shape.media_type
    )
