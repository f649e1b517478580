"""sfumato extend: a larger page around a picture."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import number, whole
from sfumato.core.ratios import RATIOS


def command(
    picture: Annotated[Path, typer.Argument(help="PNG, JPEG or WebP.")],
    prompt: Annotated[str, typer.Argument(help="What the whole should show.")] = "",
    to: Annotated[
        str | None,
        typer.Option(
            help=f"The ratio to extend to: {o.listed(list(RATIOS))}.", autocompletion=o.starting_with(list(RATIOS))
        ),
    ] = None,
    left: Annotated[int, whole(help="New pixels at the left.")] = 0,
    top: Annotated[int, whole(help="New pixels at the top.")] = 0,
    right: Annotated[int, whole(help="New pixels at the right.")] = 0,
    bottom: Annotated[int, whole(help="New pixels at the bottom.")] = 0,
    strength: Annotated[
        float | None, number(help="Up to 1 (free of it): how far from the colours nearby. [default: 1]")
    ] = None,
    negative: o.Negative = None,
    n: o.Number = 1,
    seed: o.Seed = None,
    model: o.Model = None,
    steps: o.Steps = None,
    guidance: o.Guidance = None,
    rescale: o.Rescale = None,
    sampler: o.Sampler = None,
    schedule: o.Schedule = None,
    style: o.Style = None,
    lora: o.Loras = None,
    format: o.Format = None,
    quality: o.Quality = None,
    metadata: o.Metadata = "full",
    out: o.Out = None,
    force: o.Force = False,
    json: o.Json = False,
    open: o.Open = False,
) -> None:
    """Paint more around a picture; its own pixels stay as they are, and are counted.

    A large new area is painted in several rounds.
    """
    from sfumato.cli._painting import Saving, paint_all
    from sfumato.studio import Studio

    studio = Studio()
    margins = (left, top, right, bottom)
    order = studio.extend_order(
        picture, prompt, to=to, margins=margins if any(margins) else None, strength=strength, negative=negative, n=n,
        model=model, seed=seed, steps=steps, guidance=guidance, rescale=rescale, sampler=sampler, schedule=schedule,
        style=style, loras=tuple(lora or ()),
    )  # fmt: skip
    saving = Saving(out, format, quality, metadata, force, json, open)
    paint_all(studio, [studio.plan(order)], saving, seed_told=seed is not None)
