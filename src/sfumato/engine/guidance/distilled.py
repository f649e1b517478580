"""Distilled guidance: the model was taught what guidance would do, and takes its strength as a number.

Meng et al. 2023, https://arxiv.org/abs/2210.03142; FLUX dev is such a model. One row a look, so half the cost.
"""

from typing import Any

from sfumato.engine.guidance import guided
from sfumato.engine.painting import Guided, Painting, Row


def distilled(painting: Painting, text: Any, guidance: float) -> Guided:
    """text: as the model's family reads it. guidance: in the model's own measure; FLUX dev was shown 1 to about 5."""
    return guided(painting, lambda look: [Row(look.x, look.sigma, text, guidance)], lambda look, cleans: cleans[0])
