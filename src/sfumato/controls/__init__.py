"""Control pictures: what a picture is made into for a ControlNet to follow, one file a kind.

    def make(image: Image.Image, weights: Weights) -> Image.Image

image: RGBA, sRGB, straight alpha. The answer is RGB, of the same size; what there is to follow is bright on black. To
add a kind, add a file with such a function and `PART = Maker(make)`. One that cannot be made of pictures, or not
without weights that are not here, raises what says what to do. A kind may also be drawn from a JSON file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfumato.core.registry import Registry

if TYPE_CHECKING:  # names of kinds are listed in --help, which loads nothing heavy
    from PIL import Image

    from sfumato.weights import Weights


@dataclass(frozen=True)
class Maker:
    """See above. drawn: of what a JSON file holds; None where that is not done.

    found: what such a file would hold, of a picture. how: which of several ways is gone with the weights that are here,
    in a line for people; None where there is one.
    """

    make: "Callable[[Image.Image, Weights], Image.Image]"
    drawn: "Callable[[Any], Image.Image] | None" = None
    found: "Callable[[Image.Image, Weights], dict[str, Any]] | None" = None
    how: "Callable[[Weights], str] | None" = None

    def told(self, weights: "Weights") -> tuple[str, ...]:
        """The line of `how`, if there is one."""
        return () if self.how is None else (self.how(weights),)


controls: Registry[Maker] = Registry(__name__, "kind of control picture")
