"""Matrix products with weights of 4 bits: less than a third of the memory of bf16.

NF4 of QLoRA (Dettmers et al. 2023, https://arxiv.org/abs/2305.14314): trained weights are spread as a normal
distribution is, so the sixteen numbers that a weight may become stand where that has as much between any two of them.
Each 64 weights that lie side by side are divided by the largest of them. At each call the matrix is made whole again,
in the numbers that come in; so nothing that comes in is rounded, and rows of a call do not disturb each other.
"""

import torch
from torch import Tensor
from torch.nn.functional import linear as product

from sfumato.core.precision import NF4_BLOCK
from sfumato.engine.families._diffusers.packed import PackedLinear

CODES = (
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
)  # fmt: skip
"""What a weight may be, of the largest of its block (appendix E of the paper)."""


class Nf4Linear(PackedLinear):
    """weight: two codes a byte, the first in the upper half; scale: float32, of each block."""

    @staticmethod
    def packed(weight: Tensor) -> tuple[Tensor, Tensor]:
        return packed(weight)

    def forward(self, x: Tensor) -> Tensor:
        weight = whole(self.weight, self.scale).view(self.out_features, self.in_features)
        return product(x, weight.to(x.dtype), None if self.bias is None else self.bias.to(x.dtype))


def packed(weight: Tensor) -> tuple[Tensor, Tensor]:
    """A matrix of a multiple of 64 numbers as uint8 (half as many), and the scale of each 64, float32 (blocks, 1)."""
    blocks = weight.float().reshape(-1, NF4_BLOCK)
    scale = blocks.abs().amax(-1, keepdim=True)
    codes = torch.tensor(CODES, device=weight.device)
    between = (codes[1:] + codes[:-1]) / 2
    nearest = torch.bucketize(blocks / scale.clamp(min=1e-12), between, out_int32=True).to(torch.uint8).view(-1, 2)
    return nearest[:, 0] << 4 | nearest[:, 1], scale


def whole(packed: Tensor, scale: Tensor) -> Tensor:
    """The numbers again, float32 (blocks, 64)."""
    codes = torch.tensor(CODES, device=packed.device)
    pairs = torch.stack([codes.repeat_interleave(len(CODES)), codes.repeat(len(CODES))], -1)  # of each byte
    return pairs[packed.int()].view(-1, NF4_BLOCK) * scale
