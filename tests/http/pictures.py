"""Pictures that tests send, and how they are read again."""

import io
from typing import Any

import numpy as np
from PIL import Image

SIDE = 64


def drawn(alpha: int = 255) -> Image.Image:
    """A picture whose every pixel is another colour."""
    ramp = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    planes = [ramp % 251, ramp % 241, ramp % 239, np.full_like(ramp, alpha)]
    return Image.fromarray(np.stack(planes, -1).astype(np.uint8), "RGBA")


def as_bytes(image: Image.Image, format: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **more)
    return out.getvalue()


def opened_bytes(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGBA")


def left_half(left: int, right: int) -> Image.Image:
    """Grey, one value in the left half, another in the right."""
    mask = Image.new("L", (SIDE, SIDE), right)
    mask.paste(left, (0, 0, SIDE // 2, SIDE))
    return mask


def with_alpha(alpha: Image.Image) -> Image.Image:
    """White, and so transparent."""
    image = Image.new("RGBA", alpha.size, "white")
    image.putalpha(alpha)
    return image
