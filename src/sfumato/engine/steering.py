"""What steers a painting beside its texts: control pictures, references, and for models that fill, what is around.

It goes with the texts: a family that can be steered makes of a Text one that has it beside, where its looks find it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from sfumato.core.canvas import Canvas
from sfumato.core.errors import JobFailed
from sfumato.core.recipe import ControlUse, Recipe, ReferenceUse

PlaceOf = Callable[[ControlUse | ReferenceUse], Path]
"""The folder of the very network that a use names."""


def no_place(use: ControlUse | ReferenceUse) -> Path:
    """Where none are kept."""
    raise JobFailed(f"the network {use.aid!r} cannot be had here: no place of networks is given")


@dataclass(frozen=True)
class Control:
    """image: RGB, of the canvas's size. kind: as `canny`. first, last: the noise levels between which it counts, last
    not included. network: the folder of the network that follows it; None: the model itself.
    """

    image: Image.Image
    kind: str
    weight: float
    first: float
    last: float
    network: Path | None

    def counts(self, sigma: float) -> bool:
        return self.last < sigma <= self.first


@dataclass(frozen=True)
class Reference:
    """image: RGBA, of any size. network: as a Control's."""

    image: Image.Image
    weight: float
    network: Path | None


@dataclass(frozen=True, eq=False)
class Steering:
    """All of it. start, mask: as the Canvas's, for models that fill."""

    controls: tuple[Control, ...] = ()
    references: tuple[Reference, ...] = ()
    start: Image.Image | None = None
    mask: Image.Image | None = None


def steering(recipe: Recipe, canvas: Canvas, sigmas: Sequence[float], place_of: PlaceOf) -> Steering:
    """What the recipe and the canvas say; sigmas: the levels of the painting."""
    controls = [
        Control(image, use.kind, use.weight, *span(use.begin, use.end, sigmas), _network(use, place_of))
        for use, image in zip(recipe.controls, canvas.controls, strict=True)
    ]
    references = [
        Reference(image, use.weight, _network(use, place_of))
        for use, image in zip(recipe.references, canvas.references, strict=True)
    ]
    return Steering(tuple(controls), tuple(references), canvas.start, canvas.mask)


def span(begin: float, end: float, sigmas: Sequence[float]) -> tuple[float, float]:
    """(first, last) level of a part of the steps, 0 to 1, as diffusers counts: steps that lie in it whole."""
    n = len(sigmas) - 1
    inside = [i for i in range(n) if not (i / n < begin or (i + 1) / n > end)]
    return (sigmas[inside[0]], sigmas[inside[-1] + 1]) if inside else (-1.0, -1.0)


def _network(use: ControlUse | ReferenceUse, place_of: PlaceOf) -> Path | None:
    return None if use.aid is None else place_of(use)
