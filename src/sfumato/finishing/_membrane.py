"""A sheet stretched between what is known: colours that go on smoothly where there is nothing to say how.

The membrane of Pérez, Gangnet and Blake 2003, Poisson image editing: each unknown value is the mean of its neighbours.
"""

import numpy as np
from PIL import Image, ImageOps

Box = tuple[int, int, int, int]
"""left, top, right, bottom: pixels; the last two are the first beyond."""

SMOOTHED = 8  # times each size of a membrane is drawn tight; it begins nearly so
RIM = 8  # pixels at the border of what is known, whose colours go on
SHOWN = 256  # pixels from the border, where fine detail of it goes on
MOST_PIXELS = 2**20  # of a sheet that is stretched far; a smooth one loses little by that
FAR = 4  # times a page is compressed along the way that its colours go on


def membrane(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """float32 (height, width, n) values, and where they are not known, a sheet stretched between those that are.

    Found on a picture of half the size, and then drawn tight. known: boolean (height, width); where nothing is, 0.
    """
    if known.all() or max(known.shape) == 1 or not known.any():
        return values * known[..., None]
    height, width = known.shape
    even = ((0, height % 2), (0, width % 2))
    weights = np.pad(known, even).astype(np.float32).reshape(-(-height // 2), 2, -(-width // 2), 2).sum((1, 3))
    sums = np.pad(values * known[..., None], (*even, (0, 0))).reshape(*_blocks(weights), values.shape[-1]).sum((1, 3))
    half = membrane(sums / np.maximum(weights, 1)[..., None], weights > 0)
    sheet = half.repeat(2, 0).repeat(2, 1)[:height, :width]
    for _ in range(SMOOTHED):
        sheet = np.where(known[..., None], values, sheet)
        wide = np.pad(sheet, ((1, 1), (1, 1), (0, 0)), mode="edge")
        sheet = (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / np.float32(4)
    return np.where(known[..., None], values, sheet)


def _blocks(half: np.ndarray) -> tuple[int, int, int, int]:
    return half.shape[0], 2, half.shape[1], 2


def straight(premultiplied: np.ndarray) -> Image.Image:
    """float32 (height, width, 4), 0 to 255, perhaps a little outside, to RGBA."""
    alpha = premultiplied[..., 3:].clip(0, 255)
    rgba = np.concatenate([premultiplied[..., :3].clip(0, alpha), alpha], -1).round().astype(np.uint8)
    return Image.frombytes("RGBa", rgba.shape[1::-1], rgba.tobytes()).convert("RGBA")


def carried_on(page: Image.Image, known: Box) -> Image.Image:
    """A page (RGBA), with the colours at the border of a box going on: to the sides first, then above and below.

    What is in the box stays as it is, to the last bit; what is deep inside has no say.
    """
    left, top, right, bottom = known
    whole, turn = page.copy(), Image.Transpose.TRANSPOSE
    whole.paste(_to_both_sides(page.crop((0, top, page.width, bottom)), left, page.width - right), (0, top))
    return _to_both_sides(whole.transpose(turn), top, page.height - bottom).transpose(turn)


def _to_both_sides(page: Image.Image, before: int, after: int) -> Image.Image:
    """Filled in its first and last columns, so many, by what goes on from those between."""
    for empty in (before, after):
        page = ImageOps.mirror(_to_the_left(page, empty) if empty else page)
    return page


def _to_the_left(page: Image.Image, empty: int) -> Image.Image:
    """Filled in its first columns.

    On a page that is compressed across, so that a horizon goes on for a while before all becomes one colour; what is
    lost by that at the border is carried on at full size, as far as it shows.
    """
    part = page.crop((0, 0, min(empty + RIM, page.width), page.height))
    near = part.resize(_bounded(max(1, part.width // FAR), part.height), Image.Resampling.BOX)
    sure = np.arange(near.width) >= empty * near.width / part.width
    near = straight(membrane(_premultiplied(near), np.tile(sure, (near.height, 1))))
    made = near.convert("RGBa").resize(part.size, Image.Resampling.BICUBIC).convert("RGBA")
    first = max(0, empty - SHOWN)
    there, then = (_premultiplied(image.crop((first, 0, *part.size))) for image in (made, part))
    columns = np.arange(first, part.width)
    fading = (columns - first + 1) / SHOWN if first else np.ones(len(columns))
    off = membrane(then - there, np.tile(columns >= empty, (part.height, 1)))
    made.paste(straight(there + off * fading.clip(0, 1)[:, None]), (first, 0))
    whole = page.copy()
    whole.paste(made.crop((0, 0, empty, page.height)))
    return whole


def _bounded(width: int, height: int) -> tuple[int, int]:
    """A size of so many pixels at most."""
    scale = min(1.0, (MOST_PIXELS / (width * height)) ** 0.5)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _premultiplied(image: Image.Image) -> np.ndarray:
    """float32 (height, width, 4), 0 to 255."""
    return np.asarray(image.convert("RGBa"), np.float32)
