"""Leaves out a transformer's blocks behind the first, where a row's memory says so (engine/caches/first_block.py).

Blocks are wrapped where they are called, outside of what is compiled and of what brings their weights to the device; so
what is left out is not brought there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from diffusers.hooks._helpers import TransformerBlockRegistry
from torch import Tensor, nn

from sfumato.engine.caches.first_block import Memory

ROWS = ("transformer_blocks", "single_transformer_blocks", "layers")
"""What diffusers calls the lists of a network's blocks, in the order that they are called in."""

Answer = Tensor | tuple[Tensor, ...]
"""A block's: the states of the picture, or those of text and picture."""


class FirstBlock:
    """network: a transformer of diffusers, of whose blocks each goes on with what the one before it answered."""

    def __init__(self, network: nn.Module):
        lists = [module for name, module in network.named_children() if name in ROWS]
        self._blocks = [block for row in lists if isinstance(row, nn.ModuleList) for block in row]
        self._wrapped = False
        self._memory: Memory | None = None
        self._first: Answer | None = None
        self._instead: Answer | None = None

    @contextmanager
    def remembering(self, memory: Memory | None) -> Iterator[None]:
        """Within it the network is asked for one row, whose memory this is; None: all blocks are asked."""
        if memory is not None and not self._wrapped:
            self._wrap()
        self._memory = memory
        try:
            yield
        finally:
            self._memory = self._first = self._instead = None

    def _wrap(self) -> None:
        first, *later, last = self._blocks
        at = TransformerBlockRegistry.get(type(first)).return_hidden_states_index or 0
        for block, around in [
            (first, partial(self._around_first, at)),
            *((one, self._around_later) for one in later),
            (last, self._around_last),
        ]:
            block._compiled_call_impl = partial(around, block._compiled_call_impl or block._call_impl)
        self._wrapped = True

    def _around_first(self, at: int, asked: Callable[..., Answer], *given: Any, **named: Any) -> Answer:
        answer, memory = asked(*given, **named), self._memory
        if memory is None:
            return answer
        change = _part(answer, at) - (given[0] if given else named["hidden_states"])
        if memory.rest is not None and _apart(change, memory.change) <= memory.threshold:
            memory.left_out += 1
            self._instead = _each(answer, memory.rest, 1)
        else:
            memory.change, self._first = change, answer
        return answer

    def _around_later(self, asked: Callable[..., Answer], *given: Any, **named: Any) -> Answer:
        return asked(*given, **named) if self._instead is None else self._instead

    def _around_last(self, asked: Callable[..., Answer], *given: Any, **named: Any) -> Answer:
        answer = self._around_later(asked, *given, **named)
        if self._memory is not None and self._first is not None:
            self._memory.rest = _each(answer, self._first, -1)
        return answer


def _part(answer: Answer, at: int) -> Tensor:
    return answer[at] if isinstance(answer, tuple) else answer


def _apart(change: Tensor, before: Tensor) -> float:
    return float((change - before).abs().mean() / before.abs().mean())


def _each(one: Answer, other: Any, sign: int) -> Answer:
    """one + sign * other, of every part."""
    if isinstance(one, tuple):
        return tuple(a + sign * b for a, b in zip(one, other, strict=True))
    return one + sign * other
