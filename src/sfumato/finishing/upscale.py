"""Enlarge a picture two, three or four times with a network that draws the missing detail, or plainly with Lanczos.

Real-ESRGAN, Wang et al. 2021, https://arxiv.org/abs/2107.10833; `drawing` is its small network for animations. Both
enlarge four times; two and three times are made of that by area.

The networks know no transparency. So the colour goes on under the transparent part before they look at it, and alpha is
enlarged by itself, as a grey picture. What is opaque or empty stays so.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from sfumato.core.errors import RequestError
from sfumato.core.packages import require
from sfumato.core.registry import unknown
from sfumato.finishing import LARGEST, Finisher, Size, Told
from sfumato.finishing._bleed import bled
from sfumato.finishing._ncnn import network
from sfumato.finishing._tiles import around, lay, spans
from sfumato.finishing.resize import resized
from sfumato.weights import Weights

GROWS = 4  # what the networks do
TIMES = (2, 3, 4)

Look = Callable[[np.ndarray], np.ndarray]
"""A network: float32 (height, width, 3), 0 to 1, to the same four times as large."""


@dataclass(frozen=True)
class Kind:
    """A network. weights: its name in the manifest. side: of a piece, pixels: it bounds the memory that is taken.

    overlap: how far around a piece is looked, pixels; 18 is as far as the small network sees, so its pieces differ in
    nothing from the whole. The large one sees further, and its pieces fade into each other.
    """

    weights: str
    side: int
    overlap: int


PLAIN = "plain"
KINDS = {
    "drawing": Kind("upscale-drawing", side=256, overlap=18),
    "photo": Kind("upscale-photo", side=40, overlap=10),
}


def upscale(image: Image.Image, value: str, weights: Weights, told: Told = lambda done, of: None) -> Image.Image:
    """value: `4`, `2:photo`, `3:plain`: how many times, and the kind; drawing is the usual one."""
    times, kind = read(value)
    return upscaled(image, times, kind, weights, told)


def check(value: str, size: Size, weights: Weights) -> Size:
    times, name = read(value)
    grown = size[0] * times, size[1] * times
    if max(grown) > LARGEST:
        raise RequestError(
            f"{times} times {size[0]}x{size[1]} is {grown[0]}x{grown[1]}; at most {LARGEST:,} pixels a side are made"
        )
    if name != PLAIN:
        require(f"enlarging as {name}", "ncnn", "upscale")
        weights.require(KINDS[name].weights)
    return grown


def read(value: str) -> tuple[int, str]:
    """A step's value, as (times, kind); RequestError says what it may be."""
    times, colon, name = value.partition(":")
    if times not in {str(n) for n in TIMES}:
        raise RequestError(f"upscale takes 2, 3 or 4 times, as 4 or 4:photo, not {value[:40]!r}")
    name = name if colon else "drawing"
    if name not in {PLAIN, *KINDS}:
        raise unknown("kind of upscaling", name, [*KINDS, PLAIN])
    return int(times), name


def upscaled(
    image: Image.Image, times: int, kind: str, weights: Weights, told: Told = lambda done, of: None
) -> Image.Image:
    """An RGBA picture enlarged; told: called after each piece."""
    size = check(f"{times}:{kind}", image.size, weights)
    if kind == PLAIN:
        return resized(image, size)
    files = {path.suffix: path for path in weights.find(KINDS[kind].weights).values()}
    return enlarged(image, times, KINDS[kind], network(files[".param"], files[".bin"]), told)


def enlarged(image: Image.Image, times: int, kind: Kind, look: Look, told: Told) -> Image.Image:
    """The same with a network that is given."""
    rgba = np.asarray(image.convert("RGBA"))
    height, width = rgba.shape[:2]
    colours, fade = bled(rgba), kind.overlap // 2
    out = np.zeros((height * times, width * times, 4), np.uint8)
    bands, stacks = list(spans(height, kind.side)), list(spans(width, kind.side))
    for i, rows in enumerate(bands):
        band = np.zeros(((len(rows) + 2 * fade) * times, width * times, 4), np.uint8)
        for j, columns in enumerate(stacks, 1):
            colour, alpha = (around(part, rows, columns, kind.overlap) for part in (colours, rgba[..., 3]))
            piece = _piece(colour, alpha, look)[fade * GROWS : -fade * GROWS, fade * GROWS : -fade * GROWS]
            piece = _by_area(_by_area(piece, times).swapaxes(0, 1), times)
            lay(band.swapaxes(0, 1), _bytes(piece), (columns.start - fade) * times, fade * times)
            told(i * len(stacks) + j, len(bands) * len(stacks))
        lay(out, band, (rows.start - fade) * times, fade * times)
    _keep_whole_and_empty(out, image.getchannel("A"), times)
    return Image.fromarray(out, "RGBA")


def _piece(colour: np.ndarray, alpha: np.ndarray, look: Look) -> np.ndarray:
    """A piece four times as large, float32 (height, width, 4), 0 to 1; where nothing is seen, no time is spent."""
    large = np.zeros((alpha.shape[0] * GROWS, alpha.shape[1] * GROWS, 4), np.float32)
    if alpha.any():
        large[..., :3], large[..., 3] = look(colour), 1
    if alpha.any() and alpha.min() < 255:
        large[..., 3] = look(np.repeat(alpha[..., None] / np.float32(255), 3, 2))[..., 1]
    return large


def _keep_whole_and_empty(out: np.ndarray, alpha: Image.Image, times: int) -> None:
    """A pixel whose neighbours are all opaque stays so, as does one in the midst of nothing."""
    whole = np.asarray(alpha.filter(ImageFilter.MinFilter(3))) == 255
    some = np.asarray(alpha.filter(ImageFilter.MaxFilter(3))) > 0
    for row in range(alpha.height):  # of the whole picture at once, numpy's places would take more than the picture
        strip = out[row * times : (row + 1) * times]
        strip[..., 3][:, whole[row].repeat(times)] = 255
        strip[..., 3] *= some[row].repeat(times)
        strip *= strip[..., 3:] > 0


def _bytes(unit: np.ndarray) -> np.ndarray:
    return (unit.clip(0, 1) * 255).round().astype(np.uint8)


def _by_area(large: np.ndarray, times: int) -> np.ndarray:
    """Every four rows become `times` rows, each the mean of what it covers."""
    a, b, c, d = (large[i::GROWS] for i in range(GROWS))
    match times:
        case 2:
            rows = [(a + b) / 2, (c + d) / 2]
        case 3:
            rows = [(3 * a + b) / 4, (b + c) / 2, (c + 3 * d) / 4]
        case _:
            return large
    return np.stack(rows, 1).reshape(len(a) * times, *large.shape[1:])


def settled(value: str) -> str:
    times, kind = read(value)
    return f"{times}:{kind}"


PART = Finisher(upscale, check, settled, telling=upscale)
