"""sfumato upscale: pictures, larger."""

from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import whole


def command(
    files: o.PictureFiles,
    results: o.Results,
    times: Annotated[int, whole(help="2, 3 or 4.")] = 4,
    kind: Annotated[str, typer.Option(help="drawing, photo, or plain, which needs no weights.")] = "drawing",
) -> None:
    """Enlarge pictures two, three or four times, with the detail drawn that is missing.

    Paths go to stdout, progress to stderr. The networks are pulled once, with sfumato pull upscale-drawing (1 MB) and
    sfumato pull upscale-photo (34 MB).
    """
    from sfumato.cli._edits import save_all
    from sfumato.cli._progress import progress
    from sfumato.studio import Studio

    studio = Studio()
    with progress() as show:
        save_all(
            studio, files, f"x{times}", results,
            lambda number, file: studio.upscale(
                file, times, kind, told=lambda done, of: show(number, len(files), file.name, done, of)
            ),
        )  # fmt: skip
