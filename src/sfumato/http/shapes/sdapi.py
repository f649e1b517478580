"""AUTOMATIC1111's API, `/sdapi/v1`, as its own `/docs` describe it: pictures of words, and of pictures.

A call waits until its pictures are there. `interrupt` gives those that are finished. What has no effect is told in the
answer's `info`. Masks are white where to paint; of one that is partly transparent, what is opaque is painted.
"""

import asyncio
import base64
import io
import time
from contextlib import suppress
from typing import Any, Literal

from fastapi import APIRouter, Request
from PIL import Image, ImageFilter, ImageOps
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from sfumato.core.errors import RequestError
from sfumato.core.job import Job
from sfumato.core.order import Order
from sfumato.finishing import LARGEST
from sfumato.finishing.resize import resized
from sfumato.framing import within
from sfumato.http.changes import Change, changed
from sfumato.http.desk import Desk, failed
from sfumato.http.hub import Live
from sfumato.http.pictures import Reader, base64_of
from sfumato.http.problems import of_fields
from sfumato.http.sdapi import DOOR, PREFIX, Painting, answer, error, queued, under_way, wishes
from sfumato.http.shapes import Shape
from sfumato.operations.erase import spread

LATER = 2**62  # an event that has not come yet
GLIMPSE = 0.5  # seconds that a preview is waited for


class TextToImage(Painting):
    """The fields of txt2img."""

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


class ImageToImage(Painting):
    """The fields of img2img. resize_mode: 0 stretches, 1 crops, 2 lets the border go on, 3 is as 0."""

    init_images: list[str] = Field(default_factory=list)
    resize_mode: Literal[0, 1, 2, 3] = 0
    denoising_strength: float | None = Field(default=0.75, ge=0, le=1)
    image_cfg_scale: float | None = None
    mask: str | None = None
    mask_blur: int | None = Field(default=None, ge=0, le=256)
    mask_blur_x: int = Field(default=4, ge=0, le=256)
    mask_blur_y: int = Field(default=4, ge=0, le=256)
    mask_round: bool = True
    inpainting_fill: Literal[0, 1, 2, 3] = 0
    inpaint_full_res: bool | Literal[0, 1] = True
    inpaint_full_res_padding: int = 0
    inpainting_mask_invert: Literal[0, 1] = 0
    initial_noise_multiplier: float | None = None
    latent_mask: str | None = None
    include_init_images: bool = False

    @property
    def blur(self) -> tuple[int, int]:
        """Pixels across and down; mask_blur says both."""
        return (self.mask_blur_x, self.mask_blur_y) if self.mask_blur is None else (self.mask_blur, self.mask_blur)

    def echoed(self) -> dict[str, Any]:
        without = set() if self.include_init_images else {"init_images", "mask"}
        return {**self.model_dump(mode="json", exclude=without), **dict.fromkeys(without)}


def router(desk: Desk) -> APIRouter:
    """txt2img, img2img, and what is asked meanwhile."""
    routes = APIRouter(tags=["AUTOMATIC1111"])

    async def ended(job: Job, body: Painting) -> dict[str, Any]:
        done = await desk.hub.ended(job.id)
        if not (done.state == "cancelled" and done.made):  # interrupted: what is finished is given
            failed(done)
        return await run_in_threadpool(answer, desk, done, body)

    @routes.post("/txt2img", summary="Pictures of a prompt")
    async def txt2img(body: TextToImage, request: Request) -> dict[str, Any]:
        return await ended(await run_in_threadpool(from_words, desk, request, body), body)

    @routes.post("/img2img", summary="Pictures of a picture, or only where a mask is white")
    async def img2img(body: ImageToImage, request: Request) -> dict[str, Any]:
        return await ended(await run_in_threadpool(from_picture, desk, request, body), body)

    @routes.get("/progress", summary="How far the newest call is")
    async def progress(request: Request, skip_current_image: bool = False) -> dict[str, Any]:
        job = next(iter(await run_in_threadpool(under_way, desk, request)), None)
        if job is None:
            return {"progress": 0.0, "eta_relative": 0.0, "state": state_of(None), "current_image": None,
                    "textinfo": None}  # fmt: skip
        count = len(job.recipes)
        done = (len(job.made) + (job.step / job.steps if job.number >= len(job.made) else 0)) / count
        took = 0.0 if job.started is None else max(0.0, time.time() - job.started)
        left = took / done * (1 - done) if done else 0.0
        image = None if skip_current_image or job.state != "running" else await glimpse(desk, job)
        return {"progress": round(min(done, 1.0), 4), "eta_relative": round(left, 2), "state": state_of(job),
                "current_image": image, "textinfo": None}  # fmt: skip

    @routes.post("/interrupt", summary="Stop the calls that are under way; finished pictures are given")
    def interrupt(request: Request) -> dict[str, Any]:
        for job in under_way(desk, request):
            desk.cancel(request, job.id)
        return {}

    @routes.post("/skip", summary="Leave out the picture that is being painted, and go on with the next")
    def skip(request: Request) -> dict[str, Any]:
        for job in under_way(desk, request):
            if job.state == "running":
                desk.drop(request, job.id, job.number)
        return {}

    return routes


def from_words(desk: Desk, request: Request, body: TextToImage) -> Job:
    """The order that a body of txt2img means, queued."""
    fields, warnings = wishes(desk, body)
    fitted, told = desk.studio.fitted(body.size, fields["model"], body.cfg_scale)
    return queued(desk, request, body, Order(**fields | fitted), [*warnings, *told])


def from_picture(desk: Desk, request: Request, body: ImageToImage) -> Job:
    """The same of img2img."""
    if len(body.init_images) != 1:
        raise RequestError(f"init_images holds {len(body.init_images)} pictures: send one at a time")
    if not all(8 <= side <= LARGEST for side in body.size):
        raise RequestError(f"size {body.width}x{body.height} is not possible: each side is 8 to {LARGEST}")
    fields, warnings = wishes(desk, body)
    fields["guidance"], told = desk.studio.fitted_guidance(body.cfg_scale, fields["model"])
    reader = Reader(desk, request)
    image = shaped(reader.named(body.init_images[0], "init_images.0"), body.size, body.resize_mode)
    mask = None if body.mask is None else white_where_painted(reader.named(body.mask, "mask"), body)
    if mask is not None and body.inpainting_fill > 1:
        raise RequestError("inpainting_fill 2 and 3 begin with noise: use 0 (what is around) or 1 (what is there)")
    if mask is not None and body.inpainting_fill == 0:
        image = spread(image, mask.convert("L"))
    order, more = changed(desk, Change(image, mask, "white", body.denoising_strength), fields)
    return queued(desk, request, body, order, [*warnings, *told, *more, *idle(body)])


def idle(body: ImageToImage) -> list[str]:
    """One line for each field that changes nothing here."""
    said = []
    if body.resize_mode == 3:
        said.append("resize_mode 3 is done as 0: pictures are not enlarged in the model's own space")
    if body.mask is not None and (not body.inpaint_full_res or body.inpaint_full_res_padding):
        said.append("inpaint_full_res has no effect: the mask is seen with half as much around it, at the best size")
    return said


def shaped(image: Image.Image, size: tuple[int, int], mode: int) -> Image.Image:
    """A picture brought to a size (width, height), as their resize modes do."""
    if image.size == size:
        return image
    if mode == 1:
        return ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    if mode == 2:
        inner = within(image.size, size)
        left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
        right, bottom = size[0] - inner[0] - left, size[1] - inner[1] - top
        return bordered(resized(image, inner), (left, top, right, bottom))
    return resized(image, size)


def bordered(image: Image.Image, sides: tuple[int, int, int, int]) -> Image.Image:
    """The picture with its outermost pixels going on to the left, top, right and bottom."""
    import numpy as np

    left, top, right, bottom = sides
    return Image.fromarray(np.pad(np.asarray(image), ((top, bottom), (left, right), (0, 0)), mode="edge"), "RGBA")


def white_where_painted(mask: Image.Image, body: ImageToImage) -> Image.Image:
    """Their mask as ours, RGBA, of the size that is painted."""
    opaque = mask.getchannel("A").getextrema() == (255, 255)
    grey = mask.convert("L") if opaque else mask.getchannel("A")
    if body.mask_round:
        grey = grey.point([0] * 128 + [255] * 128)
    if body.inpainting_mask_invert:
        grey = ImageOps.invert(grey)
    grey = shaped(grey.convert("RGBA"), body.size, body.resize_mode).convert("L")
    return grey.filter(ImageFilter.GaussianBlur(body.blur)).convert("RGBA")


async def glimpse(desk: Desk, job: Job) -> str | None:
    """What is being painted, as base64 of a PNG, if a preview comes soon enough."""
    with suppress(TimeoutError):
        async with asyncio.timeout(GLIMPSE):
            async for event in desk.hub.events(job.id, LATER, previews=True):
                if isinstance(event, Live) and event.kind == "preview":
                    return await run_in_threadpool(as_png, event.data["image"])
    return None


def as_png(preview: str) -> str:
    out = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(preview)), formats=["WEBP"]) as image:
        image.save(out, "PNG")
    return base64_of(out.getvalue())


def state_of(job: Job | None) -> dict[str, Any]:
    made, count = (len(job.made), len(job.recipes)) if job else (0, 0)
    return {
        "skipped": False, "interrupted": False, "stopping_generation": False, "job": job.id if job else "",
        "job_count": count, "job_timestamp": "0", "job_no": made, "sampling_step": job.step if job else 0,
        "sampling_steps": job.steps if job else 0,
    }  # fmt: skip


PART = Shape(PREFIX, router, error, status=of_fields, door=DOOR)
