"""Weight files: found in a folder, and trusted only if their sha256 is the one that the card states."""

import hashlib
from pathlib import Path

from sfumato.core.card import Card
from sfumato.core.errors import DamagedWeights


def verified(card: Card, folder: Path) -> dict[str, Path]:
    """Every weight file of the card by name; DamagedWeights names the first that is missing or not right."""
    return {file.name: verified_file(folder / file.name, file.sha256, card) for file in card.files}


def verified_file(path: Path, sha256: str, card: Card) -> Path:
    """The path, once its bytes are what they should be."""
    model = card.name
    mend = "reinstall sfumato" if card.family == "pocket" else f"run sfumato pull {model}"
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DamagedWeights(f"{model}: weight file {path.name} cannot be read ({error.strerror}); {mend}") from error
    if found != sha256:
        raise DamagedWeights(f"{model}: weight file {path.name} is damaged (its sha256 is not its card's); {mend}")
    return path
