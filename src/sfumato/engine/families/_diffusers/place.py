"""Where a model computes, in which numbers, and what of it waits elsewhere."""

from dataclasses import dataclass, field
from typing import Literal

import torch

from sfumato.core.precision import Placement, Precision
from sfumato.engine.families._diffusers.ledger import Ledger

Rounding = Literal["none", "float8", "int8", "nf4"]

PAINTERS = ("transformer", "unet")
"""What diffusers calls the part of a model that is asked at every step."""

WAITING: dict[Placement, str] = {
    "whole": "all of it there",
    "encoders": "its text encoders wait in the computer's memory, so that prompts are read slower",
    "blocks": "each block waits in the computer's memory until it is asked, so that every step is slower",
}
"""What a placement means, from the quickest down."""

DTYPES: dict[torch.dtype, Precision] = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}
ROUNDINGS: dict[Rounding, Precision] = {"float8": "fp8", "int8": "int8", "nf4": "nf4"}


@dataclass(frozen=True)
class Place:
    """A device, and the type of number that weights are kept in there.

    rounding: what the products of the network that paints are rounded to (_diffusers/rounding.py). compiled: whether
    its repeated blocks are compiled, which takes up to a minute at the first look of each size. placement: what waits
    in the computer's memory until it is asked. tiled: whether large pictures are decoded in tiles.
    why: one line for a person, what was chosen and for what reason; remark: the same where not everybody expects it,
    else nothing. needs: what it takes so, in words. left: bytes of the device that nothing of it takes; beside: what
    came to be there since.
    """

    device: torch.device
    dtype: torch.dtype
    rounding: Rounding = "none"
    compiled: bool = False
    placement: Placement = "whole"
    tiled: bool = False
    why: str = ""
    remark: str = ""
    needs: str = ""
    left: float = float("inf")
    beside: Ledger = field(default_factory=Ledger, compare=False, repr=False)

    @property
    def precision(self) -> Precision:
        return DTYPES[self.dtype] if self.rounding == "none" else ROUNDINGS[self.rounding]

    @property
    def together(self) -> bool:
        """Whether rows of one picture go into one call: not where all of a call is rounded by one scale."""
        return self.rounding != "int8"
