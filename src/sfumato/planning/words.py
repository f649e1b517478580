"""Words of one's own in prompts, `<name>`, as a recipe names them."""

import re
from collections.abc import Callable, Iterable, Sequence

from sfumato.core.card import Card
from sfumato.core.errors import RequestError
from sfumato.core.recipe import NAME_OF_LORA, WordUse
from sfumato.engine.weights.words import Word

FindWord = Callable[[str, Card], Word | None]
"""The word of a name for a card's model, None if there is none such; RequestError if it is for another."""

WRITTEN = re.compile(f"<({NAME_OF_LORA})>")


def no_words(name: str, card: Card) -> Word | None:
    """Where none are kept."""
    return None


def checked_words(texts: Iterable[str], card: Card, find: FindWord) -> tuple[tuple[WordUse, ...], list[str]]:
    """What stands in the texts, and warnings of what is read as it stands."""
    uses, warnings = [], []
    for name in dict.fromkeys(name for text in texts for name in WRITTEN.findall(text)):
        word = find(name, card) if card.embeddings else None
        if word is not None:
            uses.append(WordUse(name=name, digest=word.digest))
        else:
            why = "there is no such file in the folder embeddings" if card.embeddings else f"{card.name} takes none"
            warnings.append(f"<{name}> is read as it stands: {why}")
    return tuple(uses), warnings


def check_words(uses: Sequence[WordUse], card: Card, find: FindWord) -> None:
    """RequestError names the first of a recipe's that is not here as it was, or that the model does not take."""
    for use in uses:
        word = find(use.name, card) if card.embeddings else None
        if word is None or word.digest != use.digest:
            raise RequestError(
                f"the recipe needs the word <{use.name}> ({use.digest}) for {card.name}, which is not here as it was: "
                f"put its file back into the folder embeddings"
            )
