"""sfumato scene: a product, before grounds that are painted for it."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import number


def command(
    product: Annotated[Path, typer.Argument(help="PNG, JPEG or WebP; cut out already, if anything is transparent.")],
    prompt: Annotated[str, typer.Argument(help="What it stands on and before.")],
    wishes: o.Wishes,
    saving: o.Saving,
    match: Annotated[
        float | None,
        number(help="0 (the product's own colours) to 1 (those of the ground). (default: 0)"),
    ] = None,
    n: o.Number = 1,
) -> None:
    """Put a product before grounds that are painted for it; its own pixels stay as they are, and are counted.

    It is cut out first, if nothing of it is transparent; for that, sfumato pull cutout (5 MB), once.
    """
    from sfumato.cli._painting import paint_order
    from sfumato.studio import Studio

    studio = Studio()
    paint_order(studio, studio.scene_order(product, prompt, match=match, n=n, **wishes.fields()), saving, wishes)
