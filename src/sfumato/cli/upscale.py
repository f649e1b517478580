"""sfumato upscale: pictures, larger."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli._numbers import whole


def command(
    files: Annotated[list[Path], typer.Argument(help="PNG, JPEG or WebP.")],
    times: Annotated[int, whole(help="2, 3 or 4.")] = 4,
    kind: Annotated[str, typer.Option(help="drawing, photo, or plain, which needs no weights.")] = "drawing",
    out: Annotated[str | None, typer.Option(help="A file, a folder, or a pattern with {name} {n}.")] = None,
    format: Annotated[str | None, typer.Option(help="png, jpg or webp. [default: by --out, else png]")] = None,
    quality: Annotated[int | None, whole(help="0 to 100, for jpg and webp.")] = None,
    metadata: Annotated[str, typer.Option(help="full (recipe and all), minimal (that it is AI-made), none.")] = "full",
    force: Annotated[bool, typer.Option("--force", help="Overwrite what stands there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Paths, sizes and seconds as JSON on stdout.")] = False,
) -> None:
    """Enlarge pictures two, three or four times, with the detail drawn that is missing.

    Paths go to stdout, progress to stderr. The networks are pulled once, with sfumato pull upscale-drawing (1 MB) and
    sfumato pull upscale-photo (34 MB).
    """
    from sfumato.cli import _progress
    from sfumato.cli._edits import paths_beside, save_all
    from sfumato.studio import Studio

    studio = Studio()
    paths = paths_beside(files, out, f"x{times}", format)
    with _progress.progress() as show:
        save_all(
            studio, files, paths,
            lambda number, file: studio.upscale(
                file, times, kind, told=lambda done, of: show(number, len(files), file.name, done, of)
            ),
            format=format, quality=quality, metadata=metadata, force=force, json=json,
        )  # fmt: skip
