"""sfumato erase: a picture without something in it."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import number


def command(
    picture: Annotated[Path, typer.Argument(help="PNG, JPEG or WebP.")],
    mask: o.Mask = None,
    mask_polarity: o.MaskPolarity = None,
    mask_box: o.MaskBox = None,
    strength: Annotated[
        float | None,
        number(help="0 (only the colours nearby) to 1 (what the model likes). [default: 0.5]"),
    ] = None,
    n: o.Number = 1,
    seed: o.Seed = None,
    model: o.Model = None,
    steps: o.Steps = None,
    sampler: o.Sampler = None,
    schedule: o.Schedule = None,
    lora: o.Loras = None,
    format: o.Format = None,
    quality: o.Quality = None,
    metadata: o.Metadata = "full",
    out: o.Out = None,
    force: o.Force = False,
    json: o.Json = False,
    open: o.Open = False,
) -> None:
    """Take what is under a mask out of a picture, and let what is around it go on; nothing else changes."""
    from sfumato.cli._painting import Saving, paint_all
    from sfumato.core.errors import RequestError
    from sfumato.studio import Studio

    if mask is None and mask_box is None:
        raise RequestError("say where: give --mask FILE or --mask-box left,top,right,bottom")
    studio = Studio()
    order, remarks = studio.edit_order(
        picture, "", operation="erase", mask=mask, mask_polarity=mask_polarity, mask_box=mask_box, strength=strength,
        n=n, model=model, seed=seed, steps=steps, sampler=sampler, schedule=schedule, loras=tuple(lora or ()),
    )  # fmt: skip
    saving = Saving(out, format, quality, metadata, force, json, open)
    paint_all(studio, [studio.plan(order)], saving, seed_told=seed is not None, remarks=remarks)
