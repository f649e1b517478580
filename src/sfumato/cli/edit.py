"""sfumato edit: a picture, painted anew, or only in a part of it."""

from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import number


def command(
    picture: o.PictureFile,
    prompt: Annotated[str, typer.Argument(help="What it should show.")],
    masked: o.Masked,
    wishes: o.Wishes,
    steered: o.Steered,
    saving: o.Saving,
    strength: Annotated[
        float | None, number(help="0 (as it is) to 1 (as if it were not there). (default: 0.6; with a mask 1)")
    ] = None,
    n: o.Number = 1,
) -> None:
    """Paint a picture anew from a prompt; with a mask, only there, and nothing else changes.

    The picture keeps its size. With a mask, the pixels outside it are counted, and so is the seam.
    """
    from sfumato.cli._painting import paint_order
    from sfumato.studio import Studio

    studio = Studio()
    fields = {"strength": strength, "n": n, **wishes.fields(), **steered.fields(studio)}
    order, remarks = studio.edit_order(picture, prompt, masked.where, **fields)
    paint_order(studio, order, saving, wishes, remarks)
