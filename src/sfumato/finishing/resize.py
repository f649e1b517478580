"""Bring a picture to another size with Lanczos' filter; where it grows, the edge of what is painted stays an edge.

Alpha is respected, so no edge takes colour from nothing. Enlarging four times spreads a transparent edge over four
pixels and more, which looks like fog around a sticker; so alpha is steepened about its middle, the more the more the
picture grows. What is opaque or empty stays so.
"""

from PIL import Image

from sfumato.core.errors import RequestError

STEEPER = 0.4  # of alpha's slope, for each time the picture grows; 1.0 would undo the filter and show its steps
STEEPEST = 3.0


def resize(image: Image.Image, value: str) -> Image.Image:
    """value: `256x256`, width x height in pixels."""
    width, _, height = value.partition("x")
    if not (width.isdecimal() and height.isdecimal() and 0 < int(width) <= 16384 and 0 < int(height) <= 16384):
        raise RequestError(f"resize takes a size as 256x256, sides 1 to 16384, not {value[:40]!r}")
    grown = min(int(width) / image.width, int(height) / image.height)
    resized = image.convert("RGBa").resize((int(width), int(height)), Image.Resampling.LANCZOS).convert("RGBA")
    if grown > 1:
        slope = min(1 + STEEPER * (grown - 1), STEEPEST)
        steepened = [min(max(round((a - 127.5) * slope + 127.5), 0), 255) for a in range(256)]
        resized.putalpha(resized.getchannel("A").point(steepened))
    return resized


PART = resize
