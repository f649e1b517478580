"""What FLUX's models on Replicate have in common: sizes by aspect ratio, in one megapixel or a quarter of it."""

from typing import Literal

from pydantic import Field

from sfumato.http.hosted import Input, Wish, idle

SIZES = {
    "1:1": (1024, 1024), "16:9": (1344, 768), "21:9": (1536, 640), "3:2": (1216, 832), "2:3": (832, 1216),
    "4:5": (896, 1088), "5:4": (1088, 896), "3:4": (896, 1152), "4:3": (1152, 896), "9:16": (768, 1344),
    "9:21": (640, 1536),
}  # fmt: skip

Ratio = Literal["1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21"]


class Flux(Input):
    """The fields of flux-schnell; flux-dev has more."""

    prompt: str
    aspect_ratio: Ratio = "1:1"
    num_outputs: int = Field(default=1, ge=1, le=4)
    num_inference_steps: int = Field(default=4, ge=1, le=4)
    seed: int | None = None
    output_format: Literal["webp", "jpg", "png"] = "webp"
    output_quality: int = Field(default=80, ge=0, le=100)
    disable_safety_checker: bool = False
    go_fast: bool = True
    megapixels: Literal["1", "0.25"] = "1"


def wish(given: Flux) -> Wish:
    """The order; each picture has the seed after the one before, where FLUX on Replicate takes them from one."""
    width, height = SIZES[given.aspect_ratio]
    part = 1 if given.megapixels == "1" else 2
    fields = {
        "prompt": given.prompt, "n": given.num_outputs, "seed": given.seed, "steps": given.given("num_inference_steps"),
        "guidance": given.given("guidance") if "guidance" in type(given).model_fields else None,
    }  # fmt: skip
    quality = None if given.output_format == "png" else given.output_quality
    return Wish(fields, (width // part, height // part), given.output_format, quality, idle(given))
