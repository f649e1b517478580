"""OpenAI's edits: a picture painted anew, or only where a mask is transparent; a form, or JSON that names pictures.

Of several pictures only the first could be changed and the others looked at, which no model here does; they are
refused. Ours in `extra_body`: `strength`, 0 to 1, how much of the picture may change.
"""

import json
from typing import Any, Literal

from fastapi import APIRouter, Request
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool

from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.http.changes import Change, changed, ground_steps, size_of
from sfumato.http.desk import Desk
from sfumato.http.forms import checked, described, read_form, the_file
from sfumato.http.openai_images import DOOR, Asked, Images, error, given, status
from sfumato.http.pictures import Reader, opened
from sfumato.http.shapes import Shape
from sfumato.http.shapes.openai import PREFIX, Key, RetryCount

MOST_PICTURES = 16
SEVERAL = "only one picture is changed here, and no model looks at others: send one"


class Edit(Asked):
    """The fields beside the pictures; ours last."""

    input_fidelity: Literal["high", "low"] | None = None
    strength: float | None = Field(default=None, ge=0, le=1)

    def warnings(self) -> list[str]:
        more = ["input_fidelity has no effect: say strength in extra_body"] if self.input_fidelity else []
        return super().warnings() + more


class Reference(BaseModel):
    """A picture: by a URL, `data:` too, or by the id of a file."""

    model_config = ConfigDict(extra="forbid")

    image_url: str | None = None
    file_id: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "Reference":
        if (self.image_url is None) == (self.file_id is None):
            raise ValueError("give either image_url or file_id")
        return self


class EditJson(Edit):
    """The newer form."""

    images: list[Reference] = Field(min_length=1, max_length=MOST_PICTURES)
    mask: Reference | None = None


REFERENCE = Reference.model_json_schema()
FORM = described(Edit, {"image": True, "mask": False})
JSON = {
    "type": "object",
    "required": ["images", "prompt"],
    "properties": {
        "images": {"type": "array", "items": REFERENCE},
        "mask": REFERENCE,
        **Edit.model_json_schema()["properties"],
    },
}
KINDS = {"multipart/form-data": {"schema": FORM}, "application/json": {"schema": JSON}}
BODY = {"requestBody": {"required": True, "content": KINDS}}


def router(desk: Desk) -> APIRouter:
    """images/edits."""
    routes = APIRouter(tags=["OpenAI"])

    @routes.post("/images/edits", summary="A picture changed", response_model=Images, openapi_extra=BODY)
    async def edit(request: Request, retries: RetryCount = 0, key: Key = None) -> Any:
        if request.headers.get("content-type", "").startswith("multipart/"):
            texts, files = await read_form(request, {"image", "mask"}, {"loras"})
            body, image, mask = await run_in_threadpool(of_form, texts, files)
        else:
            body, image, mask = await run_in_threadpool(of_json, Reader(desk, request), await request.body())
        order, warnings = await run_in_threadpool(order_of, desk, body, image, mask)
        asked = body.model_dump(mode="json", exclude_none=True, exclude={"images", "mask"})
        job = await run_in_threadpool(
            desk.submit, request, order, door=DOOR, asked={**asked, "start": order.start, "mask": order.mask}, key=key,
            warnings=tuple(warnings), again=retries > 0,
        )  # fmt: skip
        return await given(desk, request, job, body, "image_edit")

    return routes


def of_form(texts: dict[str, Any], files: dict[str, list[bytes]]) -> tuple[Edit, Image.Image, Image.Image | None]:
    """The body of a form. From a thread, for pictures are read."""
    image = opened(the_file(files, "image", SEVERAL), "image")
    mask = opened(the_file(files, "mask"), "mask") if "mask" in files else None
    return checked(Edit, texts), image, mask


def of_json(reader: Reader, data: bytes) -> tuple[Edit, Image.Image, Image.Image | None]:
    """The body of JSON."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as wrong:
        raise RequestError("the body is neither a form nor JSON: send one of them") from wrong
    body = checked(EditJson, said)
    if len(body.images) > 1:
        raise RequestError(SEVERAL)
    mask = None if body.mask is None else read(reader, body.mask, "mask")
    return body, read(reader, body.images[0], "images.0"), mask


def read(reader: Reader, which: Reference, name: str) -> Image.Image:
    if which.image_url is not None:
        return reader.named(which.image_url, f"{name}.image_url")
    return reader.file(str(which.file_id).removeprefix("file-"), f"{name}.file_id")


def order_of(desk: Desk, body: Edit, image: Image.Image, mask: Image.Image | None) -> tuple[Order, list[str]]:
    """The order that a body asks for, and warnings."""
    body.check()
    model, warnings = desk.studio.stand_in(body.model)
    fields = {**body.wishes(desk.studio.model(model)), "model": model, "then": ground_steps(body.ground, image)}
    change = Change(image, mask, "alpha", body.strength, size_of(body.size))
    order, told = changed(desk, change, fields)
    return order, [*warnings, *told, *body.warnings()]


PART = Shape(PREFIX, router, error, status=status)
