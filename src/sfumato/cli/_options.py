"""Options that all commands share that paint: their types, so that each is said once."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato import catalog
from sfumato.cli._numbers import number, whole
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import schedules


def listed(known: list[str]) -> str:
    return ", ".join(known)


def starting_with(known: list[str]):
    return lambda incomplete: [name for name in known if name.startswith(incomplete)]


Mask = Annotated[Path | None, typer.Option(help="A picture of the same size: paint only where it is white.")]
MaskPolarity = Annotated[
    str | None,
    typer.Option(help="What of the mask is painted: white, black or alpha (transparent). [default: inferred]"),
]
MaskBox = Annotated[str | None, typer.Option(help="Paint only in left,top,right,bottom; pixels.")]
Negative = Annotated[str | None, typer.Option(help="What should not be there.")]
Number = Annotated[int, whole("-n", "--number", help="How many pictures; picture i has seed + i.")]
Seed = Annotated[int | None, whole(help="0 to 2^64 - 1, 0 too is a seed. [default: a fresh one]")]
Model = Annotated[
    str | None,
    typer.Option(help="Its name; sfumato models lists them.", autocompletion=starting_with(catalog.names())),
]
Steps = Annotated[int | None, whole(help="Steps from noise to picture. [default: the model's]")]
Guidance = Annotated[float | None, number(help="How closely the prompt is followed.")]
Rescale = Annotated[float | None, number(help="0 to 1: take back the contrast strong guidance adds.")]
Sampler = Annotated[
    str | None,
    typer.Option(help=f"One of: {listed(samplers.names())}.", autocompletion=starting_with(samplers.names())),
]
Schedule = Annotated[
    str | None,
    typer.Option(help=f"One of: {listed(schedules.names())}.", autocompletion=starting_with(schedules.names())),
]
Style = Annotated[str | None, typer.Option(help="A style of the model; see sfumato models.")]
Loras = Annotated[
    list[str] | None,
    typer.Option("--lora", help="A LoRA and its weight, -2 to 2, as ink:0.8; again for more. See sfumato loras."),
]
Format = Annotated[str | None, typer.Option(help="png, jpg or webp. [default: by --out, else png]")]
Quality = Annotated[int | None, whole(help="0 to 100, for jpg and webp.")]
Metadata = Annotated[str, typer.Option(help="full (recipe and all), minimal (that it is AI-made), none.")]
Out = Annotated[str | None, typer.Option(help="A file, a folder, or a pattern with {seed} {n} {prompt} {model}.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what stands there.")]
Json = Annotated[bool, typer.Option("--json", help="Paths, recipes and seconds as JSON on stdout.")]
Open = Annotated[bool, typer.Option("--open", help="Show the pictures when they are done.")]
