"""Aids that are here: networks beside a model, ControlNets and what reads reference pictures, each in a folder.

What there is are listings (catalog/listings), as they say what our own families do with them; `sfumato pull NAME`.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sfumato.core.card import Card
from sfumato.core.errors import JobFailed, MissingWeights, RequestError
from sfumato.core.listing import Listing
from sfumato.core.recipe import ControlUse, ReferenceUse
from sfumato.core.wording import shown
from sfumato.weights.models import Models

REFERENCE = "reference"
"""Stands for the kind of control picture where a reference picture is asked for."""


class Aids:
    """listed: gives what there is, by name. models: where models are, and what goes with them."""

    def __init__(self, listed: Callable[[], Mapping[str, Listing]], models: Models):
        self._listed, self.models = listed, models

    @property
    def listed(self) -> Mapping[str, Listing]:
        """What there is, by name; read from many files when it is asked for."""
        return self._listed()

    def find(self, card: Card, kind: str) -> tuple[str, str]:
        """(name, digest) of what lets the card's model follow a kind of picture; MissingWeights says how to get it.

        kind: of a control picture, or REFERENCE. RequestError where there is none for this model.
        """
        fitting = [one.name for one in self.listed.values() if goes_with(one, card) and does(one, kind)]
        here = next((name for name in fitting if self.is_here(name)), None)
        if here is not None:
            return here, self.digest(here)
        if not fitting:
            raise RequestError(
                f"there is no network for {shown(kind)} pictures with {card.name}: choose another --model"
            )
        raise MissingWeights(
            f"{kind} pictures need a network that is not here yet: sfumato pull {' or '.join(fitting)}"
        )

    def load(self, use: ControlUse | ReferenceUse) -> Path:
        """The folder of the very one that a recipe names; JobFailed if it is another now."""
        assert use.aid is not None
        if use.aid not in self.listed or not self.is_here(use.aid):
            raise MissingWeights(
                f"this recipe needs {shown(use.aid)}, which is not here: sfumato pull {shown(use.aid)}"
            )
        if (found := self.digest(use.aid)) != use.digest:
            raise JobFailed(
                f"{use.aid} is now another ({found}) than the recipe's ({use.digest}): the picture would be another one"
            )
        return self.models.place(use.aid)

    def check(self, uses: Sequence[ControlUse | ReferenceUse]) -> None:
        """RequestError names the first of a recipe's that is not here as it was."""
        for use in uses:
            if use.aid is not None:
                try:
                    self.load(use)
                except JobFailed as error:
                    raise RequestError(str(error)) from error

    def is_here(self, name: str) -> bool:
        """Whether weights of it are here; nothing is read."""
        return self.models.is_here(self.listed[name])

    def digest(self, name: str) -> str:
        """Of its files: 16 hexadecimal digits."""
        known = [one.sha256 for one in self.models.known(name).files]
        return hashlib.sha256("".join(known).encode()).hexdigest()[:16]


def goes_with(one: Listing, card: Card) -> bool:
    return not {card.name, *card.bases}.isdisjoint(one.goes_with)


def does(one: Listing, kind: str) -> bool:
    """Whether one of our families can use it for a kind of picture."""
    return one.references if kind == REFERENCE else kind in one.controls
