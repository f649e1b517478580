"""ideogram-ai/ideogram-v2: a style, a magic prompt, one picture."""

from typing import Literal

from pydantic import Field

from sfumato.core.errors import RequestError
from sfumato.http.hosted import Hosted, Input, Wish, idle

SIZES = {
    "1:1": (1024, 1024), "16:9": (1312, 736), "9:16": (736, 1312), "4:3": (1152, 864), "3:4": (864, 1152),
    "3:2": (1248, 832), "2:3": (832, 1248), "16:10": (1280, 800), "10:16": (800, 1280), "3:1": (1536, 512),
    "1:3": (512, 1536),
}  # fmt: skip


OF_A_SIZE = ("aspect_ratio", "resolution")


class Ideogram(Input):
    """resolution: `None` or WxH, which goes before aspect_ratio. mask: black where to paint."""

    prompt: str
    negative_prompt: str | None = None
    aspect_ratio: Literal["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "16:10", "10:16", "3:1", "1:3"] = "1:1"
    resolution: str = Field(default="None", pattern=r"^(None|[1-9][0-9]{2,3}x[1-9][0-9]{2,3})$")
    magic_prompt_option: Literal["Auto", "On", "Off"] = "Auto"
    image: str | None = None
    mask: str | None = None
    style_type: Literal["None", "Auto", "General", "Realistic", "Design", "Render 3D", "Anime"] = "None"
    seed: int | None = Field(default=None, ge=0, le=2147483647)


def wish(given: Ideogram) -> Wish:
    if (given.image is None) != (given.mask is None):
        raise RequestError("inpainting takes both an image and a mask, black where to paint: give both, or neither")
    size = SIZES[given.aspect_ratio]
    if given.resolution != "None":
        width, _, height = given.resolution.partition("x")
        size = int(width), int(height)
    warnings = idle(given)
    if given.style_type not in {"None", "Auto", "General"}:
        warnings += (f"style_type {given.style_type} has no effect: say it in the prompt",)
    fields = {"prompt": given.prompt, "negative": given.negative_prompt, "seed": given.seed}
    fields["expand"] = given.magic_prompt_option == "On"
    if given.image is None:
        return Wish(fields, size, "png", None, warnings)
    warnings += tuple(f"{name} has no effect beside image" for name in OF_A_SIZE if given.given(name) is not None)
    return Wish(fields, None, "png", None, warnings, image=given.image, mask=given.mask, polarity="black")


PART = Hosted("ideogram-ai/ideogram-v2", Ideogram, wish, single=True, versions=("d07f7f3a",))
