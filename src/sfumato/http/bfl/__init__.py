"""Models of Black Forest Labs, as their own API describes them (https://docs.bfl.ai): one file each.

To add one, add a file with a pydantic model of its input, field by field as the vendor has it, and
`PART = Hosted(path, Input, wish)`; path: what stands behind `/v1/`.
"""

from typing import Any, Literal

from pydantic import Field

from sfumato.core.ratios import ratio_of
from sfumato.core.registry import Registry
from sfumato.http.hosted import Hosted, Input, Wish, idle

models: Registry[Hosted] = Registry(__name__, "BFL model")

AS_A_START = "{} is begun with, at strength {:g}: no model here looks at pictures as at words"
IDLE = {
    "raw": "raw has no effect: say the look in the prompt",
    "interval": "interval has no effect: it is a knob of theirs",
}


class BflInput(Input):
    """What all of them take. output_format: jpeg, unless it is said."""

    prompt: str = Field(default="", max_length=32_000)
    seed: int | None = None
    prompt_upsampling: bool = False
    safety_tolerance: int = Field(default=2, ge=0, le=6)
    output_format: Literal["jpeg", "png"] = "jpeg"
    webhook_url: str | None = Field(default=None, max_length=2000)
    webhook_secret: str | None = Field(default=None, max_length=1000)


class Sized(BflInput):
    """width, height: multiples of 32."""

    width: int = Field(default=1024, ge=256, le=1440, multiple_of=32)
    height: int = Field(default=768, ge=256, le=1440, multiple_of=32)


def wished(given: BflInput, size: tuple[int, int] | None, warnings: tuple[str, ...] = (), **more: Any) -> Wish:
    """The order of an input; more: a Wish's other fields."""
    fields = {
        "prompt": given.prompt,
        "seed": given.seed,
        "steps": given.given("steps"),
        "expand": given.prompt_upsampling,
        **more.pop("fields", {}),
    }
    if "guidance" in type(given).model_fields:
        fields["guidance"] = given.given("guidance")
    said = tuple(text for name, text in IDLE.items() if name in given.model_fields_set and getattr(given, name))
    return Wish(fields, size, given.output_format, None, (*idle(given), *said, *warnings), **more)


def prompted(given: BflInput, size: tuple[int, int], picture: str | None, strength: float) -> Wish:
    """The same with an image prompt, which is begun with; strength: how much of it is painted anew."""
    if picture is None:
        return wished(given, size)
    return wished(given, size, (AS_A_START.format("image_prompt", strength),), image=picture, strength=strength)


def by_ratio(ratio: str) -> tuple[int, int]:
    """(width, height) of about a megapixel, multiples of 32; ratio: as 16:9."""
    shape = ratio_of(ratio)
    return round(1024 * shape**0.5 / 32) * 32, round(1024 / shape**0.5 / 32) * 32
