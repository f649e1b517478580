"""Weights of words in a prompt, as AUTOMATIC1111 writes them: (more), (this much:1.3), [less], \\( itself.

https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/Features#attentionemphasis. Weights multiply where brackets
stand within brackets. A bracket that has no other half is a character like any other. The time taken grows with the
length of the prompt alone, whatever is in it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from sfumato.core.errors import RequestError
from sfumato.core.wording import shown

MORE = 1.1
MOST = 10.0
PIECE = re.compile(
    r"\\(?P<escaped>[\\()\[\]])"
    r"|(?P<open>[(\[])"
    r"|(?P<close>[)\]]|:\s*+(?P<weight>[+-]?(?:\d++(?:\.\d*+)?|\.\d++))\s*+\))"
    r"|[^\\()\[\]:]++|[\\:]"
)
"""Every text is made of these; what is possessive (*+) is never tried again, so no text takes long."""


@dataclass(frozen=True)
class Weighted:
    """Words of a prompt. weight: 1 as it stands, 0 as good as unsaid, at most MOST."""

    text: str
    weight: float


def weighted(prompt: str) -> list[Weighted]:
    """The prompt in parts of one weight each, none empty; RequestError where a weight is beyond MOST."""
    return [
        Weighted("".join(text for text, _ in alike), weight)
        for weight, alike in groupby(_characters(prompt), key=itemgetter(1))
    ]


def means_weights(prompt: str) -> bool:
    """Whether a prompt gives a number for some words, so that weights are meant, and not parentheses."""
    pieces = list(PIECE.finditer(prompt))
    _, closes = _pairs(pieces)
    return any(pieces[at]["weight"] for at in closes)


def _characters(prompt: str) -> Iterator[tuple[str, float]]:
    """The prompt's text without its brackets, piece by piece, each with its weight."""
    pieces = list(PIECE.finditer(prompt))
    factors, closes = _pairs(pieces)
    weights = [1.0]
    for at, piece in enumerate(pieces):
        if at in factors:
            weights.append(weights[-1] * factors[at])
        elif at in closes:
            weights.pop()
        else:
            text = piece["escaped"] or piece[0]
            if not abs(weights[-1]) <= MOST:
                raise RequestError(
                    f"{shown(text)} has the weight {weights[-1]:g}: give one from -{MOST:g} to {MOST:g}, or write \\( "
                    f"for a parenthesis itself"
                )
            yield text, weights[-1]


def _pairs(pieces: list[re.Match[str]]) -> tuple[dict[int, float], set[int]]:
    """(what each bracket that opens multiplies by, the brackets that close them), by their places among the pieces."""
    factors: dict[int, float] = {}
    closes: set[int] = set()
    waiting: list[int] = []
    for at, piece in enumerate(pieces):
        if piece["open"]:
            waiting.append(at)
        elif piece["close"] and waiting and pieces[waiting[-1]][0] == ("[" if piece[0] == "]" else "("):
            usual = 1 / MORE if piece[0] == "]" else MORE
            factors[waiting.pop()] = float(piece["weight"] or usual)
            closes.add(at)
    return factors, closes
