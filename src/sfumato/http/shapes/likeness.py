"""More like this: pictures near one of the library, by its noise or from the picture itself."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sfumato.core.order import Order
from sfumato.http.desk import Desk, caller_of
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import PREFIX, PROBLEMS, JobBody, PictureId, error, job_body
from sfumato.library import Entry
from sfumato.planning import Plan

MOST = 100


class Like(BaseModel):
    """noise: the same recipe with its noise turned towards other seeds'; picture: painted anew from the picture.

    amount: 0, the same, to 1, another one. seed: the first of the others.
    """

    model_config = ConfigDict(extra="forbid")

    how: Literal["noise", "picture"] = "noise"
    n: int = Field(default=4, ge=1, le=MOST)
    amount: float | None = Field(default=None, ge=0, le=1)
    seed: int | None = Field(default=None, ge=0, lt=2**64)


def router(desk: Desk) -> APIRouter:
    """One route."""
    routes, studio = APIRouter(tags=["native"], responses=PROBLEMS), desk.studio

    @routes.post("/pictures/{picture}/like", status_code=201, summary="Paint more pictures like one")
    def like(picture: PictureId, wish: Like, request: Request, response: Response) -> JobBody:
        entry = studio.library.entry(picture, caller_of(request).sees)
        wanted = turned(entry, wish) if wish.how == "noise" else anew(entry, wish)
        job = desk.submit(request, wanted, door="native", asked={"picture": picture, **wish.model_dump(mode="json")})
        response.headers["Location"] = f"{PREFIX}/jobs/{job.id}"
        return job_body(desk, job)

    def turned(entry: Entry, wish: Like) -> Plan:
        return studio.plan_variations(entry.picture, wish.n, amount=wish.amount, seed=wish.seed)

    def anew(entry: Entry, wish: Like) -> Order:
        recipe = entry.recipe
        fields = {"model": recipe.model, "style": recipe.style, "n": wish.n, "seed": wish.seed,
                  "strength": wish.amount, "negative": recipe.negative}  # fmt: skip
        order, _ = studio.edit_order(entry.picture, recipe.prompt, **fields)
        return order

    return routes


PART = Shape(PREFIX, router, error, "application/problem+json")
