"""sfumato control: what a model is given to follow, as a picture to look at."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.controls import controls


def command(
    kind: Annotated[str, typer.Argument(help=o.listed(controls.names()))],
    files: Annotated[list[Path], typer.Argument(help="PNG, JPEG or WebP; for pose also OpenPose's JSON.")],
    results: o.Results,
) -> None:
    """Make a control picture, as --control makes it of a photograph: edges, lines, a skeleton.

    Paths go to stdout. What is right can be changed by hand, and given as --control KIND:FILE:ready.
    """
    from sfumato.cli._edits import save_all
    from sfumato.studio import Studio

    studio = Studio()
    save_all(studio, files, kind, results, lambda number, file: studio.control_picture(kind, file))
