"""black-forest-labs/flux-fill-dev, as in https://github.com/replicate/cog-flux: painted where a mask is white."""

from typing import Literal

from pydantic import Field

from sfumato.core.errors import RequestError
from sfumato.http.hosted import Hosted, Input, Wish, idle


class FluxFill(Input):
    """mask: white where to paint; null: the image's transparent part."""

    prompt: str
    image: str
    mask: str | None = None
    num_outputs: int = Field(default=1, ge=1, le=4)
    num_inference_steps: int = Field(default=28, ge=1, le=50)
    guidance: float = Field(default=30, ge=0, le=100)
    seed: int | None = None
    megapixels: Literal["1", "0.25", "match_input"] = "1"
    output_format: Literal["webp", "jpg", "png"] = "webp"
    output_quality: int = Field(default=80, ge=0, le=100)
    lora_weights: str | None = None
    lora_scale: float = Field(default=1, ge=-1, le=3)
    disable_safety_checker: bool = False


def wish(given: FluxFill) -> Wish:
    """The picture's own size stays, for nothing else keeps its pixels."""
    if given.lora_weights is not None:
        raise RequestError("lora_weights: nothing is fetched from there: leave it out")
    warnings = idle(given)
    if given.given("megapixels") not in {None, "match_input"}:
        warnings += ("megapixels has no effect: the picture keeps its size",)
    fields = {
        "prompt": given.prompt, "n": given.num_outputs, "seed": given.seed, "steps": given.given("num_inference_steps"),
        "guidance": given.given("guidance"),
    }  # fmt: skip
    quality = None if given.output_format == "png" else given.output_quality
    mask, polarity = (given.image, "alpha") if given.mask is None else (given.mask, "white")
    return Wish(fields, None, given.output_format, quality, warnings, image=given.image, mask=mask, polarity=polarity)


PART = Hosted("black-forest-labs/flux-fill-dev", FluxFill, wish)
