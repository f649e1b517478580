"""A prompt in windows of as many pieces as CLIP reads at once, each piece with its weight.

As AUTOMATIC1111 does it: words of another weight are cut into pieces on their own; a window that is full ends at the
last comma, if there is one near its end; the states that CLIP gives for the windows stand behind each other. A weight
multiplies the states of its piece, and that is all: A1111's own default also brings the window's mean back to what it
was, which divides by nearly nothing where that mean is near 0, as it is in Stable Diffusion XL.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sfumato.engine.emphasis import Weighted

NEAR = 20  # pieces before a window's end in which a comma ends it


@dataclass(frozen=True)
class Window:
    """ids: int64 (1, pieces), with the pieces that begin, end and fill it. weights: of each, None where all are 1."""

    ids: Tensor
    weights: Tensor | None


def windows(tokenizer: Any, parts: Sequence[Weighted], most: int) -> tuple[list[Window], str]:
    """(1 to `most` windows, the end of the prompt that does not fit). tokenizer: a CLIPTokenizer of transformers."""
    pieces = [
        (piece, part.weight) for part in parts for piece in tokenizer(part.text, add_special_tokens=False).input_ids
    ]
    room = tokenizer.model_max_length - 2  # one begins, one ends
    comma = tokenizer.convert_tokens_to_ids(",</w>")
    found = []
    while pieces and len(found) < most:
        last = len(found) == most - 1
        cut = room if last or len(pieces) <= room else _cut([piece for piece, _ in pieces[:room]], comma)
        found.append(_window(tokenizer, pieces[:cut], room))
        pieces = pieces[cut:]
    return found or [_window(tokenizer, [], room)], tokenizer.decode([piece for piece, _ in pieces]).strip()


def emphasised(states: Tensor, window: Window) -> Tensor:
    """states: (1, pieces, size) of a window, as CLIP gave them."""
    return states if window.weights is None else states * window.weights.to(states)[None, :, None]


def _cut(pieces: Sequence[int], comma: int) -> int:
    """After how many of a full window's pieces it ends."""
    near = [at + 1 for at in range(len(pieces) - NEAR, len(pieces)) if pieces[at] == comma]
    return near[-1] if near else len(pieces)


def _window(tokenizer: Any, pieces: Sequence[tuple[int, float]], room: int) -> Window:
    begin, end, fill = tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id
    said, empty = [piece for piece, _ in pieces], room - len(pieces)
    weights = torch.tensor([1.0, *(weight for _, weight in pieces), *[1.0] * (empty + 1)])
    return Window(torch.tensor([[begin, *said, end, *[fill] * empty]]), None if (weights == 1).all() else weights)
