"""Several pictures as one zip, with a manifest that says how each was made."""

import io
import json
import zipfile
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from sfumato.core.errors import RequestError
from sfumato.http.desk import Desk, caller_of
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import PREFIX, PROBLEMS, encoded, error

MOST = 200  # pictures


def router(desk: Desk) -> APIRouter:
    """One route."""
    routes, library = APIRouter(tags=["native"], responses=PROBLEMS), desk.studio.library

    @routes.get(
        "/archive",
        summary="Pictures as one zip with a manifest",
        response_class=Response,
        responses={200: {"content": {"application/zip": {}}}},
    )
    def archive(
        request: Request,
        ids: Annotated[str, Query(pattern=r"^\d{1,18}(,\d{1,18})*$", description="As 3,4,9.", max_length=4000)],
        format: Annotated[Literal["png", "jpg", "webp"], Query()] = "png",
        quality: Annotated[int | None, Query(ge=0, le=100)] = None,
        metadata: Annotated[Literal["full", "minimal", "none"], Query()] = "full",
    ) -> Response:
        wanted = list(dict.fromkeys(map(int, ids.split(","))))
        if len(wanted) > MOST:
            raise RequestError(f"{len(wanted)} pictures are too many for one zip: {MOST} at most, ask in parts")
        out, said = io.BytesIO(), []
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as zipped:  # pictures are compressed already
            for id in wanted:
                entry = library.entry(id, caller_of(request).sees)
                name = f"sfumato-{id}.{format}"
                zipped.writestr(name, encoded(desk, entry, format, quality, metadata))
                about = {"recipe": entry.recipe.model_dump(mode="json")} if metadata == "full" else {}
                said.append({"file": name, "width": entry.width, "height": entry.height, **about})
            zipped.writestr("manifest.json", json.dumps({"pictures": said}, indent=2, ensure_ascii=False))
        headers = {"Content-Disposition": 'attachment; filename="sfumato.zip"'}
        return Response(out.getvalue(), media_type="application/zip", headers=headers)

    return routes


PART = Shape(PREFIX, router, error, "application/problem+json")
