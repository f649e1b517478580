"""A large picture strip by strip, so that only a part of it is in work as floats."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

STRIP = 2**20  # pixels


def strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """The rows of a picture (height, width) in slices of about so many pixels."""
    height, width = shape[:2]
    rows = max(1, STRIP // width)
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def rows_of(plane: np.ndarray, shape: tuple[int, ...], rows: slice) -> np.ndarray:
    """Some rows of a float32 plane that is brought to another shape (height, width)."""
    height, width = shape[:2]
    if plane.shape == (height, width):
        return plane[rows]
    scale = plane.shape[0] / height
    box = (0, rows.start * scale, plane.shape[1], rows.stop * scale)
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32), "F")
    return np.asarray(image.resize((width, rows.stop - rows.start), Image.Resampling.BILINEAR, box=box))
