"""HED: a network that was shown which edges people draw. Xie and Tu 2015, https://arxiv.org/abs/1504.06375.

Thirteen convolutions of VGG-16 in five blocks, each at half the size of the one before; each block says where edges
are, and the five answers are weighed into one. The numbers come from Keras's file, and numpy is enough to compute it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sfumato.core.errors import JobFailed
from sfumato.core.packages import require

MEAN = np.array([104.00699, 116.66877, 122.67892], np.float32)  # blue, green, red: of the photographs it learned from
BLOCKS = 2, 2, 3, 3, 3  # convolutions


@dataclass(frozen=True)
class Layer:
    """weight: (height, width, from, to), height and width 3 or 1; bias: (to)."""

    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Hed:
    """blocks: their convolutions. sides: what makes an answer of a block; fuse: one of all five."""

    blocks: Sequence[Sequence[Layer]]
    sides: Sequence[Layer]
    fuse: Layer

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x: float32 (height, width, 3), blue, green, red less MEAN. Returns (height, width), 0 to 1: edges."""
        high, wide = x.shape[:2]
        answers = []
        for number, (block, side) in enumerate(zip(self.blocks, self.sides, strict=True)):
            x = halved(x) if number else x
            for layer in block:
                x = np.maximum(convolved(x, layer), 0)
            answer = Image.fromarray(convolved(x, side)[..., 0], "F").resize((wide, high), Image.Resampling.BILINEAR)
            answers.append(np.asarray(answer))
        fused = convolved(np.stack(answers, -1), self.fuse)[..., 0]
        return 1 / (1 + np.exp(-fused.clip(-80, 80)))


def convolved(x: np.ndarray, layer: Layer) -> np.ndarray:
    """x: (height, width, channels); what lies beyond the border is 0.

    Rows with their borders lie one after another, so each of a kernel's places is one product of matrices; what goes
    around the end of a row falls into the borders, which are cut off.
    """
    (high, wide), side = x.shape[:2], len(layer.weight)
    reach = side // 2
    padded = np.pad(x, ((reach, reach + 1), (reach, reach), (0, 0)))
    rows, length = padded.reshape(-1, x.shape[-1]), wide + 2 * reach
    out = np.zeros((high * length, layer.weight.shape[-1]), np.float32)
    part = np.empty_like(out)
    for down in range(side):
        for across in range(side):
            begin = down * length + across
            out += np.matmul(rows[begin : begin + len(out)], layer.weight[down, across], out=part)
    return out.reshape(high, length, -1)[:, :wide] + layer.bias


def halved(x: np.ndarray) -> np.ndarray:
    """The largest of each 2 x 2, at an odd border of what is there."""
    high, wide = x.shape[:2]
    x = np.pad(x, ((0, high % 2), (0, wide % 2), (0, 0)), mode="edge")
    return np.maximum.reduce([x[y::2, z::2] for y in (0, 1) for z in (0, 1)])


@lru_cache(maxsize=1)
def read(file: Path) -> Hed:
    """The network of a Keras file of weights, kept for the next picture."""
    require("finding soft edges by HED", "h5py", "controls")
    h5py: Any = import_module("h5py")  # late: not everybody has it
    try:
        with h5py.File(file, "r") as stored:

            def layer(place: str) -> Layer:
                weight, bias = (np.array(stored[f"{place}/vars/{number}"], np.float32) for number in (0, 1))
                return Layer(weight, bias)

            blocks = [
                [layer(f"block{at}/layers/conv2d{f'_{one}' if one else ''}") for one in range(count)]
                for at, count in enumerate(BLOCKS, 1)
            ]
            return Hed(blocks, [layer(f"dsn{at}") for at in range(1, 6)], layer("fuse"))
    except (OSError, KeyError, ValueError) as error:
        raise JobFailed(f"{file.name} is not HED as Keras writes it ({error}): sfumato verify soft-edges") from error
