"""Words of one's own, kept in a folder as NAME.safetensors; what is in such a file may come from a stranger."""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import cast

from sfumato import catalog
from sfumato.core.card import Card
from sfumato.core.errors import RequestError, UnreadableFile
from sfumato.core.recipe import NAME_OF_LORA, WordUse
from sfumato.core.wording import cause, shown
from sfumato.engine.families import Wordy, families
from sfumato.engine.weights.words import NoWord, Word, read_word
from sfumato.weights.models import PICKLES

ENDING = ".safetensors"
MOST_BYTES = 8 * 2**20


class Embeddings:
    """A folder, which need not be there. folder_of: where a model's weight files are."""

    def __init__(self, folder: Path, folder_of: Callable[[str], Path] = catalog.folder):
        self.folder, self._folder_of = folder, folder_of

    def find(self, name: str, card: Card) -> Word | None:
        """The word of a name, if there is one; RequestError where it is not for the card's model."""
        word = self._open(name)
        if word is None:
            return None
        try:
            cast(Wordy, families[card.family]).understands(word, card, self._folder_of(card.name))
        except NoWord as error:
            raise RequestError(f"the word <{name}> is not for {card.name}: {error}") from error
        return word

    def load(self, use: WordUse) -> Word:
        """The very word that a recipe names; RequestError if another file, or none, has its name now."""
        word = self._open(use.name)
        if word is None or word.digest != use.digest:
            now = "not here" if word is None else f"now another file ({word.digest})"
            raise RequestError(
                f"the recipe needs the word <{use.name}> ({use.digest}), which is {now}: put its file back into "
                f"{self.folder}"
            )
        return word

    def path(self, name: str) -> Path:
        """Where the file of this name is, or would be; RequestError if no word may be called so."""
        if not re.fullmatch(NAME_OF_LORA, name):
            raise RequestError(
                f"{shown(name)} is no name for a word: letters, digits, hyphens, dots and underscores, at most 64"
            )
        return self.folder / (name + ENDING)

    def read(self, name: str, path: Path) -> Word:
        """A file's word; UnreadableFile says what is wrong with it."""
        try:
            about = path.stat()
            if about.st_size > MOST_BYTES:
                raise NoWord(f"it is larger than {MOST_BYTES >> 20} MB, the most that is read")
            return _read(name, path, about.st_size, about.st_mtime_ns)
        except (UnreadableFile, NoWord) as error:
            raise UnreadableFile(f"the word <{name}> cannot be used: {error}") from error
        except OSError as error:
            raise UnreadableFile(f"the word <{name}> cannot be read: {cause(error)}") from error

    def _open(self, name: str) -> Word | None:
        if not re.fullmatch(NAME_OF_LORA, name):
            return None
        path = self.path(name)
        if not path.is_file():
            pickle = next((end for end in PICKLES if (self.folder / (name + end)).exists()), None)
            if pickle is not None:
                raise RequestError(
                    f"the word <{name}> is a {pickle} file, which can run code when it is opened: "
                    f"fetch it as safetensors"
                )
            return None
        return self.read(name, path)


@lru_cache(maxsize=32)
def _read(name: str, path: Path, size: int, changed: int) -> Word:
    """A file as it is now; read again when its size or its time (nanoseconds) is another."""
    return read_word(name, path.read_bytes())
