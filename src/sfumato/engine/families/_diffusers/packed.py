"""Products whose weights lie in memory as small numbers, with scales beside them that bring them back."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class PackedLinear(nn.Module, ABC):
    """y = x W^T + b, made of a product in full: its weights are packed on the device that it is going to be asked on.

    How, and what is computed with them then, each kind says for itself.
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear, device: torch.device):
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        weight, scale = self.packed(linear.weight.detach().to(device))
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach().to(device))

    @staticmethod
    @abstractmethod
    def packed(weight: Tensor) -> tuple[Tensor, Tensor]:
        """A matrix (out, in) as small numbers, and their scales."""
