"""Pictures to begin with: uploaded once, kept as pixels alone, and named by their sha256 in any number of orders.

Whoever knows that name may begin with the picture, and see it: it is as good as having the picture.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from sfumato.core.errors import NotFound, RequestError
from sfumato.core.recipe import DIGEST
from sfumato.http.desk import Desk
from sfumato.http.pictures import Reader, opened
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import LASTING, PREFIX, PROBLEMS, error
from sfumato.http.shapes.reading import KINDS

InputId = Annotated[str, Path(pattern=DIGEST, description="Its sha256, as the upload's answer says.")]


class InputBody(BaseModel):
    """id: what an order's `start` and `mask` name. transparent: whether anything of it is. file: a path here, PNG."""

    id: str
    width: int
    height: int
    transparent: bool
    file: str


class FromUrl(BaseModel):
    """url: of http or https, a `data:` URL, or one of this server's own."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1)


class Steps(BaseModel):
    """then: finishing steps in order, as `cutout` or `upscale:2`; /operations lists them."""

    model_config = ConfigDict(extra="forbid")

    then: list[str] = Field(min_length=1, max_length=16)


class PeopleBody(BaseModel):
    """OpenPose's JSON. people: each with 18 points `pose_keypoints_2d`, and perhaps hands of 21: x, y, certainty."""

    people: list[dict[str, list[float]]]
    canvas_width: int
    canvas_height: int


BODY = {
    "requestBody": {
        "required": True,
        "content": {
            **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/json": {"schema": FromUrl.model_json_schema()},
        },
    }
}


def router(desk: Desk) -> APIRouter:
    """Upload, look, finish, find people."""
    routes, studio = APIRouter(tags=["native"], responses=PROBLEMS), desk.studio

    @routes.post(
        "/inputs",
        status_code=201,
        summary="Upload a picture to begin with: its bytes, a form's field `file`, or JSON that names a URL",
        openapi_extra=BODY,
    )
    async def upload(request: Request) -> InputBody:
        image = await uploaded(desk, request)
        return await run_in_threadpool(kept, desk, image)

    @routes.get("/inputs/{id}", summary="A picture to begin with")
    def get(id: InputId) -> InputBody:
        return body_of(id, held(desk, id))

    @routes.get(
        "/inputs/{id}/file",
        summary="Its pixels, as PNG",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}},
    )
    def file(id: InputId) -> Response:
        held(desk, id)
        return Response(studio.held_file(id), media_type="image/png", headers=LASTING)

    @routes.post("/inputs/{id}/finish", status_code=201, summary="Do finishing steps to it; the answer is a new one")
    def finish(id: InputId, body: Steps) -> InputBody:
        return kept(desk, desk.finished(held(desk, id), body.then))

    @routes.post("/inputs/{id}/people", summary="Find the people in it: their skeletons, as OpenPose's JSON")
    def people(id: InputId) -> PeopleBody:
        return PeopleBody.model_validate(studio.people_in(held(desk, id)))

    return routes


async def uploaded(desk: Desk, request: Request) -> Image.Image:
    """The picture of a request's body, however it is sent."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=8) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise RequestError("the form has no file in its field `file`: send one")
            return await run_in_threadpool(opened, await file.read(), "file")
    data = await request.body()
    if kind == "application/json":
        try:
            url = FromUrl.model_validate_json(data).url
        except ValidationError as wrong:
            raise RequestError('the body is not as {"url": "https://..."}: send that, or the picture itself') from wrong
        return await run_in_threadpool(Reader(desk, request).named, url, "url")
    return await run_in_threadpool(opened, data, "the body")


def held(desk: Desk, id: str) -> Image.Image:
    """An upload's pixels; NotFound."""
    try:
        return desk.studio.held(id)
    except RequestError as missing:
        raise NotFound(f"no upload {id[:16]}... here: upload it again") from missing


def kept(desk: Desk, image: Image.Image) -> InputBody:
    return body_of(desk.studio.hold(image), image)


def body_of(id: str, image: Image.Image) -> InputBody:
    transparent: Any = image.getchannel("A").getextrema()[0]
    return InputBody(
        id=id, width=image.width, height=image.height, transparent=transparent < 255, file=f"{PREFIX}/inputs/{id}/file"
    )


PART = Shape(PREFIX, router, error, "application/problem+json")
