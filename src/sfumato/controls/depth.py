"""How far away things are: near is bright. It is not found in pictures yet; a picture of it can be given."""

from PIL import Image

from sfumato.controls import Maker
from sfumato.core.errors import RequestError
from sfumato.weights import Weights


def depth(image: Image.Image, weights: Weights) -> Image.Image:
    """No network for it is in any package archive."""
    raise RequestError(
        "depth cannot be found in pictures yet: give a picture of it, near things bright, --control depth:FILE:ready"
    )


PART = Maker(depth)
