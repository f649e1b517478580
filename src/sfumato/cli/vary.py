"""sfumato vary: pictures like one that was painted here."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import number


def command(
    picture: Annotated[Path, typer.Argument(help="A picture that Sfumato painted.")],
    saving: o.Saving,
    amount: Annotated[float | None, number(help="0 (the same) to 1 (another seed's). (default: 0.3)")] = None,
    n: o.Number = 4,
    seed: o.Seed = None,
    then: o.Then = None,
) -> None:
    """Paint a picture's recipe again with its noise turned a little towards other seeds'."""
    from sfumato.cli._painting import paint_all
    from sfumato.studio import Studio

    studio = Studio()
    plan = studio.plan_variations(picture, n, amount=amount, seed=seed, then=then or ())
    paint_all(studio, [plan], replace(saving, out=saving.out or f"{picture.stem}-like-{{n}}"), seed_told=True)
