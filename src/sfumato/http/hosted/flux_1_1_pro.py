"""black-forest-labs/flux-1.1-pro: one picture, sizes also by width and height."""

from typing import Literal

from pydantic import Field

from sfumato.core.errors import RequestError
from sfumato.http.hosted import Hosted, Input, Wish, idle
from sfumato.http.hosted._flux import SIZES

LOOSELY = 0.85  # of what an image prompt shows is painted anew
AS_A_START = f"image_prompt is begun with, at strength {LOOSELY:g}: no model here looks at pictures as at words"


class FluxPro(Input):
    """width, height: 256 to 1440, multiples of 32, with aspect_ratio custom."""

    prompt: str
    image_prompt: str | None = None
    aspect_ratio: Literal["custom", "1:1", "16:9", "3:2", "2:3", "4:5", "5:4", "9:16", "3:4", "4:3"] = "1:1"
    width: int | None = Field(default=None, ge=256, le=1440)
    height: int | None = Field(default=None, ge=256, le=1440)
    safety_tolerance: int = Field(default=2, ge=1, le=6)
    seed: int | None = None
    prompt_upsampling: bool = False
    output_format: Literal["webp", "jpg", "png"] = "webp"
    output_quality: int = Field(default=80, ge=0, le=100)


def wish(given: FluxPro) -> Wish:
    if given.aspect_ratio != "custom":
        if given.width is not None or given.height is not None:
            raise RequestError("width and height count with aspect_ratio custom only: set it, or leave them out")
        size = SIZES[given.aspect_ratio]
    elif given.width is None or given.height is None:
        raise RequestError("aspect_ratio custom needs width and height")
    else:
        size = round(given.width / 32) * 32, round(given.height / 32) * 32
    quality = None if given.output_format == "png" else given.output_quality
    fields = {"prompt": given.prompt, "seed": given.seed, "expand": given.prompt_upsampling}
    if given.image_prompt is None:
        return Wish(fields, size, given.output_format, quality, idle(given))
    return Wish(
        fields, size, given.output_format, quality, (*idle(given), AS_A_START), image=given.image_prompt,
        strength=LOOSELY,
    )  # fmt: skip


PART = Hosted("black-forest-labs/flux-1.1-pro", FluxPro, wish, single=True, versions=("96ccd0e7", "a91bed9b"))
