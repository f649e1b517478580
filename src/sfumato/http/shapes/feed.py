"""Everything that happens to the caller's jobs in one stream, so that a page needs no other."""

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

from sfumato.core.job import JobEvent
from sfumato.http.desk import Desk, caller_of
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import PREFIX, PROBLEMS, error, shown_live


def router(desk: Desk) -> APIRouter:
    """One route."""
    routes = APIRouter(tags=["native"], responses=PROBLEMS)

    @routes.get(
        "/events",
        summary="What happens to all of your jobs, as server-sent events: begin, state, picture, dropped, moved, log, "
        "step, preview; each says which job. Without Last-Event-ID from now on",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    )
    async def events(
        request: Request,
        previews: Annotated[bool, Query(description="Also pictures of what is under way.")] = False,
        after: Annotated[int | None, Query(ge=0, lt=2**63, description="As Last-Event-ID.")] = None,
        last_event_id: Annotated[int | None, Header(ge=0, lt=2**63)] = None,
    ) -> StreamingResponse:
        since = after if last_event_id is None else last_event_id
        told = stream(desk, caller_of(request).sees, since, previews)
        return StreamingResponse(told, media_type="text/event-stream")

    return routes


async def stream(desk: Desk, owner: str | None, after: int | None, previews: bool) -> AsyncIterator[bytes]:
    async for event in desk.hub.everything(owner, after, previews):
        if event is None:
            yield format_sse_event(comment="still here")
        elif isinstance(event, int):  # so that a reader who hears nothing more knows where to go on
            yield format_sse_event(event="begin", id=str(event), data_str="{}")
        elif isinstance(event, JobEvent):
            data = {"job": event.job, **event.data}
            yield format_sse_event(event=event.kind, id=str(event.seq), data_str=json.dumps(data))
        else:
            data = {"job": event.data["job"], **shown_live(event)}
            yield format_sse_event(event=event.kind, data_str=json.dumps(data))


PART = Shape(PREFIX, router, error, "application/problem+json")
