"""Put what was painted back into the page: exactly nothing outside the mask, and no seam at its edge.

A model sees the page through its own eyes, so what it paints is a little off in light and colour even where it was to
keep all. How far off shows just outside the mask, where both are known. That difference is carried on into the mask,
and fades inwards: a membrane (Pérez, Gangnet and Blake 2003, Poisson image editing) that lets go of what lies deep
inside, which is as it was painted. Where a model is so far off that what it saw is not what is there, what it painted
also fades in, out of the colours around the mask.
"""

import numpy as np
from PIL import Image, ImageFilter

from sfumato.core.canvas import any_white
from sfumato.finishing._membrane import membrane, straight
from sfumato.operations._windows import Window, uncut

RING = 3  # pixels outside the mask where the difference is read
SHARE = 0.12  # of the window's shorter side, that the difference reaches into the mask
LEAST, MOST = 4, 48  # pixels of that
SEEN, UNSEEN = 8, 24  # of 255, in the mean: so far off, what is painted begins to fade in, or does over half the reach
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
    then, now = (np.asarray(part.convert("RGBa"), np.float32) for part in (old, new))
    around = then if carried_on else membrane(then, np.asarray(free) == 0)
    if old.getchannel("A").getextrema() == (255, 255):  # an opaque page gets no holes
        now = now + (1 - now[..., 3:] / 255) * around
    made = faded_in(now, then, around, free, reach)
    share = np.asarray(free, np.float32)[..., None] / 255
    whole = page.copy()
    made = np.where(share > 0, np.asarray(straight(then + share * (made - then))), np.asarray(old))
    whole.paste(Image.fromarray(made, "RGBA"), box)
    return whole


def faded_in(now: np.ndarray, then: np.ndarray, around: np.ndarray, free: Image.Image, reach: int) -> np.ndarray:
    """What was painted, brought to what is just outside of `free` within `reach` pixels.

    now, then, around: float32 (height, width, 4), premultiplied: painted, known, and what is known carried on.
    """
    inside = any_white(free)
    ring = (np.asarray(inside) == 0) & (np.asarray(inside.filter(ImageFilter.MaxFilter(2 * RING + 1))) > 0)
    if not ring.any():
        return now
    off, deep = then - now, depth(inside, reach)[..., None]
    now = now + membrane(off, ring) * (1 - (deep - 1).clip(0) / reach) ** 2
    unseen = ((np.abs(off[ring]).mean() - SEEN) / (UNSEEN - SEEN)).clip(0, 1)
    way = (deep / max(unseen * reach / 2, 1)).clip(0, 1)
    return around + way**2 * (3 - 2 * way) * (now - around)


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
    known = np.asarray(unknown.crop(box)) == 0
    guess = straight(membrane(np.asarray(page.crop(box).convert("RGBa"), np.float32), known))
    whole = page.copy()
    whole.paste(guess, box, Image.fromarray(np.where(known, 0, 255).astype(np.uint8), "L"))
    return whole
