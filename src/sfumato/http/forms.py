"""Forms, as multipart/form-data: texts and files, held to a model's fields as JSON bodies are."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from sfumato.core.errors import RequestError
from sfumato.core.wording import shown

Body = TypeVar("Body", bound=BaseModel)
MOST_FILES, MOST_FIELDS = 17, 100
FILE = {"type": "string", "format": "binary"}


async def read_form(
    request: Request, files: Collection[str], lists: Collection[str] = ()
) -> tuple[dict[str, Any], dict[str, list[bytes]]]:
    """(texts, files) by field, `[]` behind a name left out; RequestError for a file in a field that takes none.

    lists: fields whose texts are more than one.
    """
    if not request.headers.get("content-type", "").startswith("multipart/"):
        raise RequestError("this is a form with files: send it as multipart/form-data")
    texts: dict[str, Any] = {}
    sent: dict[str, list[bytes]] = {}
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as form:
        for name, value in form.multi_items():
            plain = name.removesuffix("[]")
            if isinstance(value, UploadFile):
                if plain not in files:
                    raise RequestError(f"there is no file field {shown(plain)} here: leave it out")
                sent.setdefault(plain, []).append(await value.read())
            elif plain in lists:
                texts[plain] = (*texts.get(plain, ()), value)
            else:
                texts[plain] = value
    return texts, sent


def checked(kind: type[Body], said: Any) -> Body:
    """The body, or the first field that is not right, as for every other body."""
    try:
        return kind.model_validate(said)
    except ValidationError as wrong:
        raise RequestValidationError(wrong.errors()) from wrong


def the_file(files: Mapping[str, list[bytes]], name: str, several: str = "send one file") -> bytes:
    """The one file of a field; RequestError where there is none, or more. several: what is said of more."""
    sent = files.get(name, [])
    if len(sent) != 1:
        raise RequestError(several if sent else f"{name}: send a picture's file in this field")
    return sent[0]


def described(kind: type[BaseModel], files: Mapping[str, bool]) -> dict[str, Any]:
    """A form for the OpenAPI document; files: names, and whether each has to be there."""
    schema = kind.model_json_schema()
    required = [*schema.get("required", []), *(name for name, needed in files.items() if needed)]
    properties = {**dict.fromkeys(files, FILE), **schema["properties"]}
    return {"type": "object", "required": required, "properties": properties}


def form_body(kind: type[BaseModel], files: Mapping[str, bool]) -> dict[str, Any]:
    """The same as a route's openapi_extra."""
    content = {"multipart/form-data": {"schema": described(kind, files)}}
    return {"requestBody": {"required": True, "content": content}}
