"""Pictures that steer a painting, as an operation lays them on its canvas."""

from collections.abc import Callable
from typing import Any

from PIL import Image, ImageOps

from sfumato.core.canvas import Pictures
from sfumato.core.recipe import Recipe
from sfumato.operations._windows import Size


def steered(
    recipe: Recipe, pictures: Pictures, page: Size, seen: Callable[[Image.Image], Image.Image] = lambda image: image
) -> dict[str, Any]:
    """Fields of a Canvas. page: (width, height) of the picture. seen: what of such a page the model sees.

    A control picture of another ratio is cut around its middle.
    """
    controls = (
        ImageOps.fit(on_black(pictures(use.picture)), page, Image.Resampling.BICUBIC) for use in recipe.controls
    )
    return {
        "controls": tuple(seen(image) for image in controls),
        "references": tuple(pictures(use.picture) for use in recipe.references),
    }


def on_black(image: Image.Image) -> Image.Image:
    """RGB; what is transparent becomes black, which in control pictures is nothing."""
    return Image.alpha_composite(Image.new("RGBA", image.size, "black"), image).convert("RGB")
