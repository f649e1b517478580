"""A model's card: what it is, what it takes, and where its weights are, as data.

Cards are TOML files, one a model (catalog/cards/, and pocket/ for our own). Planning checks every order against the
card before anything is loaded. A variant of a model is a card that names the same files, and an adapter beside them.

A model that is not painted with by itself has a Listing (core/listing.py).
"""

import tomllib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sfumato.core.errors import JobFailed
from sfumato.core.precision import PRECISIONS, ROOM, Placement, Precision, Way, ways
from sfumato.core.wording import cause, first_wrong


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(_Part):
    """From low to high, both allowed; `default` where the person leaves it blank."""

    low: float
    high: float
    default: float

    @model_validator(mode="after")
    def _ordered(self) -> "Range":
        if not self.low <= self.default <= self.high:
            raise ValueError(f"default {self.default:g} is not between {self.low:g} and {self.high:g}")
        return self

    def usually(self, default: float | None) -> "Range":
        """The same with another default; None: its own."""
        return self if default is None else Range(low=self.low, high=self.high, default=default)


class Sizes(_Part):
    """Pixels a side. `multiple`: both sides are multiples of it. `best`: the side of the square it paints best.

    shape: `square` for a model of single things that falls apart on other shapes; these are then a square in the middle
    of an empty canvas.
    """

    multiple: int = Field(ge=1)
    low: int = Field(ge=1)
    high: int
    best: int
    shape: Literal["any", "square"] = "any"
    default: tuple[int, int]


class Text(_Part):
    """tokens: how many pieces of a prompt the model reads. negative: whether it takes a negative prompt.

    weights: whether words may weigh more or less than others, as `(this:1.3)`; if not, that is read as it stands.
    """

    tokens: int = Field(ge=1)
    negative: bool
    weights: bool = False


class Styles(_Part):
    """suffix: what a style adds to the prompt, `{style}` standing for its words; names: its names and words."""

    suffix: str
    names: dict[str, str]


class Latent(_Part):
    """The model's own space. reduction: pixels a side of one place. latent = (encoded - shift) * scale, unit spread."""

    channels: int = Field(ge=1)
    reduction: int = Field(ge=1)
    shift: float = 0.0
    scale: float = 1.0


class Noise(_Part):
    """What the model was trained with; all but `prediction` as engine/schedules' Training has it.

    prediction: what a diffusion model answers: the noise, or v (Salimans and Ho 2022, https://arxiv.org/abs/2202.00512).
    """

    scale: Literal["diffusion", "flow"]
    prediction: Literal["epsilon", "v"] = "epsilon"
    betas: Literal["linear", "scaled-linear"] = "scaled-linear"
    beta_start: float = 0.00085
    beta_end: float = 0.012
    timesteps: int = 1000
    spacing: Literal["leading", "trailing", "linspace"] = "leading"
    offset: int = 1
    shift: float = 1.0
    base_shift: float = 0.5
    max_shift: float = 1.15
    max_tokens: int = Field(default=4096, gt=256)
    terminal: float = Field(default=0.0, ge=0, lt=1)


class File(_Part):
    """One weight file: its name in the model's folder, and the sha256 of its bytes."""

    name: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Elsewhere(_Part):
    """A part of a model that lies at the top of another repository, and is fetched into the model's own folder.

    takes: names of the files there that make it, `*` for any. revision, gated: as a card has them. licence: of the
    part; whether it may be used for money, the card's `commercial` says of the whole.
    """

    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str | None = Field(default=None, pattern="^[0-9a-f]{40}$")
    takes: tuple[str, ...] = Field(min_length=1)
    licence: str
    gated: bool = False


OWN = "own"
"""The sampler and schedule of a model that paints whole, by its own pipeline: there is no other."""

Kind = Literal["paint", "edit", "control", "reference", "upscale", "video"]
"""paint: pictures out of words. edit: a picture, changed. The others: see core/listing.py."""


class About(_Part, ABC):
    """What is known of any model. name: as in `sfumato pull`. knows, lacks: one line each, for people.

    repository: on a model hub; None: the files lie beside the card. revision: a commit there; None: the newest, and
    the pull writes down which that was. gated: whether its owner wants an account and a word of consent. elsewhere: its
    parts that are in other repositories, by the name of their folder. pipeline: the class of diffusers that it is
    published for. best_for: what people choose it for, in words that they search with.
    parameters: of the network that paints; None: not known. rounds: the share of them in products that can be kept in
    fewer bits; the rest of a UNet are convolutions. beside: parameters of all else that is loaded with it, by name.
    licence_note: what to know of the licence. unknown: what could not be confirmed or only roughly, and why; an
    unknown `commercial` is false.
    """

    name: str = Field(pattern="^[a-z0-9][a-z0-9.-]*$")
    title: str
    about: str
    knows: str
    lacks: str
    licence: str
    licence_note: str = ""
    commercial: bool
    parameters: int | None = Field(default=None, ge=1)
    rounds: float = Field(default=0.97, ge=0, le=1)
    beside: dict[str, int] = {}
    best_for: list[str] = []
    repository: str | None = Field(default=None, pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str | None = Field(default=None, pattern="^[0-9a-f]{40}$")
    gated: bool = False
    elsewhere: dict[str, Elsewhere] = {}
    pipeline: str | None = None
    unknown: dict[str, str] = {}

    @property
    @abstractmethod
    def kinds(self) -> "frozenset[Kind]":
        """What it can be chosen as."""

    @property
    def room(self) -> int:
        """Bytes that a picture of the usual size takes beside the weights; 0 of what is not painted with by itself."""
        return 0

    def way(self, bytes: float, gpu: bool = True) -> Way | None:
        """The best of WAYS to have the model in so many bytes; None: there is none, or it is not known.

        gpu: whether they are a GPU's, so that what reads prompts can wait beside them.
        """
        return next((way for way in ways(gpu) if (takes := self.wants(way)) is not None and takes <= bytes), None)

    def wants(self, way: Way) -> int | None:
        """Bytes of a GPU that the model and a picture take so. None: not known."""
        weights = self.memory(way.precision, way.placement)
        return None if weights is None else weights + self.room

    def memory(self, precision: Precision, placement: Placement = "whole") -> int | None:
        """Bytes that the weights take in a precision; pictures under way take more. None: not known.

        placement: but `whole`, only what is on the device while it paints: the network that paints.
        """
        if self.parameters is None or ("beside" in self.unknown and not self.beside):
            return None
        numbers = PRECISIONS[precision]
        beside = sum(self.beside.values()) if placement == "whole" else 0
        return round(numbers.of_painter(self.parameters, self.rounds) + beside * numbers.rest)


class Sign(_Part):
    """What a file of the model has in its header. part: the folder of diffusers that it stands for.

    tensors: shapes by name, as its makers or diffusers name them, without what stands before all of them.
    """

    part: str
    tensors: dict[str, list[int]]


class Card(About):
    """A model that paints. name: as in `--model`. family: which engine family feeds it.

    operations: what all that is asked of it is made of. text-to-image; image-to-image, if it can begin part of the way
    from a picture, also under a mask; variation, if with a whole picture alone; fill, if it was taught to paint under a
    mask; instruct, if words tell it what to change in one.
    siblings: other classes of diffusers that are made of the same parts, by the operation that they are for.
    signs: what tells its files from other models', for taking in those that are on the machine already.
    controls: kinds of control picture that it follows. control_by: `networks` beside it (ControlNets), or `channels` of
    its own, and then it needs one. references: how it looks at reference pictures: by `tokens` of its own, or by a
    `network` beside it; None: it cannot. embeddings: whether words of one's own (textual inversion) can be put into
    its prompts.
    loras: whether LoRA can be added to it. adapter: the file that is always added to the model, at weight 1. adaptable:
    the file whose matrices LoRA adds to, of a model that can be taught one here. bases: other models whose LoRA fits
    this one too, and whose ControlNets and readers of references go with it.
    no_guidance: the number that means none, in the measure of the model's own pipeline.
    first_block: whether its network is blocks behind one another, of which all but the first may be left out
    (engine/caches/first_block.py).
    steady_guidance: whether classifier-free guidance turns the model's predictions and leaves their length.
    expand: the rules that lengthen a short prompt for it (catalog/expansions). grounds: the backgrounds that it paints
    worse than finishing lays them, as colour words and `#rrggbb`; a prompt that asks for one gets it from finishing.
    alpha: whether it leaves transparent what is around a thing; of others a transparent background is cut out.
    around: the strength that extending and erasing take where none is told, of a model that knows things and little of
    what lies around them; None: the operation's own.
    """

    family: str
    operations: list[Literal["text-to-image", "image-to-image", "variation", "fill", "instruct"]]
    siblings: dict[Literal["image-to-image", "fill"], str] = {}
    guidance_kind: Literal["classifier-free", "distilled", "none"]
    guidance: Range
    no_guidance: float = 1
    steady_guidance: bool = False
    first_block: bool = False
    steps: Range
    sampler: str
    schedule: str
    text: Text
    sizes: Sizes
    latent: Latent
    noise: Noise
    styles: Styles | None = None
    expand: str = "pictures"
    grounds: dict[str, str] = {}
    alpha: bool = False
    around: float | None = Field(default=None, ge=0, le=1)
    signs: list[Sign] = []
    files: list[File] = []
    controls: list[str] = []
    control_by: Literal["networks", "channels"] = "networks"
    references: Literal["tokens", "network"] | None = None
    embeddings: bool = False
    loras: bool = False
    adapter: str | None = None
    adaptable: str | None = None
    bases: list[str] = []

    @model_validator(mode="after")
    def _has_the_files_it_speaks_of(self) -> "Card":
        for name in (self.adapter, self.adaptable):
            if name is not None and name not in {file.name for file in self.files}:
                raise ValueError(f"{name} is not among its files")
        if self.adapter is not None and self.adaptable is None:
            raise ValueError("an adapter needs an adaptable file")
        return self

    @property
    def kinds(self) -> "frozenset[Kind]":
        paints, edits = "text-to-image" in self.operations, {"fill", "instruct"} & set(self.operations)
        told = {"paint": paints, "edit": edits, "control": self.control_by == "channels"}
        return frozenset(cast("Kind", kind) for kind, so in told.items() if so)

    @property
    def room(self) -> int:
        width, height = self.sizes.default
        return width * height * ROOM

    @property
    def of_torch(self) -> bool:
        """Whether a family over diffusers paints with it."""
        return self.repository is not None and self.pipeline is not None

    @property
    def begins(self) -> bool:
        """Whether it can begin with a picture; others are told of it, and what a mask keeps is put back in the end."""
        return bool({"image-to-image", "variation"} & set(self.operations))

    @property
    def takes_strength(self) -> bool:
        """Whether it can begin part of the way from a picture; one that is told what to change cannot."""
        return "instruct" not in self.operations

    def digest_of(self, name: str) -> str:
        """A file's sha256, as the card states it."""
        return next(file.sha256 for file in self.files if file.name == name)

    def styled(self, prompt: str, style: str | None) -> str:
        """The prompt with a style's words, put as the card says."""
        if style is None or self.styles is None:
            return prompt
        return self.styles.suffix.replace("{style}", self.styles.names[style]).replace("{prompt}", prompt)

    def asks_twice(self, guidance: float, negative: str | None) -> bool:
        """Whether each look is asked with and without the prompt, so that a negative prompt and rescaling have effect.

        A model of distilled guidance needs that for a negative prompt only.
        """
        kind = self.guidance_kind
        return guidance != self.no_guidance and (kind == "classifier-free" or (kind == "distilled" and bool(negative)))

    @property
    def weights(self) -> str:
        """A digest of all weight files: 16 hexadecimal digits."""
        import hashlib

        return hashlib.sha256("".join(f.sha256 for f in self.files).encode()).hexdigest()[:16]


Described = TypeVar("Described", bound=About)


def read_card(path: Path) -> Card:
    """The card in a TOML file; JobFailed names the file and the first wrong field."""
    return described(path, Card)


def described(path: Path, kind: type[Described]) -> Described:
    """What a TOML file says of a model, likewise."""
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise JobFailed(f"card {path.name} cannot be read ({cause(error)}); reinstall") from error
    except (tomllib.TOMLDecodeError, ValidationError, UnicodeDecodeError) as error:
        raise JobFailed(f"card {path.name} is not right: {first_wrong(error)}; mend the file or reinstall") from error
