"""sfumato edit: a picture, painted anew, or only in a part of it."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import number


def command(
    picture: Annotated[Path, typer.Argument(help="PNG, JPEG or WebP.")],
    prompt: Annotated[str, typer.Argument(help="What it should show.")],
    strength: Annotated[
        float | None, number(help="0 (as it is) to 1 (as if it were not there). [default: 0.6; with a mask 1]")
    ] = None,
    mask: o.Mask = None,
    mask_polarity: o.MaskPolarity = None,
    mask_box: o.MaskBox = None,
    mask_text: Annotated[str | None, typer.Option(help="Not yet: masks from words.", hidden=True)] = None,
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
    """Paint a picture anew from a prompt; with a mask, only there, and nothing else changes.

    The picture keeps its size. With a mask, the pixels outside it are counted, and so is the seam.
    """
    from sfumato.cli._painting import Saving, paint_all
    from sfumato.core.errors import RequestError
    from sfumato.studio import Studio

    if mask_text is not None:
        raise RequestError("masks cannot be made from words yet: give --mask FILE or --mask-box left,top,right,bottom")
    studio = Studio()
    order, remarks = studio.edit_order(
        picture, prompt, mask=mask, mask_polarity=mask_polarity, mask_box=mask_box, strength=strength,
        negative=negative, n=n, model=model, seed=seed, steps=steps, guidance=guidance, rescale=rescale,
        sampler=sampler, schedule=schedule, style=style, loras=tuple(lora or ()),
    )  # fmt: skip
    saving = Saving(out, format, quality, metadata, force, json, open)
    paint_all(studio, [studio.plan(order)], saving, seed_told=seed is not None, remarks=remarks)
