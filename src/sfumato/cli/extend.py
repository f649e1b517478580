"""sfumato extend: a larger page around a picture."""

from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import number, whole


def command(
    picture: o.PictureFile,
    wishes: o.Wishes,
    saving: o.Saving,
    prompt: Annotated[str, typer.Argument(help="What the whole should show.")] = "",
    to: o.Ratio = None,
    left: Annotated[int, whole(help="New pixels at the left.")] = 0,
    top: Annotated[int, whole(help="New pixels at the top.")] = 0,
    right: Annotated[int, whole(help="New pixels at the right.")] = 0,
    bottom: Annotated[int, whole(help="New pixels at the bottom.")] = 0,
    strength: Annotated[
        float | None,
        number(help="0 (only the colours nearby) to 1 (free of them). (default: the model's, else 1)"),
    ] = None,
    n: o.Number = 1,
) -> None:
    """Paint more around a picture, to a ratio or by pixels; its own pixels stay as they are, and are counted.

    A large new area is painted in several rounds.
    """
    from sfumato.cli._painting import paint_order
    from sfumato.studio import Studio

    studio, margins = Studio(), (left, top, right, bottom)
    fields = {"margins": margins if any(margins) else None, "strength": strength, "n": n, **wishes.fields()}
    paint_order(studio, studio.extend_order(picture, prompt, to=to, **fields), saving, wishes)
