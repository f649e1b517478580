"""The catalogue: every model's card, by name.

A card is a TOML file: `cards/NAME.toml` here, or `NAME.toml` in sfumato/pocket for our own model. Outside packages add
theirs through an entry point of the group `sfumato.cards`, an object that is the Path of a card file.
"""

from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from sfumato.core.registry import unknown

if TYPE_CHECKING:
    from sfumato.core.card import Card

HERE = Path(__file__).parent
DEFAULT = "pocket"


@cache
def _paths() -> dict[str, Path]:
    inside = {path.stem: path for place in (HERE / "cards", HERE.parent / "pocket") for path in place.glob("*.toml")}
    outside = {point.name: Path(point.load()) for point in entry_points(group="sfumato.cards")}
    return outside | inside


def names() -> list[str]:
    """Every model's name, sorted."""
    return sorted(_paths())


@cache
def card(name: str | None = None) -> "Card":
    """The card of a model, or of the one used when none is named; UnknownName says the nearest."""
    from sfumato.core.card import read_card  # brings pydantic, which a list of names can do without

    name = DEFAULT if name is None else name
    if name not in _paths():
        raise unknown("model", name, names())
    return read_card(_paths()[name])


def folder(name: str) -> Path:
    """Where a model's weight files are: beside its card."""
    return _paths()[name].parent
