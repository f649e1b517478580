"""Step caching: some looks are foretold from those before instead of asked, where that has been right so far.

What the model answers moves smoothly along a painting, so a line through its last answers says the next one. That is
TaylorSeer's thought (Liu et al. 2025, https://arxiv.org/abs/2503.06923), of the answer as a whole, so that it holds for
every model, guidance and sampler. How far the line may be trusted is measured, not set: each answer that was asked is
compared with what had been foretold of it, much as EasyCache does (Zhou et al. 2025,
https://arxiv.org/abs/2507.02860). It is a wrapper around a painting, so each picture has its own memory.
"""

from collections.abc import Sequence

import numpy as np

from sfumato.engine.painting import Latent, Look, Painting

EARLIEST = 5  # answers that are asked first: they decide what is where
FURTHEST = 4  # looks in a row that are foretold at most
LOOSEST = 0.15  # the error that `share` 1 allows, of an answer's own size


def foretelling(painting: Painting, sigmas: Sequence[float], share: float) -> Painting:
    """share: 0 asks every look, 1 foretells the most. sigmas: the painting's levels; looks at the last are asked."""
    known, spent, behind = Answers(), 0.0, 0
    try:
        look = next(painting)
        while True:
            spent += known.off
            if spent < share * LOOSEST and behind < FURTHEST and look.sigma > sigmas[-2]:
                behind += 1
                clean = look.x - look.sigma * known.foretold(look.sigma)
            else:
                clean = yield look
                known.add(look, clean, behind + 1)
                spent, behind = 0.0, 0
            look = painting.send(clean)
    except StopIteration as finished:
        return finished.value
    finally:
        painting.close()


class Answers:
    """The last two predictions, (x - clean) / sigma: of the noise, or in a flow of the velocity.

    off: how wrong one look more would be, of a prediction's own size; endless while too little is known.
    """

    def __init__(self) -> None:
        self.off = float("inf")
        self._asked = 0
        self._before: tuple[float, Latent] | None = None
        self._last: tuple[float, Latent] | None = None

    def add(self, look: Look, clean: Latent, behind: int) -> None:
        """Remember an answer, and how wrong it would have been foretold. behind: looks since the last one asked."""
        prediction = (look.x - clean) / look.sigma
        self._asked += 1
        if self._before is not None and self._asked >= EARLIEST:
            off = _size(self.foretold(look.sigma) - prediction) / max(_size(prediction), 1e-12)
            self.off = off / behind
        if self._last is None or look.sigma < self._last[0]:  # a second look at one level is the better one
            self._before = self._last
        self._last = look.sigma, prediction

    def foretold(self, sigma: float) -> Latent:
        """Where the line through the last two is at this level."""
        assert self._before is not None and self._last is not None
        (earlier, first), (now, second) = self._before, self._last
        return second + (sigma - now) / (now - earlier) * (second - first)


def _size(x: Latent) -> float:
    return float(np.sqrt((x**2).mean()))
