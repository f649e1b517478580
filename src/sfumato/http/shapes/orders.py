"""Our own API's orders: from words, from a picture, like a picture, between two; and finishing one that is there."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sfumato.core.job import Job, Priority
from sfumato.core.order import Order
from sfumato.core.recipe import DIGEST, Recipe
from sfumato.http.desk import Desk, caller_of
from sfumato.http.pictures import Reader
from sfumato.http.shapes import Shape
from sfumato.http.shapes.inputs import Steps
from sfumato.http.shapes.native import PREFIX, PROBLEMS, JobBody, PictureId, error, job_body
from sfumato.masks import Where
from sfumato.planning import Plan

Seed = Annotated[int, Field(ge=0, lt=2**64)]
Named = Annotated[str, Field(pattern=DIGEST)] | Annotated[int, Field(ge=1, lt=2**63)]
"""An upload's sha256, or the number of a picture in the library."""

IdempotencyKey = Annotated[
    str | None, Header(description="The same key and order within a day are one job.", max_length=255)
]
MOST_SHOWN = 1000  # recipes of a plan


class Treated(BaseModel):
    """How an order is to be treated. deadline: seconds from now, after which it is given up."""

    model_config = ConfigDict(extra="forbid")

    priority: Priority = "interactive"
    deadline: float | None = Field(default=None, gt=0, le=30 * 24 * 3600)


class Wish(Order):
    """An Order that names its pictures: an upload's sha256, or the number of a picture in the library.

    mask_polarity: what of the mask is painted; null: what is transparent if anything is, else what is white.
    mask_box: a mask without a picture: left, top, right, bottom, pixels; the last two are the first beyond.
    """

    start: Named | None = None  # pyright: ignore[reportIncompatibleVariableOverride] - wider on purpose
    mask: Named | None = None  # pyright: ignore[reportIncompatibleVariableOverride]
    mask_polarity: Literal["white", "black", "alpha"] | None = None
    mask_box: tuple[int, int, int, int] | None = None


class OrderBody(Wish, Treated):
    """The same, and how it is to be treated."""


class VaryBody(Treated):
    """Pictures like one of the library. amount: 0, the same, to 1, another seed's. seed: the first of the others."""

    picture: int = Field(ge=1, lt=2**63)
    n: int = 4
    amount: float | None = None
    seed: Seed | None = None
    then: tuple[str, ...] = ()


class BetweenBody(OrderBody):
    """A row of n pictures, in even steps from one prompt, or seed, to another; the first and the last are the ends."""

    n: int = 5
    to: str | None = None
    to_seed: Seed | None = None


class FinishBody(Treated, Steps):
    """Finishing steps for a picture that is there."""


class PlanBody(BaseModel):
    """What an order would be, decided."""

    recipes: list[Recipe]
    warnings: list[str]
    notes: list[str]


def router(desk: Desk) -> APIRouter:
    """Each order becomes a job; `plan` only says which."""
    routes, studio = APIRouter(tags=["native"], responses=PROBLEMS), desk.studio

    def submitted(
        request: Request, response: Response, order: Order | Plan, body: Treated, key: str | None, *,
        warnings: tuple[str, ...] = (), of: str = "",
    ) -> JobBody:  # fmt: skip
        asked = body.model_dump(mode="json", exclude_defaults=True) | ({"of": of} if of else {})
        job: Job = desk.submit(
            request, order, door="native", asked=asked, priority=body.priority, key=key, deadline=body.deadline,
            warnings=warnings,
        )  # fmt: skip
        response.headers["Location"] = f"{PREFIX}/jobs/{job.id}"
        return job_body(desk, job)

    @routes.post("/orders", status_code=201, summary="Order pictures, from words or from a picture")
    def order(body: OrderBody, request: Request, response: Response, idempotency_key: IdempotencyKey = None) -> JobBody:
        asked, remarks = order_of(desk, request, body)
        return submitted(request, response, asked, body, idempotency_key, warnings=tuple(remarks))

    @routes.post("/orders/vary", status_code=201, summary="Order pictures like one that was painted here")
    def vary(body: VaryBody, request: Request, response: Response, idempotency_key: IdempotencyKey = None) -> JobBody:
        source = studio.library.entry(body.picture, caller_of(request).sees).picture
        decided = studio.plan_variations(source, body.n, amount=body.amount, seed=body.seed, then=body.then)
        return submitted(request, response, decided, body, idempotency_key, of="vary")

    @routes.post("/orders/between", status_code=201, summary="Order a row from one prompt, or seed, to another")
    def between(
        body: BetweenBody, request: Request, response: Response, idempotency_key: IdempotencyKey = None
    ) -> JobBody:
        asked, remarks = order_of(desk, request, body)
        fields = {name: value for name, value in asked if name not in {"prompt", "n"}}
        decided = studio.plan_between(asked.prompt, body.to, body.n, to_seed=body.to_seed, **fields)
        return submitted(
            request, response, Plan(decided.recipes, [*remarks, *decided.warnings]), body, idempotency_key, of="between"
        )

    @routes.post("/plan", summary="What an order would be, without painting it")
    def plan(body: Wish, request: Request) -> PlanBody:
        asked, remarks = order_of(desk, request, body)
        decided = studio.plan(asked)
        warnings = [*remarks, *decided.warnings]
        return PlanBody(recipes=decided.recipes[:MOST_SHOWN], warnings=warnings, notes=decided.notes)

    @routes.post("/pictures/{picture}/finish", status_code=201, summary="Order finishing steps for a picture")
    def finish(
        picture: PictureId,
        body: FinishBody,
        request: Request,
        response: Response,
        idempotency_key: IdempotencyKey = None,
    ) -> JobBody:
        source = studio.library.entry(picture, caller_of(request).sees).picture
        decided = studio.plan_finish(source, body.then)
        return submitted(request, response, decided, body, idempotency_key, of=f"finish {picture}")

    return routes


def order_of(desk: Desk, request: Request, body: Wish) -> tuple[Order, list[str]]:
    """The order that a body means, its pictures kept, and how its mask is understood if the body does not say so."""
    wishes: dict[str, Any] = {name: getattr(body, name) for name in Order.model_fields}
    reader, start, mask = Reader(desk, request), body.start, body.mask
    order = Order(**{**wishes, "start": start if isinstance(start, str) else None, "mask": None})
    box = None if body.mask_box is None else ",".join(map(str, body.mask_box))
    where = Where(None if mask is None else reader.kept(mask), body.mask_polarity, box)
    begun, remarks = desk.studio.begin(order, None if start is None else reader.kept(start), where)
    if isinstance(start, int):
        desk.studio.begun_with(start, begun)
    return begun, remarks if where.is_inferred else []


PART = Shape(PREFIX, router, error, "application/problem+json")
