"""A picture piece by piece, so that memory stays: each piece is looked at with its surroundings, and fades into the
pieces before it, so that no seam shows."""

from collections.abc import Iterator
from math import ceil

import numpy as np


def spans(length: int, most: int) -> Iterator[range]:
    """A length divided into parts of about the same size, none longer than `most`."""
    count = ceil(length / most)
    for i in range(count):
        yield range(length * i // count, length * (i + 1) // count)


def around(picture: np.ndarray, rows: range, columns: range, overlap: int) -> np.ndarray:
    """A piece with so many pixels on each side; beyond the picture its edge goes on."""
    height, width = picture.shape[:2]
    wide_rows = np.arange(rows.start - overlap, rows.stop + overlap).clip(0, height - 1)
    wide_columns = np.arange(columns.start - overlap, columns.stop + overlap).clip(0, width - 1)
    return picture[wide_rows[:, None], wide_columns]


def lay(canvas: np.ndarray, piece: np.ndarray, start: int, fade: int) -> None:
    """Put a piece upon a canvas from row `start` on, both uint8; what goes beyond the canvas is cut off.

    A piece reaches `fade` rows beyond its own part on both sides. Where it lies on the one before it, it fades in. For
    columns, give both with their axes swapped.
    """
    begin, end = max(start, 0), min(start + len(piece), len(canvas))
    piece, canvas = piece[begin - start : end - start], canvas[begin:end]
    over = 2 * fade if start > 0 else 0
    share = ((np.arange(over) + 0.5) / max(over, 1)).astype(np.float32)[:, None, None]
    canvas[:over] = (canvas[:over] + (piece[:over] - canvas[:over].astype(np.float32)) * share).round()
    canvas[over:] = piece[over:]
