"""Matrix products in 8-bit floats: half the memory of bf16, and nearly twice the speed where the hardware has them.

Micikevicius et al. 2022, https://arxiv.org/abs/2209.05433. Each row of the weights, and each row of what comes in, has
a scale of its own: one large number then costs its own row its fine steps, and no other. What is one row (the
modulations, which read the step and not the picture) stays as it is: it is quick, and it steers everything.
"""

import torch
from torch import Tensor, nn

FLOAT8 = torch.float8_e4m3fn
LARGEST = torch.finfo(FLOAT8).max
SIDE = 16  # a product takes sides that are multiples of it


class Float8Linear(nn.Module):
    """y = x W^T + b, both rounded to 8-bit floats a row; answers in the numbers that it is asked in."""

    def __init__(self, linear: nn.Linear, device: torch.device):
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        weight, scale = rounded(linear.weight.detach().to(device))
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale.t().contiguous())  # (1, out)
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach().to(device))

    def forward(self, x: Tensor) -> Tensor:
        rows, scale = rounded(x.reshape(-1, self.in_features))
        y = torch._scaled_mm(
            rows, self.weight.t(), scale_a=scale, scale_b=self.scale, out_dtype=torch.bfloat16, use_fast_accum=True
        ).to(x.dtype)
        y = y if self.bias is None else y + self.bias
        return y.view(*x.shape[:-1], self.out_features)


def rounded(rows: Tensor) -> tuple[Tensor, Tensor]:
    """(n, size) in 8-bit floats, and the scales, float32 (n, 1), that bring them back."""
    scale = rows.abs().amax(-1, keepdim=True).float().clamp(min=1e-12) / LARGEST
    return (rows.float() / scale).clamp(-LARGEST, LARGEST).to(FLOAT8), scale


def in_float8(network: nn.Module, device: torch.device) -> None:
    """Round the products within the network's repeated blocks, one after another; the rest is left where it is."""
    for parent, name, linear in products(network):
        setattr(parent, name, Float8Linear(linear, device))


def products(network: nn.Module) -> list[tuple[nn.Module, str, nn.Linear]]:
    """(parent, name in it, product) of all that are worth rounding."""
    return [
        (parent, name, linear)
        for block in blocks(network)
        for parent in block.modules()
        for name, linear in parent.named_children()
        if isinstance(linear, nn.Linear) and _is_of_many_rows(parent, linear)
    ]


def blocks(network: nn.Module) -> list[nn.Module]:
    """The parts that a network of diffusers repeats, which is nearly all of it."""
    kinds = getattr(network, "_repeated_blocks", None) or ()
    return [module for module in network.modules() if type(module).__name__ in kinds]


def _is_of_many_rows(parent: nn.Module, linear: nn.Linear) -> bool:
    """Modulations are in normalisations: `AdaLayerNormZero.linear`, or a block's `adaLN_modulation`, `img_mod`."""
    steers = "Norm" in type(parent).__name__ or isinstance(parent, nn.Sequential)
    return not steers and linear.in_features % SIDE == 0 and linear.out_features % SIDE == 0
