"""The catalogue: every model's card, by name.

A card is a TOML file: `cards/NAME.toml` here, or `NAME.toml` in sfumato/pocket for our own model. Outside packages add
theirs through an entry point of the group `sfumato.cards`, an object that is the Path of a card file. Models that were
brought in here have theirs in a folder of the home: see Own.

What is not painted with by itself, as a ControlNet or a model of films, is a file `listings/NAME.toml`.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sfumato.core.errors import UnknownName
from sfumato.core.registry import outside, unknown

if TYPE_CHECKING:
    from sfumato.core.card import About, Card, Kind
    from sfumato.core.listing import Listing

HERE = Path(__file__).parent
DEFAULT = "pocket"
WRITTEN = "# written by sfumato import; sfumato rm deletes it with the model"


@cache
def _paths() -> dict[str, Path]:
    inside = {path.stem: path for place in (HERE / "cards", HERE.parent / "pocket") for path in place.glob("*.toml")}
    return {name: Path(point.load()) for name, point in outside("sfumato.cards").items()} | inside


def names() -> list[str]:
    """Every model's name, sorted."""
    return sorted(_paths())


def card(name: str | None = None) -> "Card":
    """The card of a model, or of the one used when none is named; UnknownName says the nearest."""
    return _card(DEFAULT if name is None else name)


@cache
def _card(name: str) -> "Card":
    from sfumato.core.card import read_card  # brings pydantic, which a list of names can do without

    if name not in _paths():
        raise not_a_model(name, names())
    return read_card(_paths()[name])


@cache
def listed() -> "dict[str, Listing]":
    """Every listing by name, sorted."""
    from sfumato.core.card import described
    from sfumato.core.listing import Listing

    return {path.stem: described(path, Listing) for path in sorted((HERE / "listings").glob("*.toml"))}


def not_a_model(name: str, known: list[str]) -> UnknownName:
    """The error for a name that is none of the models to paint with; it may be that of a listing."""
    if name in listed():
        return UnknownName(f"{name} {listed()[name].not_painted}; see sfumato models {name}")
    return unknown("model", name, known)


def folder(name: str) -> Path:
    """Where a model's weight files are: beside its card."""
    return _paths()[name].parent


class Own:
    """A folder of cards of one's own, which need not be there. A card of ours of the same name comes first."""

    def __init__(self, folder: Path):
        self.folder = folder

    def names(self) -> list[str]:
        """Every model's name, ours and these, sorted."""
        return sorted({*_paths(), *(path.stem for path in self.folder.glob("*.toml"))})

    def card(self, name: str | None = None) -> "Card":
        """As the function `card`, over all of them."""
        from sfumato.core.card import read_card

        if name is None or name in _paths():
            return card(name)
        if name not in self.names():
            raise not_a_model(name, self.names())
        return read_card(self.folder / f"{name}.toml")

    def keep(self, card: "Card") -> None:
        """Write a card of one's own; OSError."""
        from sfumato.catalog.writing import toml

        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f".{card.name}.part"
        part.write_text(f"{WRITTEN}\n{toml(card.model_dump(mode='json', exclude_defaults=True))}", encoding="utf-8")
        part.replace(self.folder / f"{card.name}.toml")

    def forget(self, name: str) -> None:
        """Delete a card that `keep` wrote; one that was written by hand stays."""
        path = self.folder / f"{name}.toml"
        if path.is_file() and path.read_text(encoding="utf-8", errors="replace").startswith(WRITTEN):
            path.unlink()


Described = TypeVar("Described", bound="About")


def chosen(
    models: "Iterable[Described]",
    *,
    purpose: str | None = None,
    bytes: float | None = None,
    commercial: bool = False,
    kind: "Kind | None" = None,
) -> "list[Described]":
    """The models that suit, those first that say the purpose themselves, and of these what fits best.

    purpose: words that all occur in what a model is said to be for or to know. bytes: of a GPU, in which the model and
    a picture have to fit in one of core/precision's WAYS; what is not known does not fit. commercial: only those whose
    licence lets anyone use them for money.
    """
    from sfumato.core.precision import WAYS

    words = (purpose or "").lower().split()

    def rank(one: "Described") -> int | None:
        if all(word in " ".join(one.best_for).lower() for word in words):
            return 0
        said = " ".join([*one.best_for, one.about, one.knows]).lower()
        return 1 if all(word in said for word in words) else None

    def suits(one: "Described") -> bool:
        fits = bytes is None or one.way(bytes) is not None
        return fits and (one.commercial or not commercial) and (kind is None or kind in one.kinds)

    def fit(one: "Described") -> int:
        way = None if bytes is None else one.way(bytes)
        return 0 if way is None else WAYS.index(way)

    suiting = [(at, fit(one), one) for one in models if suits(one) and (at := rank(one)) is not None]
    return [one for *_, one in sorted(suiting, key=lambda found: found[:2])]
