"""Options that several commands share, in groups; a command has one by a parameter of its type (_written_out.py).

Each says what becomes of it, too: `Wishes().fields()` is an Order's, `Saving().encoding` is what saving takes.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sfumato import catalog
from sfumato.cli._numbers import number, whole
from sfumato.controls import controls
from sfumato.core.ratios import RATIOS
from sfumato.engine.caches import caches
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import schedules
from sfumato.finishing import finishers

if TYPE_CHECKING:
    from sfumato.masks import Where
    from sfumato.studio import Studio


def one_of(names: list[str], help: str) -> Any:
    """An option that takes one of some names; the shell completes them."""

    def begun(incomplete: str) -> list[str]:
        return [name for name in names if name.startswith(incomplete)]

    return typer.Option(help=help, autocompletion=begun)


def listed(names: list[str]) -> str:
    return f"One of: {', '.join(names)}."


PictureFile = Annotated[Path, typer.Argument(help="PNG, JPEG or WebP.")]
PictureFiles = Annotated[list[Path], typer.Argument(help="PNG, JPEG or WebP.")]
Number = Annotated[int, whole("-n", "--number", help="How many pictures; picture i has seed + i.")]
Seed = Annotated[int | None, whole(help="0 to 2^64 - 1, 0 too is a seed. (default: a fresh one)")]
Ratio = Annotated[str | None, one_of(list(RATIOS), listed(list(RATIOS)))]
Then = Annotated[
    list[str] | None,
    typer.Option(help=f"A finishing step, as resize:512x512; again for more. {listed(finishers.names())}"),
]
Format = Annotated[str | None, typer.Option(help="png, jpg or webp. (default: by --out, else png)")]
Quality = Annotated[int | None, whole(help="0 to 100, for jpg and webp.")]
Metadata = Annotated[str, typer.Option(help="full (recipe and all), minimal (that it is AI-made), none.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what stands there.")]


@dataclass(frozen=True)
class Way:
    """How to paint, whatever it is to show."""

    seed: Seed = None
    model: Annotated[str | None, one_of(catalog.names(), "Its name; sfumato models lists them.")] = None
    steps: Annotated[int | None, whole(help="Steps from noise to picture. (default: the model's)")] = None
    sampler: Annotated[str | None, one_of(samplers.names(), listed(samplers.names()))] = None
    schedule: Annotated[str | None, one_of(schedules.names(), listed(schedules.names()))] = None
    cache: Annotated[
        float | None, number(help="0 to 1: foretell steps from those before; 0.5 asks about half of many.")
    ] = None
    cache_kind: Annotated[
        str | None, one_of(caches.names(), f"What --cache leaves out. {listed(caches.names())} (default: answers)")
    ] = None
    fast: Annotated[bool, typer.Option("--fast", help="Compute in 8 bits and compiled; rounds a little.")] = False
    lora: Annotated[
        list[str] | None,
        typer.Option(help="A LoRA and its weight, -2 to 2, as ink:0.8; again for more. See sfumato loras."),
    ] = None
    then: Then = None

    def fields(self) -> dict[str, Any]:
        """As an Order's."""
        said = asdict(self)
        return said | {"loras": tuple(said.pop("lora") or ()), "then": tuple(self.then or ())}


@dataclass(frozen=True)
class Wishes(Way):
    """How to paint what is said in words."""

    negative: Annotated[str | None, typer.Option(help="What should not be there.")] = None
    guidance: Annotated[float | None, number(help="How closely the prompt is followed.")] = None
    rescale: Annotated[float | None, number(help="0 to 1: take back the contrast strong guidance adds.")] = None
    style: Annotated[str | None, typer.Option(help="A style of the model; see sfumato models.")] = None


@dataclass(frozen=True)
class Steered:
    """Pictures that steer the painting."""

    control: Annotated[
        list[str] | None,
        typer.Option(
            help="A picture to follow, its weight and part of the steps, as canny:FILE:0.8:0-0.6; again for more. "
            f"Kinds: {', '.join(controls.names())}; `:ready` behind it where FILE is such a picture already."
        ),
    ] = None
    reference: Annotated[
        list[str] | None, typer.Option(help="A picture to look at, and its weight, as FILE:0.7; again for more.")
    ] = None

    def fields(self, studio: "Studio") -> dict[str, Any]:
        """As an Order's; the pictures are made and kept."""
        from sfumato.cli._progress import say

        return {
            "controls": tuple(studio.control(text, say) for text in self.control or ()),
            "references": tuple(studio.reference(text) for text in self.reference or ()),
        }


@dataclass(frozen=True)
class Masked:
    """Where to paint."""

    mask: Annotated[Path | None, typer.Option(help="A picture of the same size: paint only where it is white.")] = None
    mask_polarity: Annotated[
        str | None,
        typer.Option(help="What of the mask is painted: white, black or alpha (transparent). (default: inferred)"),
    ] = None
    mask_box: Annotated[str | None, typer.Option(help="Paint only in left,top,right,bottom; pixels.")] = None
    mask_text: Annotated[str | None, typer.Option(help="Not yet: masks from words.", hidden=True)] = None

    @property
    def where(self) -> "Where":
        """As the studio takes it; RequestError for what is not there yet."""
        from sfumato.core.errors import RequestError
        from sfumato.masks import Where

        if self.mask_text is not None:
            raise RequestError(
                "masks cannot be made from words yet: give --mask FILE or --mask-box left,top,right,bottom"
            )
        return Where(self.mask, self.mask_polarity, self.mask_box)


@dataclass(frozen=True)
class Encoding:
    """How files are written."""

    format: Format = None
    quality: Quality = None
    metadata: Metadata = "full"
    force: Force = False

    @property
    def encoding(self) -> dict[str, Any]:
        """As saving takes it."""
        return {"format": self.format, "quality": self.quality, "metadata": self.metadata, "force": self.force}


@dataclass(frozen=True)
class Saving(Encoding):
    """Where painted pictures go."""

    out: Annotated[
        str | None, typer.Option(help="A file, a folder, or a pattern with {seed} {n} {prompt} {model}.")
    ] = None
    json: Annotated[bool, typer.Option("--json", help="Paths, recipes and seconds as JSON on stdout.")] = False
    open: Annotated[bool, typer.Option("--open", help="Show the pictures when they are done.")] = False


@dataclass(frozen=True)
class Results(Encoding):
    """Where pictures go that were files before."""

    out: Annotated[str | None, typer.Option(help="A file, a folder, or a pattern with {name} {n}.")] = None
    json: Annotated[bool, typer.Option("--json", help="Paths, sizes and seconds as JSON on stdout.")] = False
