"""Framing: how a picture comes into another shape, decided and told before it is done.

The rule: the largest part of the wanted shape that keeps most of what is salient is cut out of the picture. If even
that would lose too much, nothing is cut, and the picture is extended instead. Either can be asked for.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sfumato.core.errors import RequestError
from sfumato.exports.presets import ExportPreset
from sfumato.framing.salience import Salience

Size = tuple[int, int]
Box = tuple[int, int, int, int]
"""left, top, right, bottom, in the picture's pixels."""

FITS = ("auto", "crop", "extend")
KEPT_SURELY = 0.96  # of what is salient a crop has to keep, where it is a thing
KEPT_PERHAPS = 0.85  # the same where only contrast says what is salient
SAME = 0.01  # so near are shapes that count as the same: nobody sees a hundredth that is stretched
EVEN = 0.005  # of what is salient; crops that keep as much alike are chosen by where it lies in them


@dataclass(frozen=True)
class Frame:
    """A picture of `size` for a preset. way: whether a part is cut out, or the picture is extended.

    box: what is kept of it. kept: 0 to 1, how much of what is salient the best crop keeps. inner: (width, height) that
    `box` has in the result; what is around it is added. steps: as a recipe tells it. enlarged: times. why: one line.
    """

    preset: ExportPreset
    size: Size
    way: Literal["crop", "extend", "whole"]
    box: Box
    kept: float
    inner: Size
    steps: tuple[str, ...]
    why: str

    @property
    def enlarged(self) -> float:
        """How many times as long a side is as before; below 1 it became smaller."""
        return self.inner[0] / (self.box[2] - self.box[0])

    @property
    def cut(self) -> dict[str, int]:
        """Pixels of the picture that are lost on each side."""
        left, top, right, bottom = self.box
        return {"left": left, "top": top, "right": self.size[0] - right, "bottom": self.size[1] - bottom}

    @property
    def added(self) -> dict[str, int]:
        """Pixels of the result that are not the picture's, on each side."""
        across, down = self.preset.width - self.inner[0], self.preset.height - self.inner[1]
        return {"left": across // 2, "top": down // 2, "right": across - across // 2, "bottom": down - down // 2}


def framed(size: Size, salient: Salience, preset: ExportPreset, fit: str = "auto", chosen: Box | None = None) -> Frame:
    """How a picture of this size (width, height) becomes what a preset wants; fit: one of FITS.

    chosen: what a person cuts out of it; RequestError if that is not within it, or of another shape.
    """
    if chosen is not None:
        return _by_hand(size, salient, preset, chosen)
    (width, height), shape = size, preset.width / preset.height
    if abs(width / height / shape - 1) <= SAME:
        box, kept = (0, 0, width, height), 1.0
    else:
        box, kept = best_crop(size, salient.weights, shape)
    least = KEPT_SURELY if salient.sure else KEPT_PERHAPS
    said = f"a crop keeps {kept:.1%} of what is salient (by {salient.by})"
    if box == (0, 0, width, height):
        return Frame(preset, size, "whole", box, kept, preset.size, (_resize(preset.size),), "it has this shape")
    if fit == "crop" or (fit == "auto" and kept >= least):
        return Frame(
            preset, size, "crop", box, kept, preset.size, _cut(box, preset), _why(fit, said, f"{least:.0%} or more")
        )
    inner = within(size, preset.size)
    why = _why(fit, said, f"less than {least:.0%}")
    return Frame(preset, size, "extend", (0, 0, width, height), kept, inner, extension(inner, preset.size), why)


def _by_hand(size: Size, salient: Salience, preset: ExportPreset, box: Box) -> Frame:
    left, top, right, bottom = box
    if not (0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]):
        raise RequestError(f"{preset.name}: the crop {box} is not within the picture of {size[0]}x{size[1]} pixels")
    across, down = (right - left) / preset.width, (bottom - top) / preset.height
    if abs(across - down) * max(preset.size) > 1 + SAME * max(right - left, bottom - top):
        raise RequestError(f"{preset.name}: the crop {box} is not of the shape {preset.width}:{preset.height}")
    kept = _held(size, salient.weights, box)
    way = "whole" if box == (0, 0, *size) else "crop"
    why = f"chosen by hand; it keeps {kept:.1%} of what is salient (by {salient.by})"
    return Frame(preset, size, way, box, kept, preset.size, _cut(box, preset), why)


def _cut(box: Box, preset: ExportPreset) -> tuple[str, ...]:
    left, top, right, bottom = box
    return (f"crop:{right - left}x{bottom - top}+{left}+{top}", _resize(preset.size))


def _held(size: Size, weights: np.ndarray, box: Box) -> float:
    """Which share of the weights lies in a box, to the nearest row and column of them."""
    rows, columns = weights.shape
    x0, x1 = (round(side * columns / size[0]) for side in (box[0], box[2]))
    y0, y1 = (round(side * rows / size[1]) for side in (box[1], box[3]))
    return float(weights[y0:y1, x0:x1].sum() / (weights.sum() or 1.0))


def extension(inner: Size, size: Size) -> tuple[str, ...]:
    """Steps that bring a picture to `inner` and extend it to `size` by its border's colours."""
    return (_resize(inner), f"surround:{size[0]}x{size[1]}")


def best_crop(size: Size, weights: np.ndarray, shape: float) -> tuple[Box, float]:
    """The largest part of a shape (width / height) that keeps most of the weights, and how much it keeps, 0 to 1.

    Among those that keep as much, the one in whose middle the weights lie.
    """
    width, height = size
    if width / height > shape:
        part = max(1, min(width, round(height * shape)))
        left, kept = _best_part(weights.sum(0), width, part)
        return (left, 0, left + part, height), kept
    part = max(1, min(height, round(width / shape)))
    top, kept = _best_part(weights.sum(1), height, part)
    return (0, top, width, top + part), kept


def _best_part(weights: np.ndarray, length: int, part: int) -> tuple[int, float]:
    """Where in a length a part begins that holds most of some weights along it, and which share it holds."""
    ends = np.linspace(0, length, len(weights) + 1)
    below = np.concatenate([[0], np.cumsum(weights, dtype=np.float64)])
    whole = below[-1] or 1.0
    starts = np.arange(length - part + 1)
    held = (np.interp(starts + part, ends, below) - np.interp(starts, ends, below)) / whole
    middle = float((weights * (ends[:-1] + ends[1:]) / 2).sum() / whole) if below[-1] else length / 2
    off = np.where(held >= held.max() - EVEN, np.abs(starts + part / 2 - middle), np.inf)
    best = int(off.argmin())
    return best, float(held[best])


def within(size: Size, most: Size) -> Size:
    """The largest size of the same shape that fits."""
    scale = min(most[0] / size[0], most[1] / size[1])
    return max(1, min(most[0], round(size[0] * scale))), max(1, min(most[1], round(size[1] * scale)))


def _resize(size: Size) -> str:
    return f"resize:{size[0]}x{size[1]}"


def _why(fit: str, said: str, compared: str) -> str:
    return f"{said}, {compared}" if fit == "auto" else f"asked for with --fit {fit}; {said}"
