"""No guidance: one row a look, answered as it is. For models distilled to need none (schnell, turbo, LCM)."""

from typing import Any

from sfumato.engine.guidance import guided
from sfumato.engine.painting import Guided, Painting, Row


def plain(painting: Painting, text: Any) -> Guided:
    """text: as the model's family reads it."""
    return guided(painting, lambda look: [Row(look.x, look.sigma, text)], lambda look, cleans: cleans[0])
