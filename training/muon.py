"""Muon for many matrices at once: those of one shape are turned together, so that a step is few launches.

Keller Jordan 2024, https://kellerjordan.github.io/posts/muon/; the size of a step is matched to AdamW's as by Liu et
al. 2025, https://arxiv.org/abs/2502.16982. The same steps as torch.optim.Muon's, which takes one matrix after another.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Muon(torch.optim.Optimizer):
    """params: matrices. turns: iterations towards an orthogonal step."""

    def __init__(
        self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.01, turns: int = 4
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "turns": turns})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            alike: dict[torch.Size, list[Tensor]] = {}
            for matrix in group["params"]:
                if matrix.grad is not None:
                    alike.setdefault(matrix.shape, []).append(matrix)
            for matrices in alike.values():
                self._step(group, matrices)

    def _step(self, group: dict, matrices: list[Tensor]) -> None:
        """One step of matrices of one shape."""
        grads = [matrix.grad for matrix in matrices]
        for matrix in matrices:
            if not self.state[matrix]:
                self.state[matrix]["momentum"] = torch.zeros_like(matrix)
        kept = [self.state[matrix]["momentum"] for matrix in matrices]
        torch._foreach_lerp_(kept, grads, 1 - group["momentum"])
        ahead = torch.stack(torch._foreach_lerp(grads, kept, group["momentum"]))
        size = 0.2 * max(ahead.shape[1:]) ** 0.5
        torch._foreach_mul_(matrices, 1 - group["lr"] * group["weight_decay"])
        steps = orthogonal(ahead, group["turns"]).to(matrices[0].dtype)
        torch._foreach_add_(matrices, list(steps), alpha=-group["lr"] * size)


def orthogonal(matrices: Tensor, turns: int) -> Tensor:
    """Near each matrix (n, rows, columns) the one whose singular values are about 1 (Newton-Schulz).

    bfloat16 is enough; a CPU is quicker without it.
    """
    a, b, c = COEFFICIENTS
    x = matrices.bfloat16() if matrices.is_cuda else matrices.float()
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(turns):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x
