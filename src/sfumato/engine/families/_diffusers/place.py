"""Where a model computes, and in which numbers."""

from dataclasses import dataclass
from typing import Literal

import torch

Rounding = Literal["none", "float8"]


@dataclass(frozen=True)
class Place:
    """A device, and the type of number that weights are kept in there.

    rounding: what the products of the network that paints are rounded to (_diffusers/float8.py). compiled: whether its
    repeated blocks are compiled, which takes up to a minute at the first look of each size.
    """

    device: torch.device
    dtype: torch.dtype
    rounding: Rounding = "none"
    compiled: bool = False


def best() -> Place:
    """A GPU where there is one, in bf16 or, if it has none, fp16; else the processor, which is fastest in fp32."""
    if torch.cuda.is_available():
        dtype = torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
        return Place(torch.device("cuda"), dtype)
    if torch.backends.mps.is_available():
        return Place(torch.device("mps"), torch.bfloat16)
    return Place(torch.device("cpu"), torch.float32)
