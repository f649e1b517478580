"""What AUTOMATIC1111's clients look up: models, samplers, styles, and the settings, which no request changes."""

import os
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from sfumato.core.errors import RequestError
from sfumato.http.desk import Desk
from sfumato.http.problems import of_fields
from sfumato.http.sdapi import PREFIX, SAMPLERS, SCHEDULES, error
from sfumato.http.shapes import Shape
from sfumato.http.shapes.sdapi_extras import NETWORKS_GROW, UPSCALERS

NONE_HERE = ("sd-vae", "sd-modules", "hypernetworks", "face-restorers", "realesrgan-models", "latent-upscale-modes",
             "script-info", "extensions")  # fmt: skip


def router(desk: Desk) -> APIRouter:
    """Lists, and what is always up to date."""
    routes, studio = APIRouter(tags=["AUTOMATIC1111"]), desk.studio

    @routes.get("/samplers")
    def samplers() -> list[dict[str, Any]]:
        return [{"name": name, "aliases": [ours], "options": {}} for name, ours in SAMPLERS.items()]

    @routes.get("/schedulers")
    def schedulers() -> list[dict[str, Any]]:
        return [{"name": name, "label": name.title(), "aliases": None, "default_rho": -1, "need_inner_model": False}
                for name in SCHEDULES]  # fmt: skip

    @routes.get("/upscalers")
    def upscalers() -> list[dict[str, Any]]:
        return [{"name": name, "model_name": kind, "model_path": None, "model_url": None, "scale": NETWORKS_GROW}
                for name, kind in UPSCALERS.items()]  # fmt: skip

    @routes.get("/sd-models", summary="Models that are ready to paint")
    def sd_models() -> list[dict[str, Any]]:
        return [{"title": name, "model_name": name, "hash": None, "sha256": None, "filename": name, "config": None}
                for name in sorted(studio.models_here())]  # fmt: skip

    @routes.get("/loras")
    def loras() -> list[dict[str, Any]]:
        return [{"name": kept.name, "alias": kept.name, "path": kept.name, "metadata": {}} for kept in studio.loras()]

    @routes.get("/prompt-styles", summary="The model's own styles, and presets of words")
    def prompt_styles() -> list[dict[str, Any]]:
        own = studio.model().styles
        known = {name: (said, "") for name, said in (own.names if own else {}).items()}
        known |= {one.name: (one.prompt, one.negative) for one in studio.style_presets() if one.name not in known}
        return [{"name": name, "prompt": said, "negative_prompt": unsaid} for name, (said, unsaid) in known.items()]

    @routes.get("/options")
    def options() -> dict[str, Any]:
        return {"sd_model_checkpoint": studio.model().name}

    @routes.post("/options")
    def set_options(body: dict[str, Any]) -> None:
        raise RequestError("no request changes settings: name a model in override_settings.sd_model_checkpoint")

    @routes.get("/scripts")
    def scripts() -> dict[str, list[str]]:
        return {"txt2img": [], "img2img": []}

    @routes.get("/embeddings")
    def embeddings() -> dict[str, dict[str, Any]]:
        return {"loaded": {}, "skipped": {}}

    @routes.get("/cmd-flags")
    def cmd_flags() -> dict[str, Any]:
        return {}

    @routes.get("/memory", summary="Of the machine, and of this process; bytes")
    def memory() -> dict[str, Any]:
        return {"ram": ram(), "cuda": {"error": "not measured: workers paint in processes of their own"}}

    def empty() -> list[dict[str, Any]]:
        """Of these there are none here."""
        return []

    def fresh() -> None:
        """Nothing is to do: lists are always read anew."""

    for name in NONE_HERE:
        routes.add_api_route(f"/{name}", empty, methods=["GET"], name=name)
    for name in ("checkpoints", "vae", "embeddings", "loras"):
        routes.add_api_route(f"/refresh-{name}", fresh, methods=["POST"], name=f"refresh-{name}")
    return routes


def ram() -> dict[str, Any]:
    """free, used (by this process) and total, bytes; where the system does not say, that."""
    try:
        page, total, free = (os.sysconf(f"SC_{name}") for name in ("PAGE_SIZE", "PHYS_PAGES", "AVPHYS_PAGES"))
        used = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, AttributeError, IndexError):
        return {"error": "this system does not say"}
    return {"free": free * page, "used": used * page, "total": total * page}


PART = Shape(PREFIX, router, error, status=of_fields)
