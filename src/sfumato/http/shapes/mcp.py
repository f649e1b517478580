"""The Model Context Protocol over HTTP, for assistants on other machines; `sfumato mcp` is the same without a network.

The SDK takes two seconds to import, so that is done for the first who asks.
"""

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.types import Receive, Scope, Send

from sfumato.core.packages import require
from sfumato.http.desk import Caller, Desk
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import error

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH = "/mcp"


def router(desk: Desk) -> APIRouter:
    """One route, which is the SDK's."""
    routes = APIRouter()
    routes.add_route(PATH, Spoken(desk), include_in_schema=False)  # type: ignore[arg-type] - an ASGI app is taken too
    return routes


class Spoken:
    """An ASGI app. Each request stands for itself, so nothing is lost when the server is begun again."""

    def __init__(self, desk: Desk):
        self._desk = desk
        self._running: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        require("speaking with assistants", "mcp", "mcp")
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        await self._ready.wait()
        await self._manager.asgi_app(scope, receive, send)

    async def _run(self) -> None:
        """For as long as the server lives."""
        await asyncio.to_thread(lambda: self._manager)
        async with self._manager.run():
            self._ready.set()
            await asyncio.Event().wait()

    @cached_property
    def _manager(self) -> "StreamableHTTPSessionManager":
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        from sfumato.http.agents import Reach, Tools, server_of

        def where(context: Any, entry: Any) -> str:
            return self._desk.links.to(context.request_context.request, entry.id, "png")

        def caller(context: Any) -> Caller:
            return context.request_context.request.state.caller

        tools = Tools(self._desk.studio, self._desk.hub, Reach(caller, where, files=False))
        return StreamableHTTPSessionManager(server_of(tools)._lowlevel_server, stateless=True)


PART = Shape("", router, error, "application/problem+json")
