"""black-forest-labs/flux-dev, as in https://github.com/replicate/cog-flux."""

from dataclasses import replace

from pydantic import Field

from sfumato.http.hosted import Hosted, Wish
from sfumato.http.hosted._flux import Flux
from sfumato.http.hosted._flux import wish as flux_wish

OF_A_SIZE = ("aspect_ratio", "megapixels")


class FluxDev(Flux):
    """guidance: distilled. prompt_strength: of `image`, 1 leaves nothing of it."""

    num_inference_steps: int = Field(default=28, ge=1, le=50)
    guidance: float = Field(default=3, ge=0, le=10)
    image: str | None = None
    prompt_strength: float = Field(default=0.8, ge=0, le=1)


def wish(given: FluxDev) -> Wish:
    wish = flux_wish(given)
    if given.image is None:
        idle = ("prompt_strength has no effect without image",) if given.given("prompt_strength") is not None else ()
        return replace(wish, warnings=wish.warnings + idle)
    idle = tuple(f"{name} has no effect beside image" for name in OF_A_SIZE if given.given(name) is not None)
    return replace(wish, size=None, image=given.image, strength=given.prompt_strength, warnings=wish.warnings + idle)


PART = Hosted("black-forest-labs/flux-dev", FluxDev, wish)
