"""sfumato between: a row of pictures from one prompt or seed to another."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import whole


def command(
    prompt: Annotated[str, typer.Argument(help="Where the row begins.")],
    wishes: o.Wishes,
    saving: o.Saving,
    to: Annotated[str | None, typer.Argument(help="Where it ends; left out, the prompt stays.")] = None,
    to_seed: Annotated[int | None, whole(help="The seed where it ends; left out, the seed stays.")] = None,
    n: Annotated[int, whole("-n", "--number", help="How many pictures, with the first and the last.")] = 5,
    row: Annotated[Path | None, typer.Option(help="Also all of them side by side, in this file.")] = None,
) -> None:
    """Paint the way from one prompt, or seed, to another, in even steps."""
    from sfumato.cli._painting import paint_all
    from sfumato.studio import Studio

    studio, encoding = Studio(), {"metadata": saving.metadata, "force": saving.force}
    if row is not None:
        studio.check_file(row, **encoding)
    plan = studio.plan_between(prompt, to, n, to_seed=to_seed, **wishes.fields())
    named = replace(saving, out=saving.out or "{prompt}-{seed}-{n}")
    paths = paint_all(studio, [plan], named, seed_told=wishes.seed is not None)
    if row is not None:
        made = studio.row(paths).save(row, **encoding)
        if not saving.json:
            print(made)
