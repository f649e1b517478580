"""The part of a picture that was not to change: whether it did, and how well what is new goes with it."""

import hashlib
from math import ceil

import numpy as np
from PIL import Image, ImageFilter

from sfumato.core.canvas import Ground, any_white
from sfumato.core.picture import Outside
from sfumato.finishing._strips import strips

NEAR = 12  # pixels on either side of an edge whose steps are compared with those across it
NEXT = 2  # steps so near to the edge are not "elsewhere"
FEWEST = 4  # contours that are needed to say what is usual
SCALES = (1, 2, 4, 8)
AT_ONCE = 2**22  # pixels that are looked at
SMALL = 0.5  # of 255; so that on a ground of one colour nothing is divided by nothing


def measured(image: Image.Image, ground: Ground, on: str) -> Outside:
    """image: RGBA of the ground's size. on: what `image` is, as Outside.measured_on."""
    now, then, free = (np.asarray(part) for part in (image, ground.page, ground.free))
    changed, digest = 0, hashlib.sha256()
    for rows in strips(free.shape):
        kept = free[rows] == 0
        changed += int((now[rows][kept] != then[rows][kept]).any(-1).sum())
        digest.update(now[rows][kept].tobytes())
    score = None if ground.edged else seam(image, ground.free)
    return Outside(changed, digest.hexdigest(), score, on)


def seam(image: Image.Image, free: Image.Image) -> float | None:
    """How much larger steps of colour are across the edge of what is free than beside it: 1 is as elsewhere.

    The largest of the scores at the picture's own size, a half, a quarter and an eighth of it, so that an edge that
    was merely smeared counts too; of a very large picture, of sizes below that. None: there is no edge.
    """
    box = any_white(free).getbbox()
    if box is None:
        return None
    far = (NEAR + 1) * SCALES[-1]
    around = max(box[0] - far, 0), max(box[1] - far, 0), min(box[2] + far, free.width), min(box[3] + far, free.height)
    seen, free = image.crop(around).convert("RGBa"), any_white(free.crop(around))
    first = ceil((seen.width * seen.height / AT_ONCE) ** 0.5)
    seen, free = seen.reduce(first), free.reduce(first)
    scores = [_score(seen.reduce(scale), free.reduce(scale).point([0] * 128 + [255] * 128)) for scale in SCALES]
    found = [score for score in scores if score is not None]
    return round(max(found), 3) if found else None


def _score(image: Image.Image, free: Image.Image) -> float | None:
    """At one size. A step is the difference of two neighbours, mean over the channels of RGBa.

    All that cross from one distance to the next are one contour; the edge's is held against the median of those up to
    NEAR pixels away.
    """
    seen, depth = np.asarray(image, np.float32), depths(free)
    sums, counts = np.zeros(2 * NEAR), np.zeros(2 * NEAR)
    for axis in range(2):
        steps = np.abs(np.diff(seen, axis=axis)).mean(-1)
        one, other = np.delete(depth, -1, axis), np.delete(depth, 0, axis)
        across = np.abs(one - other) == 1
        contour = np.minimum(one, other)[across] + NEAR  # from depth k to k + 1 is contour k; the edge is contour 0
        sums += np.bincount(contour, steps[across], 2 * NEAR)[: 2 * NEAR]
        counts += np.bincount(contour, minlength=2 * NEAR)[: 2 * NEAR]
    means = {k - NEAR: sums[k] / counts[k] for k in range(2 * NEAR) if counts[k]}
    elsewhere = [mean for k, mean in means.items() if abs(k) > NEXT]
    if 0 not in means or len(elsewhere) < FEWEST:
        return None
    return float((means[0] + SMALL) / (np.median(elsewhere) + SMALL))


def depths(free: Image.Image) -> np.ndarray:
    """How deep each pixel lies in what is free, 1 at its edge, or how far outside, 0 next to it: (height, width)."""
    inside = any_white(free)
    depth = np.where(np.asarray(inside) > 0, NEAR, -NEAR)
    larger, smaller = inside, inside
    for k in range(NEAR - 1):
        larger, smaller = larger.filter(ImageFilter.MaxFilter(3)), smaller.filter(ImageFilter.MinFilter(3))
        depth[(np.asarray(larger) > 0) & (depth == -NEAR)] = -k
        depth[(np.asarray(smaller) == 0) & (depth == NEAR)] = k + 1
    return depth
