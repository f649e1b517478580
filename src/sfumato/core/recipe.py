"""What is decided: everything that makes one picture, with no blanks; the same recipe is the same picture.

A recipe goes into the job, the library and the file's metadata. Only `planning` makes one from an order; `replay`
reads one back from a file.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

RECIPE_VERSION = 1


DIGEST = "^[0-9a-f]{64}$"
NAME_OF_LORA = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


class LoraUse(BaseModel):
    """A LoRA that is added to the model. weight: 1 is as it was learned. digest: of its file, 16 hexadecimal digits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=f"^{NAME_OF_LORA}$")
    weight: float = Field(allow_inf_nan=False)
    digest: str = Field(pattern="^[0-9a-f]{16}$")

    def __str__(self) -> str:
        """As a person writes it: `watercolour:0.8`."""
        return f"{self.name}:{self.weight:g}"


class WordUse(BaseModel):
    """A word of one's own that stands in the prompts as `<name>`. digest: of its file, 16 hexadecimal digits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=f"^{NAME_OF_LORA}$")
    digest: str = Field(pattern="^[0-9a-f]{16}$")


class ControlUse(BaseModel):
    """A control picture that the painting follows. kind: as `canny`. picture: sha256 of it, kept by the library.

    weight: 1 is as the network was taught. begin, end: 0 to 1, the part of the steps in which it counts. aid, digest:
    the network's name, and 16 hexadecimal digits of its files; None where the model itself takes such pictures.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(pattern="^[a-z][a-z-]{0,31}$")
    picture: str = Field(pattern=DIGEST)
    weight: float = Field(default=1, allow_inf_nan=False)
    begin: float = Field(default=0, ge=0, le=1)
    end: float = Field(default=1, ge=0, le=1)
    aid: str | None = None
    digest: str | None = Field(default=None, pattern="^[0-9a-f]{16}$")


class ReferenceUse(BaseModel):
    """A picture that is looked at while painting; picture, weight, aid, digest: as a ControlUse's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    picture: str = Field(pattern=DIGEST)
    weight: float = Field(default=1, allow_inf_nan=False)
    aid: str | None = None
    digest: str | None = Field(default=None, pattern="^[0-9a-f]{16}$")


class Toward(BaseModel):
    """Part of the way to another picture. seed, prompt: the other's, None: the recipe's own. share: 0 to 1, how far."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int | None = Field(default=None, ge=0, lt=2**64)
    prompt: str | None = None
    share: float = Field(ge=0, le=1)


class Recipe(BaseModel):
    """One picture, decided.

    model, weights: the card's name and the digest of its weight files, so that a replay can tell when they differ.
    prompt, negative, style: as they are read, but for the style's own words, which are added then. asked: the prompt as
    the person typed it, where it was expanded or put into a preset.
    width, height: of the finished picture, pixels. painted_width, painted_height: the size the model paints at;
    finishing brings it to the asked size. rescale: 0 to 1, how far guidance's contrast is taken back.
    cache: 0 to 1, how much of the looks may be answered by earlier ones; cache_kind: how (engine/caches).
    fast: whether the model computes in 8 bits, where its device is quicker so; such pictures differ a little.
    finish: the finishing steps in order, each `name:value`, as `background:#ffffff`.
    start, mask: sha256 of pictures that the library keeps: what is begun with, and where to paint (white).
    strength: 0 to 1, how much of `start` is painted anew. margins: new pixels at its left, top, right and bottom.
    window: pixels a side of the square of the picture that the model sees at once; 0: the operation's own rule.
    match: 0 to 1, how far a thing's colours are brought to its scene's. controls, references: pictures that steer it.
    embeddings: words of one's own in its texts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = RECIPE_VERSION
    operation: str = "text-to-image"
    model: str
    weights: str
    prompt: str
    asked: str | None = None
    negative: str | None = None
    style: str | None = None
    seed: int = Field(ge=0, lt=2**64)
    steps: int = Field(ge=1)
    guidance: float = Field(allow_inf_nan=False)
    rescale: float = Field(default=0, ge=0, le=1)
    cache: float = Field(default=0, ge=0, le=1)
    cache_kind: str = Field(default="answers", pattern="^[a-z][a-z-]{0,31}$")
    fast: bool = False
    sampler: str
    schedule: str
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    painted_width: int = Field(ge=1)
    painted_height: int = Field(ge=1)
    finish: tuple[str, ...] = ()
    loras: tuple[LoraUse, ...] = ()
    start: str | None = Field(default=None, pattern=DIGEST)
    mask: str | None = Field(default=None, pattern=DIGEST)
    strength: float = Field(default=1, ge=0, le=1)
    margins: tuple[int, int, int, int] | None = None
    window: int = Field(default=0, ge=0)
    match: float = Field(default=0, ge=0, le=1)
    toward: Toward | None = None
    controls: tuple[ControlUse, ...] = ()
    references: tuple[ReferenceUse, ...] = ()
    embeddings: tuple[WordUse, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the finished picture, pixels."""
        return self.width, self.height

    @property
    def painted_size(self) -> tuple[int, int]:
        """(width, height) that the model paints at, pixels."""
        return self.painted_width, self.painted_height
