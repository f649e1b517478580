"""sfumato between: a row of pictures from one prompt or seed to another."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import whole


def command(
    prompt: Annotated[str, typer.Argument(help="Where the row begins.")],
    to: Annotated[str | None, typer.Argument(help="Where it ends; left out, the prompt stays.")] = None,
    to_seed: Annotated[int | None, whole(help="The seed where it ends; left out, the seed stays.")] = None,
    n: Annotated[int, whole("-n", "--number", help="How many pictures, with the first and the last.")] = 5,
    row: Annotated[Path | None, typer.Option(help="Also all of them side by side, in this file.")] = None,
    negative: o.Negative = None,
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
    """Paint the way from one prompt, or seed, to another, in even steps."""
    from sfumato.cli._painting import Saving, paint_all
    from sfumato.studio import Studio

    studio = Studio()
    if row is not None:
        studio.check_file(row, metadata=metadata, force=force)
    plan = studio.plan_between(
        prompt, to, n, to_seed=to_seed, negative=negative, seed=seed, model=model, steps=steps, guidance=guidance,
        rescale=rescale, sampler=sampler, schedule=schedule, style=style, loras=tuple(lora or ()),
    )  # fmt: skip
    saving = Saving(out or "{prompt}-{seed}-{n}", format, quality, metadata, force, json, open)
    paths = paint_all(studio, [plan], saving, seed_told=seed is not None)
    if row is not None:
        made = studio.row(paths).save(row, metadata=metadata, force=force)
        if not json:
            print(made)
