"""Bring a picture to another size with Lanczos' filter; alpha is respected, so no edge takes colour from nothing."""

from PIL import Image

from sfumato.core.errors import RequestError


def resize(image: Image.Image, value: str) -> Image.Image:
    """value: `256x256`, width x height in pixels."""
    width, _, height = value.partition("x")
    if not (width.isdecimal() and height.isdecimal() and 0 < int(width) <= 16384 and 0 < int(height) <= 16384):
        raise RequestError(f"resize takes a size as 256x256, sides 1 to 16384, not {value[:40]!r}")
    return image.convert("RGBa").resize((int(width), int(height)), Image.Resampling.LANCZOS).convert("RGBA")


PART = resize
