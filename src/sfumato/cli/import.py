"""sfumato import: take in models that are on this machine already, where they lie."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    path: Annotated[
        Path,
        typer.Argument(help="A folder of diffusers, a safetensors or GGUF file, or the models folder of another tool."),
    ],
    name: Annotated[str | None, typer.Option(help="What to call it. (default: as the file)")] = None,
    like: Annotated[
        str | None, typer.Option(help="A model of the catalogue that it is like, if that is asked.")
    ] = None,
    copy: Annotated[bool, typer.Option("--copy", help="Copy the bytes; else a link leads to them.")] = False,
    json: Annotated[bool, typer.Option("--json", help="What was taken in as JSON on stdout.")] = False,
) -> None:
    """Paint with models, LoRA and words that are on this machine already; their names go to stdout.

    Nothing is copied, and only headers are read: they tell which model of the catalogue a file is like. Of the folder
    of ComfyUI or AUTOMATIC1111, every checkpoint, LoRA and embedding is taken in. Pickles (.ckpt, .pt, .bin) never are.
    """
    from dataclasses import asdict

    from sfumato.cli import _tables
    from sfumato.cli._progress import say
    from sfumato.studio import Studio

    taken, problems = Studio().import_models(path, name=name, like=like, copy=copy)
    for text in problems:
        say(text)
    for one in taken:
        if one.missing:
            say(f"{one.name} is like {one.like}: sfumato pull {one.name} fetches its configs and what else it lacks")
        if not json:
            print(one.name, flush=True)
    if json:
        _tables.print_json([asdict(one) for one in taken])
