"""What there is beside models that paint: listings, LoRA, looks, small weights; and what there is room for."""

import shutil
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from sfumato.core.card import Kind
from sfumato.core.listing import Listing
from sfumato.http.desk import Desk, keeper
from sfumato.http.placements import Memory
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import PREFIX, PROBLEMS, error

Name = Annotated[str, Path(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class LoraBody(BaseModel):
    """What a file says of itself, blank where it does not. problem: why it cannot be used, if so."""

    name: str
    base: str
    trigger: str
    pictures: str
    created: str
    problem: str


class StyleBody(BaseModel):
    """A look in words, `{prompt}` standing for the prompt; painted with as an order's `preset`."""

    name: str
    about: str
    prompt: str


class ListingBody(BaseModel):
    """A model that is not painted with by itself. goes_with: the models that it works with. use: its kind, in words.

    used: whether anything here works with it yet. controls: kinds of control picture that are followed with it.
    bytes: on the disk; 0 where it is not here. memory: bytes that its weights take at 16 bits; null: not known.
    """

    name: str
    kind: str
    use: str
    title: str
    about: str
    knows: str
    lacks: str
    best_for: list[str]
    operations: list[str]
    goes_with: list[str]
    used: bool
    controls: list[str]
    references: bool
    licence: str
    licence_note: str
    commercial: bool
    gated: bool
    repository: str | None
    parameters: int | None
    memory: int | None
    here: bool
    bytes: int


class WeightsBody(BaseModel):
    """A small model for the work around a picture. state: here, missing or damaged."""

    name: str
    about: str
    bytes: int
    licence: str
    licence_note: str
    commercial: bool
    state: str


class MachineBody(BaseModel):
    """free: bytes of the disk where weights are kept. memory: bytes of the GPU, or where there is none of the computer;
    null: not known. gpu: whether it is a GPU's.

    fits: by name, how that memory holds a model and a picture, as `sfumato models --fits` says it: `bf16`, `nf4`, and
    behind either perhaps `, readers wait`. A model that fits in no such way, or of which it is not known, is left out.
    """

    free: int
    memory: int | None
    gpu: bool
    fits: dict[str, str]


class Gone(BaseModel):
    """What was deleted."""

    name: str


def router(desk: Desk) -> APIRouter:
    """See the OpenAPI document."""
    routes, studio = APIRouter(tags=["materials"], responses=PROBLEMS), desk.studio

    @routes.get("/listings", summary="Models not painted with by themselves: ControlNets, IP-Adapters and others")
    def listings(kind: Kind | None = None) -> list[ListingBody]:
        here = studio.models_here()
        return [listed(one, studio.bytes_here(one.name), one.name in here) for one in studio.listings(kind=kind)]

    @routes.get("/loras", summary="LoRA that are kept here")
    def loras() -> list[LoraBody]:
        return [LoraBody.model_validate(kept, from_attributes=True) for kept in studio.loras()]

    @routes.delete("/loras/{name}", summary="Delete a LoRA's file")
    def remove_lora(name: Name, request: Request) -> Gone:
        keeper(request)
        studio.remove_lora(name)
        return Gone(name=name)

    @routes.get("/styles", summary="Looks in words, for an order's `preset`")
    def styles() -> list[StyleBody]:
        return [StyleBody.model_validate(preset, from_attributes=True) for preset in studio.style_presets()]

    @routes.get("/weights", summary="Small models for the work around a picture")
    def weights() -> list[WeightsBody]:
        return [WeightsBody(state=kept.state, **small(kept.entry)) for kept in studio.weights()]

    @routes.delete("/models/{name}", summary="Delete the weights of a model, or of a small one")
    def remove_model(name: Name, request: Request) -> Gone:
        keeper(request)
        studio.remove_weights(name)
        return Gone(name=name)

    @routes.get("/machine", summary="What there is room for")
    async def machine() -> MachineBody:
        return await run_in_threadpool(fitting, desk, await desk.placements.memory())

    return routes


def listed(one: Listing, bytes: int, here: bool) -> ListingBody:
    own = {name: getattr(one, name) for name in ListingBody.model_fields if name not in {"memory", "here", "bytes"}}
    return ListingBody(**own, memory=one.memory("bf16"), here=here, bytes=bytes)


def small(entry: Any) -> dict[str, Any]:
    names = ("name", "about", "bytes", "licence", "licence_note", "commercial")
    return {name: getattr(entry, name) for name in names}


def fitting(desk: Desk, memory: Memory) -> MachineBody:
    home, studio = desk.settings.home, desk.studio
    place = next(path for path in (home, *home.parents) if path.exists())
    every = [*studio.models(), *studio.listings()]
    ways = {one.name: one.way(memory.bytes or 0, memory.gpu) for one in every}
    fits = {name: str(way) for name, way in ways.items() if way is not None}
    return MachineBody(free=shutil.disk_usage(place).free, memory=memory.bytes, gpu=memory.gpu, fits=fits)


PART = Shape(PREFIX, router, error, "application/problem+json")
