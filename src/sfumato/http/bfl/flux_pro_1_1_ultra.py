"""flux-pro-1.1-ultra: sizes by ratio; how far it is led by a picture is said."""

from pydantic import Field

from sfumato.http.bfl import BflInput, by_ratio, prompted
from sfumato.http.hosted import Hosted, Wish

RATIO = r"^(21:9|16:9|3:2|4:3|5:4|1:1|4:5|3:4|2:3|9:16|9:21)$"


class Ultra(BflInput):
    """image_prompt_strength: 0 to 1, how much of the picture stays."""

    aspect_ratio: str = Field(default="16:9", pattern=RATIO)
    raw: bool = False
    image_prompt: str | None = None
    image_prompt_strength: float = Field(default=0.1, ge=0, le=1)


def wish(given: Ultra) -> Wish:
    return prompted(given, by_ratio(given.aspect_ratio), given.image_prompt, 1 - given.image_prompt_strength)


PART = Hosted("flux-pro-1.1-ultra", Ultra, wish, single=True)
