"""Lay a picture on one colour; what was transparent is that colour afterwards, and nothing is transparent."""

import re

from PIL import Image

from sfumato.core.errors import RequestError


def background(image: Image.Image, value: str) -> Image.Image:
    """value: `#rrggbb`, sRGB."""
    if not re.fullmatch("#[0-9a-f]{6}", value):
        raise RequestError(f"background takes a colour as #ff8800, not {value[:40]!r}")
    ground = Image.new("RGBA", image.size, value)
    ground.alpha_composite(image)
    return ground


PART = background
