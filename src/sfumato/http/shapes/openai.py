"""OpenAI's Images API: https://platform.openai.com/docs/api-reference/images

Pictures of a prompt; openai_edits.py has those that begin with a picture. The official client sends a request again
when an answer is slow to come, and says so in a header: such a second one joins the job of the first.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Request
from starlette.concurrency import run_in_threadpool

from sfumato.core.errors import NotFound
from sfumato.core.order import Order
from sfumato.core.wording import shown
from sfumato.http.changes import size_of
from sfumato.http.desk import Desk
from sfumato.http.openai_images import DOOR, Asked, Images, error, given, status
from sfumato.http.shapes import Shape

PREFIX = "/v1"
RetryCount = Annotated[int, Header(alias="x-stainless-retry-count")]
Key = Annotated[str | None, Header(alias="idempotency-key", max_length=255)]


class Generation(Asked):
    """The body of /images/generations."""

    style: Literal["vivid", "natural"] | None = None


def router(desk: Desk) -> APIRouter:
    """images/generations and models."""
    routes = APIRouter(tags=["OpenAI"])

    @routes.post("/images/generations", summary="Pictures of a prompt", response_model=Images)
    async def generate(body: Generation, request: Request, retries: RetryCount = 0, key: Key = None) -> Any:
        order, warnings = await run_in_threadpool(order_of, desk, body)
        job = await run_in_threadpool(
            desk.submit, request, order, door=DOOR, asked=body.model_dump(mode="json", exclude_none=True), key=key,
            warnings=tuple(warnings), again=retries > 0,
        )  # fmt: skip
        return await given(desk, request, job, body, "image_generation")

    @routes.get("/models", summary="Models that can paint")
    def models() -> dict[str, Any]:
        return {"object": "list", "data": [model_of(name) for name in names()]}

    @routes.get("/models/{name}", summary="One model")
    def model(name: str) -> dict[str, Any]:
        if name not in names():
            raise NotFound(f"no model {shown(name)} here; /v1/models lists them")
        return model_of(name)

    def names() -> list[str]:
        return [*(card.name for card in desk.studio.models()), *desk.settings.aliases]

    return routes


def order_of(desk: Desk, body: Generation) -> tuple[Order, list[str]]:
    """The order that a body asks for, and warnings."""
    body.check()
    model, warnings = desk.studio.stand_in(body.model)
    fields: dict[str, Any] = body.wishes(desk.studio.model(model))
    if (size := size_of(body.size)) is not None:
        fitted, told = desk.studio.fitted(size, model)
        fields, warnings = fields | fitted, warnings + told
    if body.style is not None:
        warnings = [*warnings, "style has no effect: say it in the prompt, or give style_name in extra_body"]
    return Order(model=model, background=body.ground, **fields), warnings + body.warnings()


def model_of(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "sfumato"}


PART = Shape(PREFIX, router, error, status=status)
