"""sfumato erase: a picture without something in it."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import number


def command(
    picture: Annotated[Path, typer.Argument(help="PNG, JPEG or WebP.")],
    masked: o.Masked,
    way: o.Way,
    saving: o.Saving,
    strength: Annotated[
        float | None,
        number(help="0 (only the colours nearby) to 1 (what the model likes). (default: the model's, else 0.5)"),
    ] = None,
    n: o.Number = 1,
) -> None:
    """Take what is under a mask out of a picture, and let what is around it go on; nothing else changes."""
    from sfumato.cli._painting import paint_all
    from sfumato.core.errors import RequestError
    from sfumato.studio import Studio

    where = masked.fields()
    if where["mask"] is None and where["mask_box"] is None:
        raise RequestError("say where: give --mask FILE or --mask-box left,top,right,bottom")
    studio = Studio()
    order, remarks = studio.edit_order(picture, "", operation="erase", strength=strength, n=n, **where, **way.fields())
    paint_all(studio, [studio.plan(order)], saving, seed_told=way.seed is not None, remarks=remarks)
