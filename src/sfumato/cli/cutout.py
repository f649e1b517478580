"""sfumato cutout: the thing that a picture shows, on nothing."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli._numbers import whole


def command(
    files: Annotated[list[Path], typer.Argument(help="PNG, JPEG or WebP.")],
    background: Annotated[str, typer.Option(help="transparent, white, black or a colour as #ff8800.")] = "transparent",
    out: Annotated[str | None, typer.Option(help="A file, a folder, or a pattern with {name} {n}.")] = None,
    format: Annotated[str | None, typer.Option(help="png, jpg or webp. [default: by --out, else png]")] = None,
    quality: Annotated[int | None, whole(help="0 to 100, for jpg and webp.")] = None,
    metadata: Annotated[str, typer.Option(help="full (recipe and all), minimal (that it is AI-made), none.")] = "full",
    force: Annotated[bool, typer.Option("--force", help="Overwrite what stands there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Paths, sizes and seconds as JSON on stdout.")] = False,
) -> None:
    """Take away what is around the thing that a picture shows, or put a colour there.

    Paths go to stdout. The network is pulled once, with sfumato pull cutout (5 MB).
    """
    from sfumato.cli._edits import paths_beside, save_all
    from sfumato.studio import Studio

    studio = Studio()
    paths = paths_beside(files, out, "cutout", format)
    save_all(
        studio, files, paths, lambda number, file: studio.cutout(file, background=background),
        format=format, quality=quality, metadata=metadata, force=force, json=json,
    )  # fmt: skip
