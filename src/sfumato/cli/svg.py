"""sfumato svg: drawings as shapes."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import whole


def command(
    files: Annotated[list[Path], typer.Argument(help="PNG, JPEG or WebP: drawings, stickers, icons.")],
    colours: Annotated[int, whole(help="At most so many, 2 to 256.")] = 32,
    out: Annotated[str | None, typer.Option(help="A file, a folder, or a pattern with {name} {n}.")] = None,
    metadata: o.Metadata = "full",
    force: o.Force = False,
) -> None:
    """Trace drawings into SVG files, sharp at any size; paths go to stdout."""
    from sfumato.cli._files import paths_beside
    from sfumato.studio import Studio

    studio = Studio()
    for file, path in zip(files, paths_beside(files, out, "shapes", "svg"), strict=True):
        print(studio.svg(file, path, colours=colours, metadata=metadata, force=force), flush=True)
