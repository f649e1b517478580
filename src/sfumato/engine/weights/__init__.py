"""Weight files: found in a folder, and trusted only if their sha256 is the one that the card states."""

from pathlib import Path

from sfumato.core.card import Card
from sfumato.core.errors import DamagedWeights
from sfumato.core.wording import cause
from sfumato.weights.digests import sha256_of


def verified(card: Card, folder: Path) -> dict[str, Path]:
    """Every weight file of the card by name; DamagedWeights names the first that is missing or not right."""
    return {file.name: verified_file(folder / file.name, file.sha256, card) for file in card.files}


def verified_file(path: Path, sha256: str, card: Card) -> Path:
    """The path, once its bytes are what they should be."""
    model = card.name
    mend = "reinstall sfumato" if card.family == "pocket" else f"run sfumato pull {model}"
    try:
        found = sha256_of(path)
    except OSError as error:
        raise DamagedWeights(f"{model}: weight file {path.name} cannot be read ({cause(error)}); {mend}") from error
    if found != sha256:
        raise DamagedWeights(f"{model}: weight file {path.name} is damaged (its sha256 is not its card's); {mend}")
    return path
