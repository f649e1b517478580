"""Export sets over the web: what the files for some places would be, and the files in one zip with their manifest.

What has to be painted for them is queued as any order is, and comes into the library too.
"""

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from sfumato import exports
from sfumato.core.picture import Picture
from sfumato.core.recipe import Recipe
from sfumato.export_sets import Export, ExportSet
from sfumato.exports.presets import ExportPreset
from sfumato.http.desk import Desk, caller_of, failed
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import PREFIX, PROBLEMS, PictureId, error
from sfumato.planning import Plan

Pixel = Annotated[int, Field(ge=0, le=2**20)]


class ExportBody(BaseModel):
    """presets: names of /export-presets. fit: auto crops around what is salient unless that loses too much of it.

    surround: how a picture is extended: painted, by a blur, or as suits it; model, prompt: who paints and what; null:
    as the picture was painted. format, quality, background: of all files; null: as each preset has it.
    fits, boxes: by preset, where that is another fit, or a crop chosen by hand: left, top, right, bottom.
    """

    model_config = ConfigDict(extra="forbid")

    presets: list[Annotated[str, Field(max_length=100)]] = Field(min_length=1, max_length=100)
    fit: Literal["auto", "crop", "extend"] = "auto"
    surround: Literal["auto", "paint", "blur"] = "auto"
    model: str | None = None
    prompt: str | None = None
    format: Literal["png", "jpg", "webp"] | None = None
    quality: int | None = Field(default=None, ge=0, le=100)
    background: str | None = None
    metadata: Literal["full", "minimal", "none"] = "full"
    fits: dict[str, Literal["auto", "crop", "extend"]] = Field(default={}, max_length=100)
    boxes: dict[str, tuple[Pixel, Pixel, Pixel, Pixel]] = Field(default={}, max_length=100)


class OneOfSets(ExportBody):
    """The same, of a picture of the library."""

    picture: int = Field(ge=1, lt=2**63)


class SetsBody(BaseModel):
    """Each picture once."""

    model_config = ConfigDict(extra="forbid")

    sets: list[OneOfSets] = Field(min_length=1, max_length=50)


class Sides(BaseModel):
    """Pixels on each side."""

    left: int
    top: int
    right: int
    bottom: int


class FileBody(BaseModel):
    """A file that would be made. way: crop, extend or whole. why, text: one line for a person.

    box: what is kept of the picture: left, top, right, bottom. cut: pixels of the picture; added: pixels of the file.
    bytes: of the file, where that was asked for and nothing of it is to be painted.
    """

    model_config = ConfigDict(populate_by_name=True)

    file: str
    preset: str = Field(alias="for")
    width: int
    height: int
    format: str
    quality: int | None
    way: str
    why: str
    box: tuple[int, int, int, int]
    cut: Sides
    added: Sides
    surround: str | None
    painted_by: str | None
    enlarged: float
    steps: list[str]
    text: str
    bytes: int | None = None


class SetBody(BaseModel):
    """What would be made of a picture of so many pixels."""

    width: int
    height: int
    files: list[FileBody]
    warnings: list[str]


def router(desk: Desk) -> APIRouter:
    """Presets, a preview, the files."""
    routes, studio = APIRouter(tags=["native"], responses=PROBLEMS), desk.studio

    @routes.get("/export-presets", summary="What places want pictures to be")
    def presets() -> list[ExportPreset]:
        return studio.export_presets()

    @routes.post("/pictures/{picture}/export-plan", summary="What an export would make, without making it")
    def plan(
        picture: PictureId,
        body: ExportBody,
        request: Request,
        measured: Annotated[bool, Query(description="Also how many bytes each file has.")] = False,
    ) -> SetBody:
        decided = planned(desk, request, picture, body)
        image, sizes = decided.picture.image, studio.export_sizes(decided) if measured else {}
        return SetBody(
            width=image.width, height=image.height, warnings=list(decided.warnings),
            files=[body_of(file, sizes.get(file.path)) for file in decided.files],
        )  # fmt: skip

    @routes.post(
        "/exports",
        summary="The files of several pictures in one zip, a folder each, with one manifest",
        response_class=Response,
        responses={200: {"content": {"application/zip": {}}}},
    )
    async def several(body: SetsBody, request: Request) -> Response:
        out, rows = io.BytesIO(), []
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as zipping:
            for wanted in body.sets:
                decided = await run_in_threadpool(planned, desk, request, wanted.picture, wanted)
                made = await painted(desk, request, decided, wanted.picture)
                rows.append(await run_in_threadpool(put, desk, decided, made, zipping, f"{decided.name}/"))
            zipping.writestr("manifest.json", json.dumps({"sets": rows}, indent=2, ensure_ascii=False))
        headers = {"Content-Disposition": 'attachment; filename="sfumato-export.zip"'}
        return Response(out.getvalue(), media_type="application/zip", headers=headers)

    @routes.post(
        "/pictures/{picture}/export",
        summary="The files for some places in one zip, with a manifest; the answer comes when they are painted",
        response_class=Response,
        responses={200: {"content": {"application/zip": {}}}},
    )
    async def export(picture: PictureId, body: ExportBody, request: Request) -> Response:
        decided = await run_in_threadpool(planned, desk, request, picture, body)
        made = await painted(desk, request, decided, picture)
        data = await run_in_threadpool(zipped, desk, decided, made)
        headers = {"Content-Disposition": f'attachment; filename="{decided.name}.zip"'}
        return Response(data, media_type="application/zip", headers=headers)

    return routes


def planned(desk: Desk, request: Request, picture: int, body: ExportBody) -> ExportSet:
    desk.studio.library.entry(picture, caller_of(request).sees)
    return desk.studio.plan_export(picture, body.presets, **body.model_dump(exclude={"presets", "picture"}))


def body_of(file: Export, size: int | None = None) -> FileBody:
    told: dict[str, Any] = file.told()
    return FileBody.model_validate({**told, "box": file.frame.box, "text": str(file), "bytes": size})


async def painted(desk: Desk, request: Request, decided: ExportSet, picture: int) -> dict[Recipe, int]:
    """The pictures of the library that were painted for the recipes of a set."""
    wanted = [file.painting for file in decided.files if file.painting is not None]
    if not wanted:
        return {}
    plan = Plan([desk.studio.unfinished(recipe) for recipe in wanted])
    job = await run_in_threadpool(desk.submit, request, plan, door="native", asked={"of": f"export {picture}"})
    done = failed(await desk.hub.ended(job.id))
    return {wanted[made.number]: made.picture for made in done.made}


def zipped(desk: Desk, decided: ExportSet, made: dict[Recipe, int]) -> bytes:
    """The files of a set, with its manifest; made: what was painted for it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as zipping:
        put(desk, decided, made, zipping)
    return out.getvalue()


def put(
    desk: Desk, decided: ExportSet, made: dict[Recipe, int], zipping: zipfile.ZipFile, folder: str = ""
) -> dict[str, Any]:
    """Write the files of a set into a zip, the manifest last, and return what that says."""

    def paint(recipe: Recipe) -> Picture:
        image, _ = exports.pixels(desk.studio.library.fetch(made[recipe]))
        return desk.studio.completed(image, recipe)

    with tempfile.TemporaryDirectory() as place:
        manifest = desk.studio.export(decided.within(Path(place)), paint=paint)
        for path in sorted(Path(place).iterdir(), key=lambda path: (path.name == manifest.name, path.name)):
            zipping.write(path, folder + path.name)
        return json.loads(manifest.read_bytes())


PART = Shape(PREFIX, router, error, "application/problem+json")
