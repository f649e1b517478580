"""black-forest-labs/flux-dev, as in https://github.com/replicate/cog-flux."""

from pydantic import Field

from sfumato.http.hosted import Hosted, Wish, no_picture
from sfumato.http.hosted._flux import Flux
from sfumato.http.hosted._flux import wish as flux_wish


class FluxDev(Flux):
    """guidance: distilled. prompt_strength: of `image`, 1 leaves nothing of it."""

    num_inference_steps: int = Field(default=28, ge=1, le=50)
    guidance: float = Field(default=3, ge=0, le=10)
    image: str | None = None
    prompt_strength: float = Field(default=0.8, ge=0, le=1)


def wish(given: FluxDev) -> Wish:
    no_picture(given, "image")
    return flux_wish(given)


PART = Hosted("black-forest-labs/flux-dev", FluxDev, wish)
