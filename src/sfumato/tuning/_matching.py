"""Flow matching in torch: a picture is mixed with noise, and the network learns to say which way the noise lies.

Lipman et al. 2023, https://arxiv.org/abs/2210.02747, with noise levels drawn as the sigmoid of a normal number (Esser
et al. 2024, https://arxiv.org/abs/2403.03206). Beside the pictures, the network is held to what it said of other
prompts, and of none, before it learned; so these stay as they were, and a LoRA speaks only where its word is said (a
kind of the prior preservation of Ruiz et al. 2022, https://arxiv.org/abs/2208.12242, without pictures for it).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.utils import get_peft_model_state_dict
from torch import Tensor

from sfumato.engine.families import Student, Text

BATCH = 16
HELD = 4  # rows of a batch that are of other prompts
MEMORIES = 512
DROPPED = 0.1  # of the captions, so that guidance starts from something of what is learned
NOISIER = 0.5  # added to the normal number: what is drawn where is decided while there is much noise


@dataclass(frozen=True)
class Rows:
    """What the network is shown, and what it should answer. x, velocity: (n, *latent_shape); sigma: (n,)."""

    x: Tensor
    sigma: Tensor
    texts: Sequence[Text]
    velocity: Tensor

    def some(self, n: int, rng: np.random.Generator) -> "Rows":
        chosen = rng.integers(0, len(self.texts), n)
        return Rows(self.x[chosen], self.sigma[chosen], [self.texts[i] for i in chosen], self.velocity[chosen])


def learn(
    student: Student,
    latents: Tensor,
    texts: Sequence[Text],
    others: Sequence[Text],
    empty: Text,
    *,
    rank: int,
    seed: int,
    steps: int | None,
    way: Iterable[float],
    rate: Callable[[float], float],
) -> dict[str, Tensor]:
    """The LoRA's tensors by peft's names.

    latents, texts: the pictures and their captions. others: what is to stay as it is. empty: no prompt. steps: how
    many there will be, where that is known. way: how far one is, 0 to 1, once for each step. rate: the share of the
    student's own that it takes there.
    """
    rng = np.random.default_rng(seed)
    memories = MEMORIES if steps is None else min(MEMORIES, BATCH * steps)
    memory = remembered(student, latents, others, memories, rng)
    student.network.requires_grad_(False)
    plain = LoraConfig(r=rank, lora_alpha=rank, target_modules=student.targets)
    inject_adapter_in_model(plain, student.network)
    parameters = [part for part in student.network.parameters() if part.requires_grad]
    descent = torch.optim.AdamW(parameters, weight_decay=0.01, betas=(0.9, 0.99))
    for done in way:
        for group in descent.param_groups:
            group["lr"] = student.rate * rate(done)
        chosen = rng.integers(0, len(latents), BATCH - HELD)
        captions = [empty if rng.random() < DROPPED else texts[i] for i in chosen]
        new, old = mixed(latents[chosen], captions, rng), memory.some(HELD, rng)
        answer = student.velocity(
            torch.cat([new.x, old.x]), torch.cat([new.sigma, old.sigma]), [*new.texts, *old.texts]
        )
        ((answer - torch.cat([new.velocity, old.velocity])) ** 2).mean().backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        descent.step()
        descent.zero_grad()
    return get_peft_model_state_dict(student.network)


def mixed(clean: Tensor, texts: Sequence[Text], rng: np.random.Generator) -> Rows:
    """Pictures, each with noise of its own."""
    noise = torch.from_numpy(rng.standard_normal(clean.shape, dtype=np.float32))
    sigma = torch.sigmoid(torch.from_numpy(rng.standard_normal(len(clean), dtype=np.float32)) + NOISIER)
    x = torch.lerp(clean, noise, sigma.view(-1, *[1] * (clean.ndim - 1)))
    return Rows(x, sigma, texts, noise - clean)


def remembered(
    student: Student, latents: Tensor, others: Sequence[Text], memories: int, rng: np.random.Generator
) -> Rows:
    """What the network says of other prompts before it learns, behind the same pictures' noise."""
    parts = []
    with torch.no_grad():
        for _ in range(-(-memories // BATCH)):
            said = [others[i] for i in rng.integers(0, len(others), BATCH)]
            seen = mixed(latents[rng.integers(0, len(latents), BATCH)], said, rng)
            parts.append(replace(seen, velocity=student.velocity(seen.x, seen.sigma, said)))
    x, sigma, velocity = (torch.cat([getattr(part, name) for part in parts]) for name in ("x", "sigma", "velocity"))
    return Rows(x, sigma, [text for part in parts for text in part.texts], velocity)
