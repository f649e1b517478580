"""The models that Replicate's shape knows, and what else its clients look up: one page each, for there are few."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from sfumato.core.errors import NotFound
from sfumato.core.wording import shown
from sfumato.http.desk import Desk
from sfumato.http.hosted import Hosted, by_name, hosted, version_id
from sfumato.http.links import root_of
from sfumato.http.predictions import when
from sfumato.http.shapes import Shape
from sfumato.http.shapes.replicate import PREFIX, error

Name = Annotated[str, Path(max_length=100)]


def router(desk: Desk) -> APIRouter:
    """Models and their versions; of collections, deployments and trainings there are none."""
    routes = APIRouter(tags=["Replicate"])

    @routes.get("/models", summary="Models that can be asked for")
    def models(request: Request) -> dict[str, Any]:
        return page([described(request, one) for one in hosted])

    @routes.api_route("/models", methods=["QUERY"], include_in_schema=False)  # a method that OpenAPI cannot say
    async def search(request: Request) -> dict[str, Any]:
        words = (await request.body()).decode(errors="replace").casefold().split()
        known = [(one, f"{one.name} {one.about}".casefold()) for one in hosted]
        return page([described(request, one) for one, text in known if all(word in text for word in words)])

    @routes.get("/models/{owner}/{name}", summary="One model")
    def model(owner: Name, name: Name, request: Request) -> dict[str, Any]:
        return described(request, by_name(f"{owner}/{name}"))

    @routes.get("/models/{owner}/{name}/versions", summary="A model's versions: one")
    def versions(owner: Name, name: Name) -> dict[str, Any]:
        return page([version(by_name(f"{owner}/{name}"))])

    @routes.get("/models/{owner}/{name}/versions/{id}", summary="A version")
    def one_version(owner: Name, name: Name, id: Name) -> dict[str, Any]:
        found = by_name(f"{owner}/{name}")
        if id != version_id(found) and not id.startswith(found.versions):
            raise NotFound(f"no version {shown(id)} of {found.name} here: it has one, {version_id(found)}")
        return version(found)

    @routes.get("/hardware", summary="What predictions run on")
    def hardware() -> list[dict[str, str]]:
        return [{"name": "This machine", "sku": "local"}]

    def none() -> dict[str, Any]:
        """Of these there are none here."""
        return page([])

    for name in ("collections", "deployments", "trainings"):
        routes.add_api_route(f"/{name}", none, methods=["GET"], name=name)
    return routes


def page(results: list[Any]) -> dict[str, Any]:
    return {"previous": None, "next": None, "results": results}


def version(model: Hosted) -> dict[str, Any]:
    uri = {"type": "string", "format": "uri"}
    schemas = {
        "Input": {**model.Input.model_json_schema(), "title": "Input"},
        "Output": uri if model.single else {"type": "array", "items": uri},
    }
    return {
        "id": version_id(model), "created_at": when(0), "cog_version": "0.0.0",
        "openapi_schema": {"openapi": "3.1.0", "info": {"title": model.name, "version": "1"}, "paths": {},
                           "components": {"schemas": schemas}},
    }  # fmt: skip


def described(request: Request, model: Hosted) -> dict[str, Any]:
    owner, _, name = model.name.partition("/")
    return {
        "url": f"{root_of(request)}{PREFIX}/models/{model.name}", "owner": owner, "name": name,
        "description": f"What asks for {model.name} is painted here.", "visibility": "public", "github_url": None,
        "paper_url": None, "license_url": None, "run_count": 0, "cover_image_url": None, "default_example": None,
        "latest_version": version(model),
    }  # fmt: skip


PART = Shape(PREFIX, router, error)
