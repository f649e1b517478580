"""sfumato scene: a product, before grounds that are painted for it."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import number


def command(
    product: Annotated[Path, typer.Argument(help="PNG, JPEG or WebP; cut out already, if anything is transparent.")],
    prompt: Annotated[str, typer.Argument(help="What it stands on and before.")],
    match: Annotated[
        float | None,
        number(help="0 (the product's own colours) to 1 (those of the ground). [default: 0]"),
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
    """Put a product before grounds that are painted for it; its own pixels stay as they are, and are counted.

    It is cut out first, if nothing of it is transparent; for that, sfumato pull cutout (5 MB), once.
    """
    from sfumato.cli._painting import Saving, paint_all
    from sfumato.studio import Studio

    studio = Studio()
    order = studio.scene_order(
        product, prompt, match=match, negative=negative, n=n, model=model, seed=seed, steps=steps, guidance=guidance,
        rescale=rescale, sampler=sampler, schedule=schedule, style=style, loras=tuple(lora or ()),
    )  # fmt: skip
    saving = Saving(out, format, quality, metadata, force, json, open)
    paint_all(studio, [studio.plan(order)], saving, seed_told=seed is not None)
