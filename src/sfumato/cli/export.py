"""sfumato export: one picture as the files that several places want."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import whole

if TYPE_CHECKING:
    from sfumato.worker.run import Event


def command(
    picture: Annotated[str, typer.Argument(help="PNG, JPEG or WebP; or a picture's number in sfumato history.")],
    wanted: Annotated[
        str, typer.Option("--for", help="What for: names with commas between, as blog,story; see sfumato presets.")
    ] = "",
    out: Annotated[str | None, typer.Option(help="A folder; made if it is not there. (default: NAME-export)")] = None,
    fit: Annotated[
        str, typer.Option(help="crop, extend, or auto: crop unless that loses too much of what is salient.")
    ] = "auto",
    surround: Annotated[
        str,
        typer.Option(
            help="How it is extended: paint, blur, or auto: a ground of one colour goes on, any other is painted by "
            "who painted the picture, else it is a blur."
        ),
    ] = "auto",
    model: Annotated[
        str | None, typer.Option(help="Who paints what is added. (default: who painted the picture)")
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="What the whole shows. (default: the picture's prompt)")] = None,
    format: Annotated[str | None, typer.Option(help="png, jpg or webp for all. (default: each preset's)")] = None,
    quality: Annotated[int | None, whole(help="0 to 100, for jpg and webp. (default: each preset's, else 80)")] = None,
    background: Annotated[
        str | None, typer.Option(help="Under what is transparent: transparent, white, black or as #ff8800.")
    ] = None,
    metadata: o.Metadata = "full",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    force: o.Force = False,
    json: Annotated[bool, typer.Option("--json", help="What the manifest says as JSON on stdout.")] = False,
) -> None:
    """Make the files that a blog, a shop or a platform wants, and a manifest of what was cut or added.

    What will be done goes to stderr before it is done; paths go to stdout. Presets of your own are TOML files in the
    folder presets of SFUMATO_HOME.
    """
    import json as encoding

    from sfumato.cli import _tables
    from sfumato.cli._progress import progress, say
    from sfumato.studio import Studio
    from sfumato.worker.run import Progress

    studio = Studio()
    kept = picture.isdecimal() and picture.isascii() and not Path(picture).exists()
    decided = studio.plan_export(
        int(picture) if kept else Path(picture), [name.strip() for name in wanted.split(",") if name.strip()],
        out or (f"picture-{picture}-export" if kept else f"{Path(picture).stem}-export"),
        fit=fit, surround=surround, model=model, prompt=prompt, format=format, quality=quality, background=background,
        metadata=metadata,
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
    paintings = [file.painting for file in decided.files if file.painting is not None]
    with progress() as show:

        def told(event: "Event") -> None:
            if isinstance(event, Progress):
                show(paintings.index(event.recipe) + 1, len(paintings), "the surround", event.step, event.steps)

        manifest = studio.export(decided, force=force, told=told)
    if json:
        _tables.print_json(encoding.loads(manifest.read_text(encoding="utf-8")))
        return
    for file in decided.files:
        print(file.path)
    print(manifest)
