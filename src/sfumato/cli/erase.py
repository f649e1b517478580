"""sfumato erase: a picture without something in it."""

from typing import Annotated

from sfumato.cli import _options as o
from sfumato.cli._numbers import number


def command(
    picture: o.PictureFile,
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
    from sfumato.cli._painting import paint_order
    from sfumato.studio import Studio

    studio = Studio()
    order, remarks = studio.erase_order(picture, masked.where, strength=strength, n=n, **way.fields())
    paint_order(studio, order, saving, way, remarks)
