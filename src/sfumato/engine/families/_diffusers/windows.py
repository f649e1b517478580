"""A prompt in windows of as many pieces as CLIP reads at once, each piece with its weight.

As AUTOMATIC1111 does it: words of another weight are cut into pieces on their own; a window that is full ends at the
last comma, if there is one near its end; the states that CLIP gives for the windows stand behind each other. A weight
multiplies the states of its piece, and that is all: A1111's own default also brings the window's mean back to what it
was, which divides by nearly nothing where that mean is near 0, as it is in Stable Diffusion XL.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from sfumato.engine.emphasis import Weighted

Piece = tuple["int | Tensor", float]
"""Of a prompt, with its weight."""

NONE: Mapping[str, Tensor] = MappingProxyType({})
NEAR = 20  # pieces before a window's end in which a comma ends it


@dataclass(frozen=True)
class Window:
    """ids: int64 (1, pieces), with the pieces that begin, end and fill it. weights: of each, None where all are 1.

    vectors: by its place, what stands for a piece that no vocabulary has.
    """

    ids: Tensor
    weights: Tensor | None
    vectors: Mapping[int, Tensor] = field(default_factory=dict)


def windows(
    tokenizer: Any, parts: Sequence[Weighted], most: int, words: Mapping[str, Tensor] = NONE
) -> tuple[list[Window], str]:
    """(1 to `most` windows, the end of the prompt that does not fit). tokenizer: a CLIPTokenizer of transformers.

    words: of one's own, their vectors (pieces, size) by name.
    """
    pieces: list[Piece] = [(piece, part.weight) for part in parts for piece in _pieces(tokenizer, part.text, words)]
    room = tokenizer.model_max_length - 2  # one begins, one ends
    comma = tokenizer.convert_tokens_to_ids(",</w>")
    found = []
    while pieces and len(found) < most:
        last = len(found) == most - 1
        cut = room if last or len(pieces) <= room else _cut([_id(piece) for piece, _ in pieces[:room]], comma)
        found.append(_window(tokenizer, pieces[:cut], room))
        pieces = pieces[cut:]
    return found or [_window(tokenizer, [], room)], tokenizer.decode([_id(piece) for piece, _ in pieces]).strip()


def emphasised(states: Tensor, window: Window) -> Tensor:
    """states: (1, pieces, size) of a window, as CLIP gave them."""
    return states if window.weights is None else states * window.weights.to(states)[None, :, None]


def _cut(pieces: Sequence[int], comma: int) -> int:
    """After how many of a full window's pieces it ends."""
    near = [at + 1 for at in range(len(pieces) - NEAR, len(pieces)) if pieces[at] == comma]
    return near[-1] if near else len(pieces)


def _pieces(tokenizer: Any, text: str, words: Mapping[str, Tensor]) -> list["int | Tensor"]:
    """Of a text: pieces of the vocabulary, and for words of one's own, their vectors."""
    if not words:
        return tokenizer(text, add_special_tokens=False).input_ids
    found: list[int | Tensor] = []
    for part in re.split("(" + "|".join(re.escape(f"<{name}>") for name in words) + ")", text):
        own = words.get(part[1:-1]) if part.startswith("<") else None
        found += tokenizer(part, add_special_tokens=False).input_ids if own is None else list(own)
    return found


def _id(piece: "int | Tensor") -> int:
    """What stands in the ids; for a vector any piece that ends nothing."""
    return piece if isinstance(piece, int) else 0


def _window(tokenizer: Any, pieces: "Sequence[Piece]", room: int) -> Window:
    begin, end, fill = tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id
    said, empty = [_id(piece) for piece, _ in pieces], room - len(pieces)
    vectors = {at: piece for at, (piece, _) in enumerate(pieces, 1) if not isinstance(piece, int)}
    weights = torch.tensor([1.0, *(weight for _, weight in pieces), *[1.0] * (empty + 1)])
    ids = torch.tensor([[begin, *said, end, *[fill] * empty]])
    return Window(ids, None if (weights == 1).all() else weights, vectors)
