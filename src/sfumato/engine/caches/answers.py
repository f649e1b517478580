"""Whole answers are foretold from those before them (engine/foretelling.py): for every model that our samplers lead."""

from collections.abc import Sequence

from sfumato.core.card import OWN, Card
from sfumato.engine.foretelling import foretelling
from sfumato.engine.painting import Guided, Painting


class Answers:
    """A look that is foretold costs nothing."""

    def refuses(self, card: Card) -> str:
        return "paints by its own pipeline, which foretells no steps" if card.sampler == OWN else ""

    def painting(self, painting: Painting, sigmas: Sequence[float], share: float) -> Painting:
        return foretelling(painting, sigmas, share)

    def guided(self, guided: Guided, share: float) -> Guided:
        return guided


PART = Answers()
