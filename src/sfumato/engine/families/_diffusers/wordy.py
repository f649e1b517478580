"""Words of one's own, for families that read prompts by CLIP."""

from collections.abc import Callable, Sequence
from copy import copy
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from sfumato.core.card import Card
from sfumato.engine.families._diffusers.folder import Folder
from sfumato.engine.weights.words import NoWord, Word

READ = 64  # prompts that a view remembers
VIEWS = 4


class Wordy:
    """A family whose `_read` gives each CLIP its part of `self._words_of(reader)`. readers: the parts that read."""

    readers: tuple[str, ...] = ("text_encoder",)
    _words: tuple[Word, ...] = ()

    @classmethod
    def understands(cls, word: Word, card: Card, folder: Path) -> None:
        """NoWord says why a word is not for a model, of which only configs are read."""
        inside = Folder(card, folder)
        wanted = tuple(inside.config(reader)["hidden_size"] for reader in cls.readers)
        if word.sizes != wanted:
            found, right = (" and ".join(map(str, sizes)) for sizes in (word.sizes, wanted))
            raise NoWord(f"its vectors have {found} numbers, not {right}")

    def knowing(self, words: Sequence[Word]) -> Self:
        """This model with words; the same ones give the same object, while it is kept."""
        return self._views(self, tuple(words)) if words else self

    @cached_property
    def _views(self) -> Callable[[Self, tuple[Word, ...]], Self]:
        """The model's own, so that they go with it."""
        return lru_cache(maxsize=VIEWS)(_view)

    def _words_of(self, reader: int) -> dict[str, Tensor]:
        """Vectors by name, for the reader of a number."""
        return {word.name: torch.from_numpy(word.vectors[reader]) for word in self._words}


def _view(model: Any, words: tuple[Word, ...]) -> Any:
    view = copy(model)
    view._words = words
    view.read = lru_cache(maxsize=READ)(view._read)
    return view
