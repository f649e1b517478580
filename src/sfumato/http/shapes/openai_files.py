"""OpenAI's file store: pictures that edits name by an id. https://platform.openai.com/docs/api-reference/files

An id is `file-` and what other doors call the file; so a picture that came in at one is there at all of them.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Query, Request, Response, UploadFile

from sfumato import exports
from sfumato.http.desk import Desk, caller_of
from sfumato.http.openai_images import error, status
from sfumato.http.shapes import Shape
from sfumato.http.shapes.openai import PREFIX
from sfumato.jobs.files import File

Id = Annotated[str, Path(pattern="^(file-)?[0-9a-f]{32}$")]
Purpose = Literal["assistants", "batch", "fine-tune", "vision", "user_data", "evals"]


def router(desk: Desk) -> APIRouter:
    """Upload, look, list, read, delete."""
    routes, files = APIRouter(tags=["OpenAI"]), desk.studio.files

    @routes.post("/files", summary="Keep a picture for edits to name")
    def upload(
        request: Request,
        file: UploadFile,
        purpose: Annotated[Purpose, Form()],
        anchor: Annotated[Literal["created_at"], Form(alias="expires_after[anchor]")] = "created_at",
        seconds: Annotated[int | None, Form(alias="expires_after[seconds]", ge=3600, le=2_592_000)] = None,
    ) -> dict[str, Any]:
        data = file.file.read()
        exports.read(data)  # which refuses what is no picture
        kept = files.add(
            data, file.filename or "file", file.content_type or "application/octet-stream",
            owner=caller_of(request).owner, metadata={"purpose": purpose}, seconds=seconds,
        )  # fmt: skip
        return told(kept)

    @routes.get("/files", summary="Your files, newest first")
    def listed(
        request: Request,
        purpose: Annotated[str | None, Query(max_length=100)] = None,
        order: Literal["asc", "desc"] = "desc",
        limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
        after: Annotated[str | None, Query(max_length=100)] = None,
    ) -> dict[str, Any]:
        found = [told(file) for file in files.find(caller_of(request).sees)]
        found = [one for one in found if purpose in {None, one["purpose"]}][:: 1 if order == "desc" else -1]
        ids = [one["id"] for one in found]
        begin = ids.index(after) + 1 if after in ids else 0
        page = found[begin : begin + limit]
        ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {"first_id": None, "last_id": None}
        return {"object": "list", "data": page, "has_more": begin + limit < len(found), **ends}

    @routes.get("/files/{id}", summary="One file")
    def get(id: Id, request: Request) -> dict[str, Any]:
        return told(files.get(id.removeprefix("file-"), caller_of(request).sees))

    @routes.get("/files/{id}/content", summary="A file's bytes", response_class=Response)
    def content(id: Id, request: Request) -> Response:
        data = files.read(id.removeprefix("file-"), caller_of(request).sees)
        return Response(data, media_type="application/octet-stream")  # what it says of itself is a stranger's word

    @routes.delete("/files/{id}", summary="Delete a file")
    def delete(id: Id, request: Request) -> dict[str, Any]:
        files.remove(id.removeprefix("file-"), caller_of(request).sees)
        return {"id": id, "object": "file", "deleted": True}

    return routes


def told(file: File) -> dict[str, Any]:
    return {
        "id": f"file-{file.id}", "object": "file", "bytes": file.size, "created_at": int(file.created),
        "expires_at": None if file.expires is None else int(file.expires), "filename": file.name,
        "purpose": file.metadata.get("purpose", "user_data"), "status": "processed",
    }  # fmt: skip


PART = Shape(PREFIX, router, error, status=status)
