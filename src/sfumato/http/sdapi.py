"""AUTOMATIC1111's fields, and what they mean as an order; those that cannot be honoured are refused or warned about.

A field with a value that asks for nothing is let through: clients send them all, always.
"""

import json
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from sfumato.core.errors import NotFound, RequestError
from sfumato.core.job import Job
from sfumato.core.order import Order
from sfumato.core.recipe import Recipe
from sfumato.core.wording import shown
from sfumato.exports.parameters import SAMPLERS as THEIR_SAMPLERS
from sfumato.exports.parameters import without_loras, written
from sfumato.http.desk import Desk, caller_of
from sfumato.http.pictures import base64_of
from sfumato.http.problems import Problem
from sfumato.planning import Plan
from sfumato.planning.variations import turned

DOOR, PREFIX = "sdapi", "/sdapi/v1"
SAMPLERS = {theirs: ours for ours, theirs in THEIR_SAMPLERS.items()}
SCHEDULES = {"automatic": None, "karras": "karras", "exponential": "exponential"}
NOTHING: dict[str, tuple[Any, ...]] = {  # the values that ask for nothing
    "enable_hr": (False, None), "restore_faces": (False, None), "tiling": (False, None), "eta": (0, 1, None),
    "s_churn": (0, None), "s_tmin": (0, None), "s_noise": (1, None), "s_min_uncond": (0, None),
    "seed_resize_from_h": (-1, 0), "seed_resize_from_w": (-1, 0), "script_name": ("", None), "script_args": ([], None),
    "alwayson_scripts": ({}, None), "refiner_checkpoint": ("", None), "firstpass_image": (None,), "infotext": (None,),
    "comments": ({}, None), "send_images": (True,), "latent_mask": (None,), "initial_noise_multiplier": (1, None),
    "image_cfg_scale": (0, 1.5, 7, None),
}  # fmt: skip
"""image_cfg_scale: 1.5 is what clients send without being asked; it is for one kind of model that is not here."""


class Painting(BaseModel):
    """What txt2img and img2img share. seed: -1 draws one. Pictures: batch_size times n_iter."""

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
    script_args: list[Any] | None = None
    styles: list[str] | None = None
    restore_faces: bool | None = None
    tiling: bool | None = None
    eta: float | None = None
    s_churn: float | None = None
    s_tmin: float | None = None
    s_tmax: float | None = None
    s_noise: float | None = None
    s_min_uncond: float | None = None
    subseed: int = Field(default=-1, ge=-1)
    subseed_strength: float | None = Field(default=0, ge=0, le=1)
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

    @property
    def size(self) -> tuple[int, int]:
        """(width, height), pixels."""
        return self.width, self.height

    def echoed(self) -> dict[str, Any]:
        """The fields as the answer repeats them."""
        return self.model_dump(mode="json")


def wishes(desk: Desk, body: Painting) -> tuple[dict[str, Any], list[str]]:
    """Fields of an Order, without its size, and warnings; RequestError for what cannot be honoured."""
    for name, values in NOTHING.items():
        if (value := getattr(body, name, values[0])) not in values:
            raise RequestError(f"{name} {shown(value)} cannot be honoured here: leave it out")
    wanted = dict(body.override_settings)
    model, warnings = desk.studio.stand_in(wanted.pop("sd_model_checkpoint", None))
    if wanted:
        raise RequestError(f"override_settings.{next(iter(wanted))[:80]} cannot be set by a request: leave it out")
    if body.force_task_id:
        warnings = [*warnings, "force_task_id has no effect: progress tells of the newest call"]
    if body.do_not_save_samples:
        warnings = [*warnings, "do_not_save_samples has no effect: every picture is kept in the library"]
    prompt, loras = (body.prompt, ()) if body.disable_extra_networks else without_loras(body.prompt)
    return {
        "prompt": prompt, "negative": body.negative_prompt or None, "model": model, "loras": loras,
        "n": body.batch_size * body.n_iter, "seed": None if body.seed == -1 else body.seed, "steps": body.steps,
        "sampler": named("sampler", SAMPLERS, body.sampler_name or body.sampler_index or "Euler"),
        "schedule": named("scheduler", SCHEDULES, (body.scheduler or "automatic").lower()),
        **styled(desk, body.styles or [], model),
    }, warnings  # fmt: skip


def styled(desk: Desk, styles: list[str], model: str | None) -> dict[str, str]:
    """A style is one of the model's own, or a preset of words."""
    if not styles:
        return {}
    if len(styles) > 1:
        raise RequestError(f"styles: one at a time is taken here, not {len(styles)}: choose one")
    own = desk.studio.model(model).styles
    return {"style" if own is not None and styles[0] in own.names else "preset": styles[0]}


def named(kind: str, known: dict[str, Any], name: str) -> Any:
    if name not in known:
        raise NotFound(f"{kind.title()} not found: {shown(name)}; there are {', '.join(known)}")
    return known[name]


def queued(desk: Desk, request: Request, body: Painting, order: Order, warnings: list[str]) -> Job:
    """The order as a job; with a subseed, one seed whose noise is turned towards others, as theirs is."""
    asked = {name: value for name, value in body.model_dump(mode="json", exclude_defaults=True).items()
             if name not in {"init_images", "mask"}}  # fmt: skip
    asked |= {"start": order.start, "mask": order.mask}
    wish: Order | Plan = order
    if body.subseed_strength:
        first = desk.studio.plan(order.model_copy(update={"n": 1}))
        recipe, card = first.recipes[0], desk.studio.model(first.recipes[0].model)
        subseed = None if body.subseed == -1 else body.subseed
        wish = Plan(turned(recipe, card, order.n, subseed, body.subseed_strength).recipes, first.warnings)
    return desk.submit(request, wish, door=DOOR, asked=asked, warnings=tuple(warnings))


def subseed_of(recipe: Recipe) -> int:
    """The seed that a picture was varied toward; -1: toward none."""
    return -1 if recipe.toward is None or recipe.toward.seed is None else recipe.toward.seed


def answer(desk: Desk, job: Job, body: Painting) -> dict[str, Any]:
    """The pictures of a job that has ended; those that were deleted meanwhile are left out."""
    entries = desk.entries(job)
    first = job.recipes[0]
    info = {
        "prompt": body.prompt, "all_prompts": [body.prompt] * len(entries), "negative_prompt": body.negative_prompt,
        "all_negative_prompts": [body.negative_prompt] * len(entries), "seed": first.seed,
        "all_seeds": [entry.recipe.seed for entry in entries], "subseed": subseed_of(first),
        "all_subseeds": [subseed_of(entry.recipe) for entry in entries],
        "subseed_strength": body.subseed_strength or 0, "width": body.width, "height": body.height,
        "sampler_name": body.sampler_name or body.sampler_index, "cfg_scale": body.cfg_scale, "steps": body.steps,
        "batch_size": body.batch_size, "restore_faces": False, "sd_model_name": first.model, "sd_model_hash": None,
        "denoising_strength": first.strength if first.start else None, "extra_generation_params": {},
        "index_of_first_image": 0, "infotexts": [written(entry.recipe) for entry in entries],
        "styles": body.styles or [], "job_timestamp": "0", "clip_skip": 1, "warnings": list(job.warnings),
    }  # fmt: skip
    images = [base64_of(desk.studio.library.fetch(entry.id)) for entry in entries]
    return {"images": images, "parameters": body.echoed(), "info": json.dumps(info)}


def under_way(desk: Desk, request: Request) -> list[Job]:
    """This caller's calls, the newest first."""
    return desk.studio.queue.find(caller_of(request).sees, states=["running", "queued"], door=DOOR)


def error(problem: Problem) -> dict[str, Any]:
    return {"error": problem.kind, "detail": problem.detail, "body": "", "errors": problem.detail}
