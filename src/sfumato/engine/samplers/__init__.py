"""Samplers: how a picture comes out of noise, one file each.

A sampler is a generator over one picture (see engine/painting.py):

    def heun(x: Latent, sigmas: Sequence[float], noise: Noise) -> Painting

`x` starts at noise level sigmas[0]; `sigmas` fall, and the last is 0 for most schedules. Coefficients are Python
floats, so that the same loop runs on numpy arrays and torch tensors. To add one, add a file with the loop and
`PART = Sampler(...)`; its name then shows in `--help`, and the contract tests run over it.

All loops are written in the diffusion scale of noise, or hold in both. `flow` says what that means for a flow model:
`AS_IT_IS` (the update is the same formula in both scales), `BY_CHANGE_OF_VARIABLES` (`on_flow` below lends it the
diffusion scale), or a sentence why it is refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sfumato.core.errors import RequestError
from sfumato.core.registry import Registry
from sfumato.engine.painting import Latent, Look, Noise, Painting, Scale

AS_IT_IS = "as it is"
BY_CHANGE_OF_VARIABLES = "by change of variables"

Loop = Callable[[Latent, Sequence[float], Noise], Painting]


@dataclass(frozen=True)
class Sampler:
    """A loop and what is known of it. `order` is of convergence on a smooth problem; 0: it draws fresh noise."""

    loop: Loop
    order: int
    looks_a_step: int
    flow: str
    about: str

    def start(self, x: Latent, sigmas: Sequence[float], noise: Noise, scale: Scale) -> Painting:
        """The loop at work on a model of this scale; RequestError with the reason if it cannot be."""
        if scale == "diffusion" or self.flow == AS_IT_IS:
            return self.loop(x, sigmas, noise)
        if self.flow == BY_CHANGE_OF_VARIABLES:
            return on_flow(self.loop, x, sigmas, noise)
        raise RequestError(self.flow)

    def refuses(self, scale: Scale) -> str | None:
        """Why this sampler is not offered for models of this scale; None if it is."""
        return None if scale == "diffusion" or self.flow in {AS_IT_IS, BY_CHANGE_OF_VARIABLES} else self.flow


NEARLY_NOISE = 1 - 1e-6  # sigma 1 of a flow is endless in the diffusion scale; diffusers begins at the same level


def on_flow(loop: Loop, x: Latent, sigmas: Sequence[float], noise: Noise) -> Painting:
    """Run a loop of the diffusion scale on a flow model.

    Dividing x = (1 - t) clean + t noise by (1 - t) gives clean + t / (1 - t) noise: the diffusion scale with
    sigma = t / (1 - t). The clean picture is the same in both.
    """
    capped = [min(t, NEARLY_NOISE) for t in sigmas]
    levels = [t / (1 - t) for t in capped]
    asked = dict(zip(levels, capped, strict=True))  # so that a look at a level of the schedule is at exactly that level
    painting = loop(x / (1 - capped[0]), levels, noise)
    try:
        look = next(painting)
        while True:
            t = asked.get(look.sigma, look.sigma / (1 + look.sigma))
            look = painting.send((yield Look(look.x * (1 - t), t)))
    except StopIteration as finished:
        last = capped[-1]
        return finished.value * (1 - last)


samplers: Registry[Sampler] = Registry(__name__, "sampler")
