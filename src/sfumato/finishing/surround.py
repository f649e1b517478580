"""Put a picture in the middle of a larger canvas, on which the colours of its border go on; its own pixels stay.

On a ground of one colour that is more of the ground, and no seam shows; on any other it is a blur of what lies at the
border. A picture that is transparent around its border gets more of that.
"""

import numpy as np
from PIL import Image

from sfumato.core.errors import RequestError
from sfumato.finishing import Finisher, Size
from sfumato.finishing._matting import flat_ground
from sfumato.finishing._membrane import carried_on
from sfumato.finishing.pad import check as check_pad
from sfumato.weights import Weights


def surround(image: Image.Image, value: str, weights: Weights) -> Image.Image:
    """value: `432x144`, width x height in pixels; no side smaller than the picture's."""
    width, height = check(value, image.size, weights)
    image = image.convert("RGBA")
    left, top = (width - image.width) // 2, (height - image.height) // 2
    canvas = Image.new("RGBA", (width, height))
    canvas.paste(image, (left, top))
    if _is_open(image):
        return canvas
    if (ground := flat_ground(np.asarray(image.convert("RGB")))) is not None:
        made = Image.new("RGBA", (width, height), (*ground.tolist(), 255))
        made.paste(image, (left, top))
        return made
    return carried_on(canvas, (left, top, left + image.width, top + image.height))


def is_even(image: Image.Image) -> bool:
    """Whether what goes on is nothing, or one colour: RGBA."""
    return _is_open(image) or flat_ground(np.asarray(image.convert("RGB"))) is not None


def check(value: str, size: Size, weights: Weights) -> Size:
    try:
        return check_pad(value, size, weights)
    except RequestError as error:
        raise RequestError(str(error).replace("pad", "surround", 1)) from error


def _is_open(image: Image.Image) -> bool:
    """Whether most of the border is transparent."""
    alpha = np.asarray(image.getchannel("A"))
    return float(np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]]).mean()) < 128


PART = Finisher(surround, check)
