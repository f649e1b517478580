"""Matrix products in fewer bits. In 8: half the memory of bf16, and faster where the hardware has them; in 4: nf4.py.

On a GPU in 8-bit floats (Micikevicius et al. 2022, https://arxiv.org/abs/2209.05433): each row of the weights, and each
row of what comes in, has a scale of its own, so that one large number costs its own row its fine steps, and no other.
On a processor in whole numbers, by torch's own products of int8: what comes in has one scale for the whole call, so one
picture is asked a call. What is one row (the modulations, which read the step and not the picture) stays as it is in
8 bits: it is quick, and it steers everything. 4 bits are for memory, of which it is a quarter in FLUX: they take all.
"""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from sfumato.core.precision import NF4_BLOCK
from sfumato.engine.families._diffusers.nf4 import Nf4Linear
from sfumato.engine.families._diffusers.packed import PackedLinear

FLOAT8 = torch.float8_e4m3fn
LARGEST = torch.finfo(FLOAT8).max
SIDE = 16  # a product of 8-bit floats takes sides that are multiples of it


class Float8Linear(PackedLinear):
    """Both sides are rounded to 8-bit floats a row; answers in the numbers that it is asked in. scale: (1, out)."""

    @staticmethod
    def packed(weight: Tensor) -> tuple[Tensor, Tensor]:
        small, scale = rounded(weight)
        return small, scale.t().contiguous()

    def forward(self, x: Tensor) -> Tensor:
        rows, scale = rounded(x.reshape(-1, self.in_features))
        y = torch._scaled_mm(  # pyright: ignore[reportPrivateImportUsage] - the one way to it in torch 2.13
            rows, self.weight.t(), scale_a=scale, scale_b=self.scale, out_dtype=torch.bfloat16, use_fast_accum=True
        ).to(x.dtype)
        y = y if self.bias is None else y + self.bias
        return y.view(*x.shape[:-1], self.out_features)


def rounded(rows: Tensor) -> tuple[Tensor, Tensor]:
    """(n, size) in 8-bit floats, and the scales, float32 (n, 1), that bring them back."""
    scale = rows.abs().amax(-1, keepdim=True).float().clamp(min=1e-12) / LARGEST
    return (rows.float() / scale).clamp(-LARGEST, LARGEST).to(FLOAT8), scale


class Int8Linear(nn.Module):
    """y = x W^T + b in int8 on a processor: the weights with a scale a row, what comes in with one for all of it."""

    weight = None  # torch has it packed as its products want it

    def __init__(self, linear: nn.Linear, device: torch.device):
        super().__init__()
        weight = linear.weight.detach().float()
        scales = weight.abs().amax(-1).clamp(min=1e-12).double() / 127
        with warnings.catch_warnings(action="ignore"):  # of its age: what is to follow it is slower here
            whole = torch.quantize_per_channel(
                weight, scales, torch.zeros(len(scales), dtype=torch.int64), 0, torch.qint8
            )
        bias = None if linear.bias is None else linear.bias.detach().float()
        self._packed = torch.ops.quantized.linear_prepack(whole, bias)

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.quantized.linear_dynamic(x.float(), self._packed, reduce_range=True).to(x.dtype)


ROUNDED: dict[str, Callable[[nn.Linear, torch.device], nn.Module]] = {
    "float8": Float8Linear,
    "int8": Int8Linear,
    "nf4": Nf4Linear,
}


def round_products(network: nn.Module, rounding: str, device: torch.device) -> None:
    """Round the products within the network's repeated blocks, one after another; the rest is left where it is."""
    for parent, name, linear in products(network, rounding):
        setattr(parent, name, ROUNDED[rounding](linear, device))


def products(network: nn.Module, rounding: str = "float8") -> list[tuple[nn.Module, str, nn.Linear]]:
    """(parent, name in it, product) of all that are worth rounding; what a GGUF file has packed is of other classes."""
    suits = _is_of_whole_blocks if rounding == "nf4" else _is_of_many_rows
    return [
        (parent, name, linear)
        for block in blocks(network)
        for parent in block.modules()
        for name, linear in parent.named_children()
        if type(linear) is nn.Linear and suits(parent, linear)
    ]


def blocks(network: nn.Module) -> list[nn.Module]:
    """The parts that a network of diffusers repeats, which is nearly all of it; not all of its classes name them."""
    kinds = getattr(network, "_repeated_blocks", None)
    if kinds:
        return [module for module in network.modules() if type(module).__name__ in kinds]
    rows = [module for module in network.children() if isinstance(module, nn.ModuleList)]
    return [block for row in rows for block in row]


def _is_of_many_rows(parent: nn.Module, linear: nn.Linear) -> bool:
    """Modulations are in normalisations: `AdaLayerNormZero.linear`, or a block's `adaLN_modulation`, `img_mod`."""
    steers = "Norm" in type(parent).__name__ or isinstance(parent, nn.Sequential)
    return not steers and linear.in_features % SIDE == 0 and linear.out_features % SIDE == 0


def _is_of_whole_blocks(parent: nn.Module, linear: nn.Linear) -> bool:
    return linear.weight.numel() % NF4_BLOCK == 0
