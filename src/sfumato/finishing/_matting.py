"""From a rough mask to clean edges: how much of each pixel is the thing, and what colour the thing has there.

Two ways to the first. On a ground of one colour, that colour is followed inward from the border, and what a pixel at
the edge holds of it is read off exactly. On any other, the mask is pulled to the picture's own edges by a guided filter
(He, Sun and Tang 2010; its coefficients from a smaller picture, He and Sun 2015, https://arxiv.org/abs/1505.00996).

Then the ground's share is taken out of the edge's colours, so that it does not shine through on another ground.
"""

import numpy as np
from PIL import Image

from sfumato.finishing._bleed import bled
from sfumato.finishing._near import narrowed, shifts, widened
from sfumato.finishing._strips import rows_of, strips

FLAT = 8  # of 255: so near are colours of a ground that counts as one colour
FLAT_SHARE = 0.6  # of the border, that has the ground's colour then
OWN_COLOUR = 32  # of 255: so far from any mixture of thing and ground a colour is the thing's
WHOLE = 225  # of 255: so much of a pixel is the thing that the edge ends there
SURE = 0.9  # of the mask
SURER = 0.95  # the same, where the guided filter need not look
RIM = 4  # pixels of the small picture; so near to what is unsure nothing is sure
HAZE = 0.1  # alpha so near to 0 or 1 is the guided filter's doubt: nothing, or whole
SMALL = 512  # pixels on the longest side, where coefficients and fills are found
RADIUS = 8  # of the guided filter, in the small picture
CONTRAST = 0.001  # squared; what differs less is no edge to the guided filter


def matte(rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Alpha: uint8 (height, width). rgb: uint8 (height, width, 3); mask: float32, any size, 1 where the thing is."""
    ground = flat_ground(rgb)
    return on_any(rgb, mask) if ground is None else on_flat(rgb, mask, ground)


def flat_ground(rgb: np.ndarray) -> np.ndarray | None:
    """The one colour around the thing, uint8 (3,), if there is one."""
    border = np.concatenate([rgb[:2].reshape(-1, 3), rgb[-2:].reshape(-1, 3), rgb[:, 0], rgb[:, -1]])
    colour = np.median(border, 0).round().astype(np.uint8)
    return colour if (_far(border, colour) <= FLAT).mean() >= FLAT_SHARE else None


def on_flat(rgb: np.ndarray, mask: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Alpha before a ground of one colour. Enclosed places of that colour count as ground where the mask agrees.

    From the ground inward, pixels count as mixed as long as they look so.
    """
    long = max(rgb.shape[:2])
    deep = max(2, long // 256)
    mask = _sized(mask, rgb.shape[:2])
    same = (_far(rgb, ground) <= FLAT) & ~narrowed(mask > SURE, deep)
    rim = np.zeros_like(same)
    rim[[0, -1]], rim[:, [0, -1]] = True, True
    empty = reached(same, rim | narrowed(same & (mask < 0.5), deep))
    share = _share(rgb, ground, max(1, long // 256))
    mixed, left = (share < WHOLE) & ~empty, empty
    for _ in range(max(2, long // 128)):
        left = left | (mixed & widened(left, 1))
    return np.where(empty, 0, np.where(left, share, 255)).astype(np.uint8)


def on_any(rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Alpha by the guided filter."""
    picture = Image.fromarray(rgb, "RGB")
    small = picture.copy()
    small.thumbnail((SMALL, SMALL), Image.Resampling.BOX)
    guide = np.asarray(small, np.float32) / 255
    mask = _sized(mask, guide.shape[:2])
    slopes, offset = _guided(guide, mask)
    empty, whole = (narrowed(sure, RIM) for sure in (mask < 1 - SURER, mask > SURER))
    slopes[empty | whole] = 0
    offset[empty | whole] = whole[empty | whole]
    alpha = np.zeros(rgb.shape[:2], np.uint8)
    for rows in strips(rgb.shape):
        strip = rgb[rows] / np.float32(255)
        at = [rows_of(plane, rgb.shape, rows) for plane in (*np.moveaxis(slopes, -1, 0), offset)]
        value = sum((strip[..., i] * at[i] for i in range(3)), at[3])
        alpha[rows] = (((value - HAZE) / (1 - 2 * HAZE)).clip(0, 1) * 255).round()
    return alpha


def decontaminated(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The thing's own colours, uint8 (height, width, 3): what was mixed at the edge is taken apart again."""
    thing, ground = Fill(rgb, alpha == 255), Fill(rgb, alpha == 0)
    colours = rgb.copy()
    for rows in strips(rgb.shape):
        a = alpha[rows][..., None] / np.float32(255)
        apart = (rgb[rows] / np.float32(255) - (1 - a) * ground(rows)) / np.maximum(a, np.float32(0.05))
        trust = (2 * a - np.float32(0.2)).clip(0, 1)  # where little of the thing is left, its neighbours know better
        mixed = (a > 0) & (a < 1)
        made = (trust * apart.clip(0, 1) + (1 - trust) * thing(rows)) * 255
        colours[rows] = np.where(mixed, made.clip(0, 255).round(), colours[rows])
    colours[alpha == 0] = 0
    return colours


class Fill:
    """Colours of the pixels that are `known`, and what they suggest for the others; float32, 0 to 1, rows by rows."""

    def __init__(self, rgb: np.ndarray, known: np.ndarray):
        self._shape = rgb.shape
        picture = Image.fromarray(np.dstack([rgb, np.where(known, np.uint8(255), np.uint8(0))]), "RGBA")
        scale = min(1, 2 * SMALL / max(picture.size))
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        small = picture.convert("RGBa").resize(size, Image.Resampling.BOX).convert("RGBA")
        self._planes = np.moveaxis(bled(np.asarray(small)), -1, 0)

    def __call__(self, rows: slice) -> np.ndarray:
        return np.stack([rows_of(plane, self._shape, rows) for plane in self._planes], -1)


def reached(open: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """All of `open` that can be come to from the seeds, by rows and columns; boolean (height, width)."""
    found = seeds & open
    count = -1
    while count != (count := int(found.sum())):
        found = _along_rows(open, found)
        found = _along_rows(open.T, found.T).T
    return found


def _along_rows(open: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Every run of open places in a row in which one is found is found as a whole."""
    begins = open.copy()
    begins[:, 1:] &= ~open[:, :-1]
    run = begins.cumsum(dtype=np.int32).reshape(open.shape)
    hit = np.zeros(run[-1, -1] + 1, bool)
    hit[run[found]] = True
    return hit[run] & open


def _share(rgb: np.ndarray, ground: np.ndarray, radius: int) -> np.ndarray:
    """How much of each pixel is not ground, uint8: of the way to the farthest colour around, if it lies on that way."""
    farthest, colour = _far(rgb, ground), rgb
    for axis in range(2):
        farthest, colour = _farthest(farthest, colour, radius, axis)
    share = np.empty(rgb.shape[:2], np.uint8)
    for rows in strips(rgb.shape):
        here, way = (part[rows].astype(np.float32) - ground for part in (rgb, colour))
        along = (here * way).sum(-1) / np.maximum((way**2).sum(-1), 1)
        aside = np.abs(here - along[..., None] * way).max(-1)
        share[rows] = (np.maximum(along, aside / OWN_COLOUR).clip(0, 1) * 255).round()
    return share


def _farthest(far: np.ndarray, colour: np.ndarray, radius: int, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Of the pixels so near along an axis, the greatest `far`, and its colour."""
    most, best = far.swapaxes(0, axis), colour.swapaxes(0, axis)
    for step in shifts(radius):
        far, colour = most, best
        most, best = far.copy(), colour.copy()
        for to, source in ((slice(step, None), slice(None, -step)), (slice(None, -step), slice(step, None))):
            more = far[source] > most[to]
            np.copyto(most[to], far[source], where=more)
            np.copyto(best[to], colour[source], where=more[..., None])
    return most.swapaxes(0, axis), best.swapaxes(0, axis)


def _guided(guide: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The linear function of the guide's colours that is nearest to the mask around each pixel: slopes, offset."""
    mean, mean_mask = _mean(guide), _mean(mask)
    spread = _mean(guide[..., :, None] * guide[..., None, :]) - mean[..., :, None] * mean[..., None, :]
    common = _mean(guide * mask[..., None]) - mean * mean_mask[..., None]
    slopes = np.linalg.solve(spread + CONTRAST * np.eye(3, dtype=np.float32), common[..., None])[..., 0]
    return _mean(slopes), _mean(mean_mask - (slopes * mean).sum(-1))


def _mean(array: np.ndarray) -> np.ndarray:
    """Means over squares of 2 RADIUS + 1 pixels, smaller ones at the border."""
    for _ in range(2):
        sums = np.concatenate([np.zeros_like(array[:1], np.float64), array.cumsum(0, dtype=np.float64)])
        places = np.arange(len(array))
        low, high = np.maximum(places - RADIUS, 0), np.minimum(places + RADIUS + 1, len(array))
        array = (sums[high] - sums[low]) / (high - low).reshape(-1, *[1] * (array.ndim - 1))
        array = array.swapaxes(0, 1)
    return array.astype(np.float32)


def _far(colours: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """How far colours are from one, in the channel that is farthest."""
    return np.maximum(colours, colour).__isub__(np.minimum(colours, colour)).max(-1)


def _sized(plane: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return rows_of(plane, shape, slice(0, shape[0]))
