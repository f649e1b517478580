"""The numbers that a model's weights can be kept in, how many bytes they take, and where they can be."""

from dataclasses import dataclass
from typing import Literal, get_args

Precision = Literal["fp32", "bf16", "fp16", "fp8", "int8", "nf4"]
"""fp8, int8 and nf4 are of the large products of the network that paints; all else is in 16 bits (int8: in 32)."""

NAMES: tuple[str, ...] = get_args(Precision)
TOLD: tuple[Precision, ...] = ("fp32", "bf16", "fp8", "nf4")
"""Those that a person chooses a model by."""

Placement = Literal["whole", "encoders", "blocks"]
"""What of a model waits in the computer's memory until it is asked: nothing, what reads prompts, or each block."""

PLACEMENTS: tuple[str, ...] = get_args(Placement)

ROOM = 1500
"""Bytes a pixel that a picture under way takes beside the weights: 3 GB at two megapixels."""

NF4_BLOCK = 64  # numbers of a weight that have one scale


@dataclass(frozen=True)
class Numbers:
    """product: bytes of a number in products that are rounded; rest: in all else.

    share: the most of a network that is rounded; in 8 bits modulations stay as they are, a quarter of FLUX.
    """

    product: float
    rest: float
    share: float = 0.0

    def of_painter(self, parameters: int, rounds: float) -> float:
        """Bytes of a network, of whose parameters the share `rounds` is in products that can be rounded."""
        share = min(self.share, rounds)
        return parameters * (share * self.product + (1 - share) * self.rest)


PRECISIONS: dict[Precision, Numbers] = {
    "fp32": Numbers(4, 4),
    "bf16": Numbers(2, 2),
    "fp16": Numbers(2, 2),
    "fp8": Numbers(1, 2, 0.7),
    "int8": Numbers(1, 4, 0.7),
    "nf4": Numbers(0.5 + 4 / NF4_BLOCK, 2, 1.0),
}


@dataclass(frozen=True)
class Way:
    """How a model can be had on a GPU."""

    precision: Precision
    placement: Placement

    def __str__(self) -> str:
        return self.precision + ("" if self.placement == "whole" else ", readers wait")


WAYS = (Way("bf16", "whole"), Way("bf16", "encoders"), Way("nf4", "whole"), Way("nf4", "encoders"))
"""From the best down, and none that is far slower, as with blocks that wait."""


def ways(gpu: bool = True) -> tuple[Way, ...]:
    """Those that a device has: what waits elsewhere leaves room on a GPU only."""
    return tuple(way for way in WAYS if gpu or way.placement == "whole")
