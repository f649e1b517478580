"""Put a picture in the middle of a larger, empty canvas; its own pixels stay as they are."""

import re

from PIL import Image

from sfumato.core.errors import RequestError


def pad(image: Image.Image, value: str) -> Image.Image:
    """value: `432x144`, width x height in pixels; no side smaller than the picture's."""
    if not re.fullmatch(r"[0-9]{1,5}x[0-9]{1,5}", value):
        raise RequestError(f"pad takes a size as 432x144, not {value[:40]!r}")
    width, height = (int(side) for side in value.split("x"))
    if not (image.width <= width <= 16384 and image.height <= height <= 16384):
        raise RequestError(f"pad takes a size from {image.width}x{image.height} to 16384 a side, not {value}")
    canvas = Image.new("RGBA", (width, height))
    canvas.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return canvas


PART = pad
