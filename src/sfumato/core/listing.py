"""A listing: a model that Sfumato finds and pulls, and does not paint with by itself.

Listings are TOML files, one a model (catalog/listings/), beside the cards of those that paint: what steers them, what
shows them an example, what enlarges their pictures, and what makes films.
"""

from typing import Literal

from sfumato.core.card import About, Kind, Range

USES = {
    "control": "it steers another model by lines, a pose or a depth",
    "reference": "it lets another model take a picture as an example",
    "upscale": "it enlarges pictures",
    "video": "it makes films",
}
"""What a model of each kind is for."""


class Listing(About):
    """kind: what it is for. goes_with: the models that it works with, as `--model` names them.

    part: the class of diffusers that its own weights are of, where it is no pipeline; None: what is laid into another
    model's parts. takes: names of the files in its repository that make it, `*` for any; empty: all that diffusers
    reads of a whole pipeline. operations: what its makers say that it does. sizes, frames, steps, guidance: what they
    say of these, where they do. controls: kinds of control picture (sfumato/controls) that our families follow with it.
    references: whether they look at reference pictures through it.
    """

    kind: Literal["control", "reference", "upscale", "video"]
    goes_with: tuple[str, ...] = ()
    part: str | None = None
    takes: tuple[str, ...] = ()
    operations: list[str]
    controls: tuple[str, ...] = ()
    references: bool = False
    sizes: str = ""
    frames: str = ""
    steps: Range | None = None
    guidance: Range | None = None

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset({self.kind})

    @property
    def not_painted(self) -> str:
        """Why there is no painting with it by itself, in words that follow on its name."""
        return f"is no model to paint with by itself: {self.use}"

    @property
    def use(self) -> str:
        return USES[self.kind]

    @property
    def used(self) -> bool:
        """Whether anything here works with it; the others can be fetched, for other programs."""
        return bool(self.controls) or self.references
