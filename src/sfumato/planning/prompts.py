"""Prompts as they come from people and programs, and what may not be in them."""

import unicodedata
from collections.abc import Iterable

from sfumato.core.card import Card
from sfumato.core.errors import RequestError
from sfumato.core.wording import shown
from sfumato.engine.emphasis import means_weights, weighted

LONGEST = 10_000
"""Characters. No model reads more than a few hundred words; what is longer is a mistake or an attack."""


def checked_prompt(prompt: str, *, may_be_empty: bool = False) -> str:
    """The prompt as it is; RequestError if it is empty, too long, or not text."""
    if not (prompt.strip() or may_be_empty):
        raise RequestError('the prompt is empty: say what to paint, as in sfumato generate "a red apple"')
    return _text("prompt", prompt)


def checked_negative(negative: str | None, card: Card) -> str | None:
    """The negative prompt, None if blank; RequestError where the model takes none."""
    if negative is None or not negative.strip():
        return None
    if not card.text.negative:
        raise RequestError(f"{card.name} takes no negative prompt: leave --negative out, or choose another --model")
    return _text("negative prompt", negative)


def checked_weights(prompts: Iterable[str], card: Card) -> list[str]:
    """Warnings where a prompt gives its words weights and the model knows none; RequestError where one is too large."""
    if card.text.weights:
        for prompt in prompts:
            weighted(prompt)
        return []
    meant = next((prompt for prompt in prompts if means_weights(prompt)), None)
    if meant is None:
        return []
    return [f"{card.name} knows no weights of words: in {shown(meant)}, parentheses and numbers are read as they stand"]


def _text(name: str, text: str) -> str:
    if len(text) > LONGEST:
        raise RequestError(f"the {name} has {len(text):,} characters; at most {LONGEST:,} are taken: shorten it")
    for place, character in enumerate(text):
        kind = unicodedata.category(character)
        if kind == "Cs" or (kind == "Cc" and character not in "\n\r\t"):
            what = "half a character (a lone surrogate)" if kind == "Cs" else "a control character"
            raise RequestError(f"the {name} holds {what}, U+{ord(character):04X}, at place {place + 1}: take it out")
    return text
