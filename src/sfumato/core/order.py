"""What is asked: a prompt, any number of pictures, and as many blanks as you like.

`planning` fills the blanks from the model's card and makes one Recipe a picture.
"""

from pydantic import BaseModel, ConfigDict, Field

from sfumato.core.recipe import DIGEST


class Order(BaseModel):
    """One wish. None means "you choose"; ranges are checked by planning, which knows the model's card.

    n: pictures; picture i has seed + i. seed: 0 to 2**64 - 1. guidance: how strongly the prompt is followed.
    cache: 0 to 1, how many steps may be foretold instead of asked; 0 is exact. cache_kind: `answers`, whole steps, or
    `first-block`, what is behind a network's first block. fast: compute in 8 bits.
    rescale: 0 to 1, takes back the contrast that strong guidance adds. width and height: pixels, both or neither; or
    aspect_ratio (core/ratios.py) with megapixels. background: `transparent` (cut out, if the model paints none),
    `white`, `black` or `#rrggbb`.
    loras: names of LoRA, each with a weight from -2 to 2 behind a colon, as `watercolour:0.8`; without one it is 1.
    preset: a style preset, words for a look (see sfumato presets); style is one that the model knows by itself.
    expand: let rules add to a short prompt what it leaves open, by the seed.
    then: finishing steps in order, as `upscale:4` or `cutout`; they change the size that is asked here.
    operation: what is done (operations/). start, mask: sha256 of pictures that were kept for it, by Studio.hold; the
    mask is white where to paint. strength: 0 to 1, how much of the start is painted anew. margins: new pixels at the
    left, top, right and bottom of the start. match: 0 to 1, how far a thing's colours are brought to its scene's.
    controls: what the painting follows, each as `canny:SHA256:0.8:0-0.5`: the kind, a picture that was kept, and if
    they are not 1 and all, the weight from 0 to 2 and the part of the steps; `ready` behind that says that the picture
    is a control picture already, else one is made of it. references: pictures to look at, each as `SHA256:0.7`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str
    negative: str | None = None
    n: int = 1
    model: str | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    rescale: float | None = None
    cache: float | None = None
    cache_kind: str | None = None
    fast: bool = False
    sampler: str | None = None
    schedule: str | None = None
    style: str | None = None
    width: int | None = None
    height: int | None = None
    aspect_ratio: str | None = None
    megapixels: float | None = None
    background: str | None = None
    loras: tuple[str, ...] = ()
    preset: str | None = None
    expand: bool = False
    then: tuple[str, ...] = ()
    operation: str = "text-to-image"
    start: str | None = Field(default=None, pattern=DIGEST)
    mask: str | None = Field(default=None, pattern=DIGEST)
    strength: float | None = None
    margins: tuple[int, int, int, int] | None = None
    match: float | None = None
    controls: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
