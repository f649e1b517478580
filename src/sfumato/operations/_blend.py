"""Put what was painted back into the page: exactly nothing outside the mask, and no seam at its edge.

A model sees the page through its own eyes, so what it paints is a little off in light and colour even where it was to
keep all. How far off shows just outside the mask, where both are known. That difference is carried on into the mask,
and fades inwards: a membrane (Pérez, Gangnet and Blake 2003, Poisson image editing) that lets go of what lies deep
inside, which is as it was painted. Where a model is so far off that what it saw is not what is there, what it painted
also fades in, out of the colours around the mask.
"""

from math import ceil

import numpy as np
from PIL import Image, ImageFilter

from sfumato.core.canvas import any_white
from sfumato.finishing._membrane import membrane, straight
from sfumato.finishing._strips import rows_of, strips
from sfumato.operations._windows import Window, uncut

RING = 3  # pixels outside the mask where the difference is read
SHARE = 0.12  # of the window's shorter side, that the difference reaches into the mask
LEAST, MOST = 4, 48  # pixels of that
SEEN, UNSEEN = 8, 24  # of 255: so far off, what is painted begins to fade in, or does over half the reach
SQUARE = 16  # pixels, whose mean colour is compared
AT_ONCE = 2**21  # pixels; of a larger window what is smooth is found on a smaller one
FINE = 32  # pixels of a reach from which depths are counted on a smaller mask
AROUND = 64  # pixels around what is not known, that are looked at to spread colours over it


def put_back(
    page: Image.Image,
    painted: Image.Image,
    window: Window,
    mask: Image.Image,
    reach: int | None = None,
    *,
    carried_on: bool = False,
) -> Image.Image:
    """The page, painted where the mask (L, of the page's size) is white; where it is black, each pixel as it was.

    reach: pixels of the page, how far into the mask differences are carried; None: by the window's size. carried_on:
    whether the page has the colours around the mask in it already, else it has what is to go.
    """
    box = window.within(page.size)
    old, new, free = page.crop(box), uncut(painted, window, page.size), mask.crop(box)
    if reach is None:
        reach = round(min(max(SHARE * min(window.size), LEAST), MOST))
    opaque = old.getchannel("A").getextrema() == (255, 255)  # such a page gets no holes
    scale = ceil((old.width * old.height / AT_ONCE) ** 0.5)
    known, made = (np.asarray(part.convert("RGBa").reduce(scale), np.float32) for part in (old, new))
    seen = seen_otherwise(known, made, free.reduce(scale), ceil(reach / scale), opaque=opaque, carried_on=carried_on)
    whole = page.copy()
    for rows in strips((old.height, old.width)):
        part = 0, rows.start, old.width, rows.stop
        then, now = (np.asarray(image.crop(part).convert("RGBa"), np.float32) for image in (old, new))
        planes = [rows_of(plane, (old.height, old.width), rows) for plane in np.moveaxis(seen, -1, 0)]
        way, shift, around = np.split(np.stack(planes, -1), [1, 5], -1)
        if opaque:
            now = now + (1 - now[..., 3:] / 255) * around
        share = np.asarray(free.crop(part), np.float32)[..., None] / 255
        made = straight(then + share * (way * now + shift - then))
        made = np.where(share > 0, np.asarray(made), np.asarray(old.crop(part)))
        whole.paste(Image.fromarray(made, "RGBA"), (box[0], box[1] + rows.start))
    return whole


def seen_otherwise(
    then: np.ndarray, now: np.ndarray, free: Image.Image, reach: int, *, opaque: bool, carried_on: bool
) -> np.ndarray:
    """What brings a painting to what is just outside of `free`, float32 (height, width, 9): way, shift (4), around (4).

    What is put back is way * painted + shift; around: what is outside, carried on. then, now: float32 (height, width,
    4), premultiplied, known and painted.
    """
    inside = any_white(free)
    known = np.asarray(inside) == 0
    around = then if carried_on else membrane(then, known)
    if opaque:
        now = now + (1 - now[..., 3:] / 255) * around
    ring = known & (np.asarray(inside.filter(ImageFilter.MaxFilter(2 * RING + 1))) > 0)
    if not ring.any():
        return np.concatenate([np.ones_like(then[..., :1]), np.zeros_like(then), around], -1)
    off, deep = then - now, depth(inside, reach)[..., None]
    unseen = ((wrong(off, ring) - SEEN) / (UNSEEN - SEEN)).clip(0, 1)
    off = membrane(off, ring) * (1 - (deep - 1).clip(0) / reach) ** 2
    way = (deep / max(unseen * reach / 2, 1)).clip(0, 1)
    way = way**2 * (3 - 2 * way)
    return np.concatenate([way, around + way * (off - around), around], -1)


def wrong(off: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """How far off colours are in the ring, 0 to 255, by squares of pixels: how detail is drawn is no matter."""
    even = ((0, -len(ring) % SQUARE), (0, -ring.shape[1] % SQUARE))
    parts = (len(ring) + SQUARE - 1) // SQUARE, SQUARE, -1, SQUARE
    counts = np.pad(ring, even).reshape(parts).sum((1, 3))
    sums = np.pad(off * ring[..., None], (*even, (0, 0))).reshape(*parts, 4).sum((1, 3))
    return np.abs(sums[counts > 0] / counts[counts > 0][:, None]).mean()


def depth(inside: Image.Image, reach: int) -> np.ndarray:
    """How many pixels deep each place lies in what is white, up to `reach`: float32 (height, width), 1 at its edge.

    Counted in octagons, which are nearly round.
    """
    scale = max(1, reach // FINE)
    here = np.asarray(inside.reduce(scale)) > 0
    deep = np.zeros(here.shape, np.float32)
    for step in range(-(-reach // scale)):
        deep += here
        wide = np.pad(here, 1, constant_values=True)
        here = here & wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]
        if step % 2:
            here &= wide[:-2, :-2] & wide[:-2, 2:] & wide[2:, :-2] & wide[2:, 2:]
    return np.asarray(Image.fromarray(deep * scale, "F").resize(inside.size, Image.Resampling.BILINEAR)).clip(0, reach)


def spread(page: Image.Image, unknown: Image.Image) -> Image.Image:
    """The page with the colours around what is not known (white, L) spread over it."""
    left, top, right, bottom = any_white(unknown).getbbox() or (0, 0, 0, 0)
    box = max(left - AROUND, 0), max(top - AROUND, 0), right + AROUND, bottom + AROUND
    box = (*box[:2], min(box[2], page.width), min(box[3], page.height))
    old, free = page.crop(box), any_white(unknown.crop(box))
    scale = ceil((old.width * old.height / AT_ONCE) ** 0.5)
    then = np.asarray(old.convert("RGBa").reduce(scale), np.float32)
    guess = straight(membrane(then, np.asarray(free.reduce(scale)) == 0)).convert("RGBa")
    whole = page.copy()
    whole.paste(guess.resize(old.size, Image.Resampling.BICUBIC).convert("RGBA"), box, free)
    return whole
