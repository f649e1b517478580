"""sfumato replay: paint the recipe in a file again, and compare."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o


def command(
    files: Annotated[list[Path], typer.Argument(help="Pictures that Sfumato made.")],
    out: Annotated[str | None, typer.Option(help="Also keep the new pictures: a file, folder or pattern.")] = None,
    force: o.Force = False,
    json: Annotated[bool, typer.Option("--json", help="The comparison as JSON on stdout.")] = False,
) -> None:
    """Paint pictures again from their own recipes, and count the pixels that differ.

    All files are checked before anything is painted.

    Exit 0: all are the same (a jpg or webp as near as its compression allows); 1: one is not.
    """
    from sfumato.cli import _tables
    from sfumato.cli._files import paths_for
    from sfumato.studio import Studio

    studio = Studio()
    recipes = [studio.recipe_in(file) for file in files]
    paths = [] if out is None else paths_for(recipes, out, None)
    for path in paths:
        studio.check_file(path, force=force)
    rows = []
    for number, file in enumerate(files):
        result = studio.replay(file)
        pixels = result.picture.image.width * result.picture.image.height
        rows.append({
            "path": str(file), "same": result.same, "changed": result.changed, "pixels": pixels,
            "decibels": None if result.changed == 0 else round(result.decibels, 2),
        })  # fmt: skip
        if not json:
            likeness = "" if result.changed == 0 else f" ({result.decibels:.1f} dB)"
            verdict = "the same" if result.same else "NOT the same"
            print(f"{file}: {verdict}, {result.changed} of {pixels} pixels differ{likeness}")
        if paths:
            result.picture.save(paths[number], force=force)
    if json:
        _tables.print_json(rows)
    if not all(row["same"] for row in rows):
        raise typer.Exit(1)
