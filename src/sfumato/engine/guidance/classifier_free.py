"""Classifier-free guidance: go from what the model sees without the text past what it sees with it.

Ho and Salimans 2022, https://arxiv.org/abs/2207.12598. Two rows a look, in one batch.
"""

from typing import Any

from sfumato.engine.guidance import guided
from sfumato.engine.guidance.rescale import rescaled
from sfumato.engine.guidance.steady import steadied
from sfumato.engine.painting import Guided, Latent, Look, Painting, Row


def classifier_free(
    painting: Painting,
    wanted: Any,
    unwanted: Any,
    scale: float,
    rescale: float = 0.0,
    embedded: float | None = None,
    steady: bool = False,
) -> Guided:
    """wanted, unwanted: texts as the model's family reads them; the rows come in this order.

    scale: 1 is the text alone, 7 is usual for Stable Diffusion. rescale: 0 to 1, see guidance/rescale.py.
    embedded: the guidance that a model of distilled guidance is told with each row; 1 is none. steady: see
    guidance/steady.py.
    """

    def rows(look: Look) -> list[Row]:
        return [Row(look.x, look.sigma, text, embedded) for text in (wanted, unwanted)]

    def merge(look: Look, cleans: list[Latent]) -> Latent:
        with_text, without = cleans
        clean = without + scale * (with_text - without)
        if steady:
            clean = steadied(look, clean, with_text)
        return rescaled(look, clean, with_text, rescale) if rescale else clean

    return guided(painting, rows, merge)
