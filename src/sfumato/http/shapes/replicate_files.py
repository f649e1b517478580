"""Replicate's file store: pictures that inputs name by the URL of their file. Their client uploads what it is given.

A file is kept for a day, as theirs is.
"""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request, Response, UploadFile
from fastapi.responses import Response as Bytes

from sfumato import exports
from sfumato.core.errors import RequestError
from sfumato.http.desk import Desk, caller_of
from sfumato.http.links import root_of
from sfumato.http.predictions import when
from sfumato.http.shapes import Shape
from sfumato.http.shapes.replicate import PREFIX, error
from sfumato.http.shapes.replicate_models import page
from sfumato.jobs.files import File

SECONDS = 24 * 3600.0

Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


def router(desk: Desk) -> APIRouter:
    """Upload, look, list, download, delete."""
    routes, files = APIRouter(tags=["Replicate"]), desk.studio.files

    @routes.post("/files", status_code=201, summary="Keep a picture for inputs to name")
    def upload(
        request: Request,
        content: UploadFile,
        filename: Annotated[str | None, Form(max_length=255)] = None,
        type: Annotated[str | None, Form(max_length=100)] = None,
        metadata: Annotated[str, Form(max_length=10_000)] = "{}",
    ) -> dict[str, Any]:
        data = content.file.read()
        exports.read(data)  # which refuses what is no picture
        kept = files.add(
            data, filename or content.filename or "file", type or content.content_type or "application/octet-stream",
            owner=caller_of(request).owner, metadata=as_metadata(metadata), seconds=SECONDS,
        )  # fmt: skip
        return told(request, kept)

    @routes.get("/files", summary="Your files, newest first")
    def listed(request: Request) -> dict[str, Any]:
        return page([told(request, file) for file in files.find(caller_of(request).sees)])

    @routes.get("/files/{id}", summary="One file")
    def get(id: Id, request: Request) -> dict[str, Any]:
        return told(request, files.get(id, caller_of(request).sees))

    @routes.get("/files/{id}/download", summary="A file's bytes", response_class=Bytes)
    def download(id: Id, request: Request) -> Bytes:
        data = files.read(id, caller_of(request).sees)
        return Bytes(data, media_type="application/octet-stream")  # what it says of itself is a stranger's word

    @routes.delete("/files/{id}", status_code=204, summary="Delete a file", response_class=Response)
    def delete(id: Id, request: Request) -> None:
        files.remove(id, caller_of(request).sees)

    return routes


def as_metadata(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as wrong:
        raise RequestError("metadata is not JSON: write it as an object") from wrong
    if not isinstance(found, dict):
        raise RequestError("metadata is no JSON object: write it as one")
    return found


def told(request: Request, file: File) -> dict[str, Any]:
    return {
        "id": file.id, "name": file.name, "content_type": file.content_type, "size": file.size, "etag": file.sha256,
        "checksums": {"sha256": file.sha256}, "metadata": file.metadata, "created_at": when(file.created),
        "expires_at": when(file.expires), "urls": {"get": f"{root_of(request)}{PREFIX}/files/{file.id}"},
    }  # fmt: skip


PART = Shape(PREFIX, router, error)
