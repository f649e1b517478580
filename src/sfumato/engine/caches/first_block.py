"""The network's first block decides: where it changes its input much as it did before, the others are left out.

What they added then is added again. First-block caching of ParaAttention (Cheng 2024,
https://github.com/chengzeyi/ParaAttention), after TeaCache (Liu et al. 2024, https://arxiv.org/abs/2411.19108). Every
look is asked, but most of its blocks may not be; so it sees what fresh noise of a sampler did, which no line foretells.
Each row of a painting has a memory of its own: with the prompt or without it, and no painting another's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sfumato.core.card import Card
from sfumato.engine.painting import Guided, Painting

LOOSEST = 0.3  # the change of what the first block adds, of its own size, that `share` 1 allows


@dataclass(eq=False)
class Memory:
    """Of one row of a painting. change: what the first block added the last time that all were asked; rest: the others.

    A model whose card says `first_block` keeps them here, as it has them. left_out: looks that stopped at the first.
    """

    threshold: float
    change: Any = None
    rest: Any = None
    left_out: int = 0


class FirstBlock:
    """Only for networks that are blocks of one kind behind one another."""

    def refuses(self, card: Card) -> str:
        return "" if card.first_block else "has no first block that speaks for the others"

    def painting(self, painting: Painting, sigmas: Sequence[float], share: float) -> Painting:
        return painting

    def guided(self, guided: Guided, share: float) -> Guided:
        return remembering(guided, share * LOOSEST)


def remembering(inner: Guided, threshold: float) -> Guided:
    """Each row of a look with the memory of the row in its place before."""
    memories: list[Memory] = []
    try:
        rows = next(inner)
        while True:
            memories += [Memory(threshold) for _ in rows[len(memories) :]]
            rows = inner.send(
                (yield [replace(row, memory=memory) for row, memory in zip(rows, memories, strict=False)])
            )
    except StopIteration as finished:
        return finished.value
    finally:
        inner.close()


PART = FirstBlock()
