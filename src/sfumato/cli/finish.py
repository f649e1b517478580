"""sfumato finish: pictures after finishing steps, one after another."""

from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.finishing import finishers


def command(
    files: o.PictureFiles,
    then: Annotated[
        list[str],
        typer.Option(help=f"A step, as upscale:2 or resize:512x512; again for more. {o.listed(finishers.names())}"),
    ],
    results: o.Results,
) -> None:
    """Do finishing steps to pictures, in the order given; what was painted here is replayed with them.

    Paths go to stdout. A step that needs a network says the one command that pulls it.
    """
    from sfumato.cli._edits import save_all
    from sfumato.cli._progress import progress
    from sfumato.studio import Studio

    studio = Studio()
    with progress() as show:
        save_all(
            studio, files, "finished", results,
            lambda number, file: studio.finish(
                file, then, told=lambda step, done, of: show(number, len(files), f"{step} of {file.name}", done, of)
            ),
        )  # fmt: skip
