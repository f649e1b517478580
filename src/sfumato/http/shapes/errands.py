"""Long work beside painting: fetching models, teaching LoRA; what is under way, and how far it is.

It concerns all users, so only the server's keeper may begin or end it.
"""

import re
from pathlib import PurePath
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Request, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from sfumato.core.errors import RequestError
from sfumato.errands import Errand, State
from sfumato.errands.kinds.teach import PICTURES
from sfumato.errands.runner import Progress
from sfumato.http.desk import Desk, keeper
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import PREFIX, PROBLEMS, error

ErrandId = Annotated[str, Path(pattern="^[0-9a-f]{20}$")]


class ErrandBody(BaseModel):
    """what, done, of: how far it is, in the kind's own measure (pull: bytes of one file; teach: steps)."""

    id: str
    kind: str
    name: str
    state: State
    reason: str | None
    result: str | None
    created: float
    ended: float | None
    what: str | None = None
    done: int = 0
    of: int = 0


class Pull(BaseModel):
    """accept: that the model's licence was read."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    accept: bool = False


def router(desk: Desk) -> APIRouter:
    """See the OpenAPI document."""
    routes, errands = APIRouter(tags=["errands"], responses=PROBLEMS), desk.errands

    @routes.get("/errands", summary="What is fetched and taught, the newest first")
    def all_errands() -> list[ErrandBody]:
        return [body(errand, progress) for errand, progress in errands.all()]

    @routes.post("/errands/pull", status_code=201, summary="Fetch a model's weights")
    def pull(wish: Pull, request: Request) -> ErrandBody:
        keeper(request)
        return body(errands.begin("pull", wish.name, {"accept": wish.accept}))

    @routes.post("/errands/teach", status_code=201, summary="Teach a model a style or a subject from pictures")
    def teach(
        request: Request,
        pictures: list[UploadFile],
        name: Annotated[str, Form(max_length=100)],
        kind: Annotated[Literal["style", "subject"], Form()] = "style",
        caption: Annotated[str | None, Form(max_length=1000)] = None,
        model: Annotated[str | None, Form(max_length=100)] = None,
        steps: Annotated[int | None, Form()] = None,
        minutes: Annotated[float | None, Form()] = None,
        rank: Annotated[int, Form()] = 8,
        seed: Annotated[int, Form()] = 0,
        force: Annotated[bool, Form(description="Learn anew what is there under this name.")] = False,
    ) -> ErrandBody:
        keeper(request)
        wish = {"kind": kind, "caption": caption, "model": model, "steps": steps, "minutes": minutes, "rank": rank,
                "seed": seed, "force": force}  # fmt: skip
        files = {f"{PICTURES}/{named(one, i)}": one.file.read() for i, one in enumerate(pictures)}
        return body(errands.begin("teach", name, wish, files))

    @routes.post("/errands/{errand}/cancel", summary="Stop it; what was fetched stays, what was learned is lost")
    def cancel(errand: ErrandId, request: Request) -> ErrandBody:
        keeper(request)
        return body(errands.cancel(errand))

    @routes.post("/errands/{errand}/retry", summary="Try one again that failed or was cancelled")
    def retry(errand: ErrandId, request: Request) -> ErrandBody:
        keeper(request)
        return body(errands.retry(errand))

    @routes.delete("/errands/{errand}", summary="Forget one that has ended")
    def remove(errand: ErrandId, request: Request) -> ErrandBody:
        keeper(request)
        return body(errands.remove(errand))

    return routes


def body(errand: Errand, progress: Progress | None = None) -> ErrandBody:
    fields = errand.model_dump(include=set(ErrandBody.model_fields))
    far = {} if progress is None else {"what": progress.what, "done": progress.done, "of": progress.of}
    return ErrandBody(**fields, **far)


def named(file: UploadFile, i: int) -> str:
    """A name of the picture's own words, for they are its caption, that can do no harm as a path."""
    given = PurePath((file.filename or "").replace("\\", "/"))
    if not re.fullmatch(r"\.(png|jpe?g|webp)", given.suffix.lower()):
        raise RequestError(f"picture {i + 1} is named {given.name[:60]!r}: give png, jpg or webp files")
    words = re.sub(r"[^\w -]+", " ", given.stem)[:80].strip()
    return f"{words} {i}{given.suffix.lower()}"


PART = Shape(PREFIX, router, error, "application/problem+json")
