"""sfumato cutout: the thing that a picture shows, on nothing."""

from typing import Annotated

import typer

from sfumato.cli import _options as o


def command(
    files: o.PictureFiles,
    results: o.Results,
    background: Annotated[str, typer.Option(help="transparent, white, black or a colour as #ff8800.")] = "transparent",
) -> None:
    """Take away what is around the thing that a picture shows, or put a colour there.

    Paths go to stdout. The network is pulled once, with sfumato pull cutout (5 MB).
    """
    from sfumato.cli._edits import save_all
    from sfumato.studio import Studio

    studio = Studio()
    save_all(studio, files, "cutout", results, lambda number, file: studio.cutout(file, background=background))
