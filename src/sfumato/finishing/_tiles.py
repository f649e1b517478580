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
    """A piece with so many pixels on each side; beyond the picture is its mirror image.

    (Were the edge drawn out instead, a network would take it for stripes, and draw them.)
    """
    height, width = picture.shape[:2]
    return picture[_mirrored(rows, overlap, height)[:, None], _mirrored(columns, overlap, width)]


def _mirrored(part: range, overlap: int, length: int) -> np.ndarray:
    """Places from `overlap` before a part to `overlap` after it, all within the length."""
    turn = max(2 * (length - 1), 1)
    there = np.arange(part.start - overlap, part.stop + overlap) % turn
    return np.minimum(there, turn - there)


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
