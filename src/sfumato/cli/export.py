"""sfumato export: one picture as the files that several places want."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli._numbers import whole


def command(
    picture: Annotated[Path, typer.Argument(help="PNG, JPEG or WebP.")],
    wanted: Annotated[
        str, typer.Option("--for", help="What for: names with commas between, as blog,story; see sfumato presets.")
    ] = "",
    out: Annotated[str | None, typer.Option(help="A folder; made if it is not there. [default: NAME-export]")] = None,
    fit: Annotated[
        str, typer.Option(help="crop, extend, or auto: crop unless that loses too much of what is salient.")
    ] = "auto",
    format: Annotated[str | None, typer.Option(help="png, jpg or webp for all. [default: each preset's]")] = None,
    quality: Annotated[int | None, whole(help="0 to 100, for jpg and webp. [default: each preset's, else 80]")] = None,
    background: Annotated[
        str | None, typer.Option(help="Under what is transparent: transparent, white, black or as #ff8800.")
    ] = None,
    metadata: Annotated[str, typer.Option(help="full (recipe and all), minimal (that it is AI-made), none.")] = "full",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what stands there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="What the manifest says as JSON on stdout.")] = False,
) -> None:
    """Make the files that a blog, a shop or a platform wants, and a manifest of what was cut or added.

    What will be done goes to stderr before it is done; paths go to stdout. Presets of your own are TOML files in the
    folder presets of SFUMATO_HOME.
    """
    import json as encoding

    from sfumato.cli import _tables
    from sfumato.cli._progress import say
    from sfumato.studio import Studio

    studio = Studio()
    decided = studio.plan_export(
        picture, [name.strip() for name in wanted.split(",") if name.strip()], out or f"{picture.stem}-export",
        fit=fit, format=format, quality=quality, background=background, metadata=metadata,
    )  # fmt: skip
    for text in decided.warnings:
        say(text)
    if not json:
        for file in decided.files:
            say(str(file))
    if dry_run:
        if json:
            _tables.print_json([file.told() for file in decided.files])
        return
    manifest = studio.export(decided, force=force)
    if json:
        _tables.print_json(encoding.loads(manifest.read_text(encoding="utf-8")))
        return
    for file in decided.files:
        print(file.path)
    print(manifest)
