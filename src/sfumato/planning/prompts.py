"""Prompts as they come from people and programs, and what may not be in them."""

import unicodedata

from sfumato.core.card import Card
from sfumato.core.errors import RequestError

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


def _text(name: str, text: str) -> str:
    if len(text) > LONGEST:
        raise RequestError(f"the {name} has {len(text):,} characters; at most {LONGEST:,} are taken: shorten it")
    for place, character in enumerate(text):
        kind = unicodedata.category(character)
        if kind == "Cs" or (kind == "Cc" and character not in "\n\r\t"):
            what = "half a character (a lone surrogate)" if kind == "Cs" else "a control character"
            raise RequestError(f"the {name} holds {what}, U+{ord(character):04X}, at place {place + 1}: take it out")
    return text
