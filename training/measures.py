"""What can be measured of a painted picture: its shape, its colours, its edge; uint8 premultiplied RGBA throughout."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
from PIL import Image, ImageFilter

from training.compositions import GROUND_COLOURS
from training.data import COLOURS


def premultiplied(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGBa"))


def small(images: Iterable[np.ndarray]) -> np.ndarray:
    """Pictures to what the simple judge compares: float32 (n, 16, 16, 4) in 0..1."""
    shrunk_ones = [
        np.asarray(Image.fromarray(np.ascontiguousarray(i), "RGBa").resize((16, 16), Image.Resampling.BOX))
        for i in images
    ]
    return np.stack(shrunk_ones).astype(np.float32) / 255


def border(pixels: np.ndarray) -> np.ndarray:
    """The colour and alpha (0..255) of the picture's edge, a thirty-second of the side wide."""
    edge = max(1, len(pixels) // 32)
    inside = np.zeros(pixels.shape[:2], bool)
    inside[edge:-edge, edge:-edge] = True
    return np.median(pixels[~inside], axis=0)


def content(pixels: np.ndarray) -> np.ndarray:
    """Where (h, w) the picture differs from its edge."""
    return np.abs(pixels - border(pixels)).max(-1) > 48


def fitted(pixels: np.ndarray, side: int = 64) -> np.ndarray:
    """What differs from the picture's edge, brought to the size that drawings have, on the edge's colour."""
    found = content(pixels)
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    out = np.empty((side, side, 4), np.uint8)
    out[:] = border(pixels).round()
    if len(rows) == 0:
        return out
    cut = Image.fromarray(np.ascontiguousarray(pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]), "RGBa")
    scale = side * 15 / 16 / max(cut.size)
    size = max(1, round(cut.width * scale)), max(1, round(cut.height * scale))
    x, y = (side - size[0]) // 2, (side - size[1]) // 2
    filter = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    out[y : y + size[1], x : x + size[0]] = np.asarray(cut.resize(size, filter))
    return out


def parts(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture cut in two at the emptiest column of its middle third, each part fitted to full size."""
    wide, edge = pixels.shape[1], border(pixels)
    filled = content(pixels).sum(0)
    middle = np.arange(wide // 3, wide - wide // 3)
    emptiest = middle[filled[middle] == filled[middle].min()]
    at = int(emptiest[np.abs(emptiest - wide / 2).argmin()])
    left, right = pixels.copy(), pixels.copy()
    left[:, at:], right[:, :at] = edge, edge
    return fitted(left), fitted(right)


def main_colour(pixels: np.ndarray) -> str | None:
    """The colour word of most of the coloured pixels; None where under a twentieth of the shape is coloured."""
    rgb = pixels[pixels[..., 3] > 128][:, :3].astype(np.float32)
    high, low = rgb.max(-1, initial=0), rgb.min(-1, initial=255)
    coloured = (high - low > 64) & (high > 64)
    if len(rgb) == 0 or coloured.mean() < 0.05:
        return None
    hues = np.asarray(Image.fromarray(rgb[coloured][None].astype(np.uint8)).convert("HSV"))[0, :, 0] * (360 / 256)
    away = np.abs((hues[:, None] - np.array([*COLOURS.values()]) + 180) % 360 - 180)
    return [*COLOURS][np.bincount(away.argmin(1)).argmax()]


def ground_colour(pixels: np.ndarray) -> str | None:
    """The colour word of the picture's edge, the nearest of twelve; None where it is not opaque."""
    edge = border(pixels)
    if edge[3] < 200:
        return None
    return min(GROUND_COLOURS, key=lambda name: ((edge[:3] - GROUND_COLOURS[name]) ** 2).sum())


def variety(painted: np.ndarray) -> dict[str, float]:
    """Mean differences of pictures (prompts, seeds, h, w, 4): between seeds of a prompt, and between prompts."""
    prompts, seeds = painted.shape[:2]
    seen = small(painted.reshape(-1, *painted.shape[2:])).reshape(prompts, seeds, -1)
    of_seeds = [np.abs(seen[:, a] - seen[:, b]).mean() for a, b in combinations(range(seeds), 2)]
    of_prompts = [np.abs(seen[a] - seen[b]).mean() for a, b in combinations(range(prompts), 2)]
    return {
        "between_seeds": round(float(np.mean(of_seeds)), 4),
        "between_prompts": round(float(np.mean(of_prompts)), 4),
    }


def look(pictures: Iterable[np.ndarray]) -> dict[str, float]:
    """Means, as described above: broken pictures, half transparent pixels, haze, detail."""
    broken, half, hazy, detail = [], [], [], []
    for pixels in pictures:
        alpha = pixels[..., 3].astype(np.float32) / 255
        covered, between = (alpha > 0.5).mean(), ((alpha > 0.1) & (alpha < 0.9)).mean()
        broken.append(covered < 0.03 or covered > 0.97 or between > 0.4)
        half.append(between)
        solid = Image.fromarray(pixels[..., 3]).point(lambda a: 255 * (a > 127))
        solid = solid.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.MaxFilter(3))  # without specks
        near = np.asarray(solid.filter(ImageFilter.MaxFilter(2 * max(1, len(pixels) // 32) + 1))) > 0
        hazy.append(((alpha > 0.04) & ~near).mean())
        fine = pixels.astype(np.float32) / 255
        detail.append(np.abs(np.diff(fine, axis=0)).mean() + np.abs(np.diff(fine, axis=1)).mean())
    return {
        "broken": round(float(np.mean(broken)), 3),
        "half_transparent": round(float(np.mean(half)), 4),
        "haze": round(float(np.mean(hazy)), 4),
        "detail": round(float(np.mean(detail)) / 2, 4),
    }
