"""AUTOMATIC1111's API, `/sdapi/v1`, as its own `/docs` describe it: text to image, and what clients look up around it.

Its fields are many; those that we cannot honour are refused unless they have the value that asks for nothing. A call
waits until its pictures are there. `interrupt` gives those that are finished. What has no effect is told in the
answer's `info`.
"""

import base64
import binascii
import json
import time
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from sfumato import exports
from sfumato.core.errors import NotFound, RequestError, UnreadableFile
from sfumato.core.job import Job
from sfumato.core.order import Order
from sfumato.core.wording import shown
from sfumato.exports.parameters import SAMPLERS as THEIR_SAMPLERS
from sfumato.exports.parameters import written
from sfumato.http.desk import Desk, caller_of, failed
from sfumato.http.problems import Problem
from sfumato.http.shapes import Shape
from sfumato.http.shapes.native import encoded

DOOR = "sdapi"
SAMPLERS = {theirs: ours for ours, theirs in THEIR_SAMPLERS.items()}
SCHEDULES = {"automatic": None, "karras": "karras", "exponential": "exponential"}
NOTHING: dict[str, tuple[Any, ...]] = {  # the values that ask for nothing
    "enable_hr": (False, None), "restore_faces": (False, None), "tiling": (False, None), "styles": ([], None),
    "subseed_strength": (0, None), "eta": (0, 1, None), "s_churn": (0, None), "s_tmin": (0, None),
    "s_noise": (1, None), "script_name": ("", None), "alwayson_scripts": ({}, None), "refiner_checkpoint": ("", None),
    "firstpass_image": (None,), "infotext": (None,), "comments": ({}, None), "send_images": (True,),
}  # fmt: skip


class TextToImage(BaseModel):
    """The fields of txt2img. seed: -1 draws one. Pictures: batch_size times n_iter."""

    model_config = ConfigDict(extra="forbid")

    prompt: str = ""
    negative_prompt: str = ""
    seed: int = Field(default=-1, ge=-1)
    steps: int = 50
    cfg_scale: float = 7.0
    width: int = 512
    height: int = 512
    batch_size: int = Field(default=1, ge=1, le=64)
    n_iter: int = Field(default=1, ge=1, le=100)
    sampler_name: str | None = None
    sampler_index: str | None = "Euler"
    scheduler: str | None = None
    override_settings: dict[str, Any] = {}
    override_settings_restore_afterwards: bool = True
    save_images: bool = False
    do_not_save_samples: bool = False
    do_not_save_grid: bool = False
    disable_extra_networks: bool = False
    force_task_id: str | None = None
    script_args: list[Any] = []
    styles: list[str] | None = None
    restore_faces: bool | None = None
    tiling: bool | None = None
    eta: float | None = None
    s_churn: float | None = None
    s_tmin: float | None = None
    s_tmax: float | None = None
    s_noise: float | None = None
    s_min_uncond: float | None = None
    subseed: int = -1
    subseed_strength: float | None = 0
    seed_resize_from_h: int = -1
    seed_resize_from_w: int = -1
    denoising_strength: float | None = None
    script_name: str | None = None
    alwayson_scripts: dict[str, Any] | None = None
    send_images: bool = True
    refiner_checkpoint: str | None = None
    refiner_switch_at: float | None = None
    firstpass_image: str | None = None
    comments: dict[str, Any] | None = None
    infotext: str | None = None
    enable_hr: bool | None = False
    firstphase_width: int = 0
    firstphase_height: int = 0
    hr_scale: float = 2.0
    hr_upscaler: str | None = None
    hr_second_pass_steps: int = 0
    hr_resize_x: int = 0
    hr_resize_y: int = 0
    hr_checkpoint_name: str | None = None
    hr_sampler_name: str | None = None
    hr_scheduler: str | None = None
    hr_prompt: str = ""
    hr_negative_prompt: str = ""


class WithPicture(BaseModel):
    """image: base64, perhaps as a data URL."""

    image: str


def router(desk: Desk) -> APIRouter:
    """txt2img and what is around it."""
    routes, studio = APIRouter(tags=["AUTOMATIC1111"]), desk.studio

    @routes.post("/txt2img", summary="Pictures of a prompt")
    async def txt2img(body: TextToImage, request: Request) -> dict[str, Any]:
        job = await run_in_threadpool(submit, desk, request, body)
        done = await desk.hub.ended(job.id)
        if not (done.state == "cancelled" and done.made):  # interrupted: what is finished is given
            failed(done)
        return await run_in_threadpool(answer, desk, done, body)

    @routes.get("/progress", summary="How far the newest call is")
    def progress(request: Request, skip_current_image: bool = False) -> dict[str, Any]:
        job = next(iter(under_way(desk, request)), None)
        if job is None:
            return {"progress": 0.0, "eta_relative": 0.0, "state": state_of(None), "current_image": None,
                    "textinfo": None}  # fmt: skip
        count = len(job.recipes)
        done = (len(job.made) + (job.step / job.steps if job.number >= len(job.made) else 0)) / count
        took = 0.0 if job.started is None else max(0.0, time.time() - job.started)
        left = took / done * (1 - done) if done else 0.0
        return {"progress": round(min(done, 1.0), 4), "eta_relative": round(left, 2), "state": state_of(job),
                "current_image": None, "textinfo": None}  # fmt: skip

    @routes.post("/interrupt", summary="Stop the calls that are under way; finished pictures are given")
    def interrupt(request: Request) -> dict[str, Any]:
        for job in under_way(desk, request):
            desk.cancel(request, job.id)
        return {}

    @routes.post("/png-info", summary="What a picture says of how it was made")
    def png_info(body: WithPicture) -> dict[str, Any]:
        found = exports.read(decoded(body.image))
        if found.recipe is None:
            return {"info": "", "items": {}, "parameters": {}}
        text = written(found.recipe)
        return {"info": text, "items": {"parameters": text}, "parameters": found.recipe.model_dump(mode="json")}

    @routes.get("/samplers")
    def samplers() -> list[dict[str, Any]]:
        return [{"name": name, "aliases": [ours], "options": {}} for name, ours in SAMPLERS.items()]

    @routes.get("/schedulers")
    def schedulers() -> list[dict[str, Any]]:
        return [{"name": name, "label": name.title(), "aliases": None, "default_rho": -1, "need_inner_model": False}
                for name in SCHEDULES]  # fmt: skip

    @routes.get("/sd-models")
    def sd_models() -> list[dict[str, Any]]:
        return [{"title": card.name, "model_name": card.name, "hash": None, "sha256": None, "filename": card.name,
                 "config": None} for card in studio.models()]  # fmt: skip

    @routes.get("/loras")
    def loras() -> list[dict[str, Any]]:
        return [{"name": kept.name, "alias": kept.name, "path": kept.name, "metadata": {}} for kept in studio.loras()]

    @routes.get("/options")
    def options() -> dict[str, Any]:
        return {"sd_model_checkpoint": studio.model().name}

    @routes.post("/options")
    def set_options(body: dict[str, Any]) -> None:
        raise RequestError("no request changes settings: name a model in override_settings.sd_model_checkpoint")

    @routes.get("/prompt-styles")
    def prompt_styles() -> list[dict[str, Any]]:
        styles = studio.model().styles
        words = styles.names if styles else {}
        return [{"name": name, "prompt": said, "negative_prompt": ""} for name, said in words.items()]

    @routes.get("/scripts")
    def scripts() -> dict[str, list[str]]:
        return {"txt2img": [], "img2img": []}

    @routes.get("/cmd-flags")
    def cmd_flags() -> dict[str, Any]:
        return {}

    @routes.get("/memory")
    def memory() -> dict[str, Any]:
        return {"ram": {}, "cuda": {"error": "not measured"}}

    for name in ("upscalers", "sd-vae", "hypernetworks", "face-restorers", "realesrgan-models", "latent-upscale-modes",
                 "script-info", "extensions"):  # fmt: skip
        routes.add_api_route(f"/{name}", empty, methods=["GET"], name=name)
    return routes


def empty() -> list[dict[str, Any]]:
    """Of these there are none here."""
    return []


def submit(desk: Desk, request: Request, body: TextToImage) -> Job:
    """The order that a body means, queued."""
    for name, values in NOTHING.items():
        if (value := getattr(body, name)) not in values:
            raise RequestError(f"{name} {shown(value)} cannot be honoured here: leave it out")
    wanted = dict(body.override_settings)
    model, warnings = desk.studio.stand_in(wanted.pop("sd_model_checkpoint", None))
    if wanted:
        raise RequestError(f"override_settings.{next(iter(wanted))[:80]} cannot be set by a request: leave it out")
    if body.do_not_save_samples:
        warnings = [*warnings, "do_not_save_samples has no effect: every picture is kept in the library"]
    fields, told = desk.studio.fitted((body.width, body.height), model, body.cfg_scale)
    order = Order(
        prompt=body.prompt, negative=body.negative_prompt or None, model=model, n=body.batch_size * body.n_iter,
        seed=None if body.seed == -1 else body.seed, steps=body.steps,
        sampler=named("sampler", SAMPLERS, body.sampler_name or body.sampler_index or "Euler"),
        schedule=named("scheduler", SCHEDULES, (body.scheduler or "automatic").lower()), **fields,
    )  # fmt: skip
    asked = body.model_dump(mode="json", exclude_defaults=True)
    return desk.submit(request, order, door=DOOR, asked=asked, warnings=(*warnings, *told))


def named(kind: str, known: dict[str, Any], name: str) -> Any:
    if name not in known:
        raise NotFound(f"{kind.title()} not found: {shown(name)}; there are {', '.join(known)}")
    return known[name]


def answer(desk: Desk, job: Job, body: TextToImage) -> dict[str, Any]:
    entries = desk.entries(job)
    first = job.recipes[0]
    info = {
        "prompt": body.prompt, "all_prompts": [body.prompt] * len(entries), "negative_prompt": body.negative_prompt,
        "seed": first.seed, "all_seeds": [entry.recipe.seed for entry in entries], "subseed": -1, "width": body.width,
        "height": body.height, "sampler_name": body.sampler_name or body.sampler_index, "cfg_scale": body.cfg_scale,
        "steps": body.steps, "batch_size": body.batch_size, "sd_model_name": first.model, "index_of_first_image": 0,
        "infotexts": [written(entry.recipe) for entry in entries], "warnings": list(job.warnings),
    }  # fmt: skip
    images = [base64.b64encode(encoded(desk, entry, "png")).decode() for entry in entries]
    return {"images": images, "parameters": body.model_dump(mode="json"), "info": json.dumps(info)}


def under_way(desk: Desk, request: Request) -> list[Job]:
    """This caller's calls, the newest first."""
    return desk.studio.queue.find(caller_of(request).sees, states=["running", "queued"], door=DOOR)


def state_of(job: Job | None) -> dict[str, Any]:
    made, count = (len(job.made), len(job.recipes)) if job else (0, 0)
    return {
        "skipped": False, "interrupted": False, "stopping_generation": False, "job": job.id if job else "",
        "job_count": count, "job_timestamp": "0", "job_no": made, "sampling_step": job.step if job else 0,
        "sampling_steps": job.steps if job else 0,
    }  # fmt: skip


def decoded(text: str) -> bytes:
    """The bytes of base64, with or without a data URL's head."""
    head, comma, tail = text.partition(",")
    try:
        return base64.b64decode("".join((tail if comma and head.startswith("data:") else text).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableFile("image is not base64: send a PNG, JPEG or WebP in it") from error


def error(problem: Problem) -> dict[str, Any]:
    return {"error": problem.kind, "detail": problem.detail, "body": "", "errors": problem.detail}


PART = Shape("/sdapi/v1", router, error)
