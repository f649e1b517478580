"""sfumato generate: a prompt becomes pictures beside you."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sfumato import catalog
from sfumato.cli._numbers import number, whole
from sfumato.core.ratios import RATIOS
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import schedules
from sfumato.finishing import finishers


def _names(known: list[str]) -> str:
    return ", ".join(known)


def _starting_with(known: list[str]):
    return lambda incomplete: [name for name in known if name.startswith(incomplete)]


Number = Annotated[int, whole("-n", "--number", help="How many pictures; picture i has seed + i.")]


def command(
    prompt: Annotated[str | None, typer.Argument(help="What to paint; - reads it from stdin.")] = None,
    prompts: Annotated[
        Path | None, typer.Option(help="A file of prompts, one a line, each an order of its own.")
    ] = None,
    negative: Annotated[str | None, typer.Option(help="What should not be there.")] = None,
    n: Number = 1,
    seed: Annotated[int | None, whole(help="0 to 2^64 - 1, 0 too is a seed. [default: a fresh one]")] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Its name; sfumato models lists them.", autocompletion=_starting_with(catalog.names())),
    ] = None,
    steps: Annotated[int | None, whole(help="Steps from noise to picture. [default: the model's]")] = None,
    guidance: Annotated[float | None, number(help="How closely the prompt is followed.")] = None,
    rescale: Annotated[float | None, number(help="0 to 1: take back the contrast strong guidance adds.")] = None,
    sampler: Annotated[
        str | None,
        typer.Option(help=f"One of: {_names(samplers.names())}.", autocompletion=_starting_with(samplers.names())),
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(help=f"One of: {_names(schedules.names())}.", autocompletion=_starting_with(schedules.names())),
    ] = None,
    style: Annotated[str | None, typer.Option(help="A style of the model; see sfumato models.")] = None,
    preset: Annotated[str | None, typer.Option(help="A look in words, for any model; see sfumato presets.")] = None,
    expand: Annotated[
        bool, typer.Option("--expand", help="Let rules say what the prompt leaves open; it is shown first.")
    ] = False,
    lora: Annotated[
        list[str] | None,
        typer.Option(help="A LoRA and its weight, -2 to 2, as ink:0.8; again for more. See sfumato loras."),
    ] = None,
    size: Annotated[str | None, typer.Option(help="As 256x256, pixels.")] = None,
    aspect_ratio: Annotated[
        str | None, typer.Option(help=f"One of: {_names(list(RATIOS))}.", autocompletion=_starting_with(list(RATIOS)))
    ] = None,
    megapixels: Annotated[float | None, number(help="With --aspect-ratio, or alone for a square.")] = None,
    upscale: Annotated[
        str | None, typer.Option(help="Enlarge the picture 2, 3 or 4 times, as 4, 4:photo or 2:plain.")
    ] = None,
    cutout: Annotated[bool, typer.Option("--cutout", help="Take away what is around the thing it shows.")] = False,
    then: Annotated[
        list[str] | None,
        typer.Option(help=f"A finishing step, as resize:512x512; again for more. One of: {_names(finishers.names())}."),
    ] = None,
    background: Annotated[str | None, typer.Option(help="transparent, white, black or a colour as #ff8800.")] = None,
    format: Annotated[str | None, typer.Option(help="png, jpg or webp. [default: by --out, else png]")] = None,
    quality: Annotated[int | None, whole(help="0 to 100, for jpg and webp.")] = None,
    metadata: Annotated[str, typer.Option(help="full (recipe and all), minimal (that it is AI-made), none.")] = "full",
    out: Annotated[
        str | None, typer.Option(help="A file, a folder, or a pattern with {seed} {n} {prompt} {model}.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what stands there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Paths, recipes and seconds as JSON on stdout.")] = False,
    open: Annotated[bool, typer.Option("--open", help="Show the pictures when they are done.")] = False,
) -> None:
    """Paint a prompt.

    Paths go to stdout, progress to stderr. Without --seed a fresh seed is drawn and reported.
    """
    from sfumato.cli import _progress, _tables
    from sfumato.cli._files import paths_for
    from sfumato.core.errors import SfumatoError
    from sfumato.studio import Studio, finished
    from sfumato.worker.run import Progress, Warned

    studio = Studio()
    width, height = _sides(size)
    fields = {
        "negative": negative, "n": n, "model": model, "seed": seed, "steps": steps, "guidance": guidance,
        "rescale": rescale, "sampler": sampler, "schedule": schedule, "style": style, "width": width, "height": height,
        "aspect_ratio": aspect_ratio, "megapixels": megapixels, "background": background,
        "loras": tuple(lora or ()), "preset": preset, "expand": expand,
        "then": (*(["cutout"] if cutout else []), *([f"upscale:{upscale}"] if upscale else []), *(then or ())),
    }  # fmt: skip
    plans = []
    for words in _prompts(prompt, prompts):
        plans.append(studio.plan(words, **fields))
        fields["seed"] = plans[0].recipes[0].seed  # all orders of a command begin with the one seed that is reported
    recipes = [recipe for plan in plans for recipe in plan.recipes]
    warnings = [text for plan in plans for text in plan.warnings]
    paths = paths_for(recipes, out, format)
    for path in paths:
        warnings += studio.check_file(path, format=format, quality=quality, metadata=metadata, force=force,
                                      background=background)  # fmt: skip
    warnings = list(dict.fromkeys(warnings))
    for text in warnings + ([] if json else [text for plan in plans for text in plan.notes]):
        _progress.say(text)
    if seed is None and not json:
        first, last = recipes[0].seed, recipes[-1].seed
        _progress.say(f"seed {first}" if first == last else f"seed {first} to {last}")

    path_of = {id(recipe): path for recipe, path in zip(recipes, paths, strict=True)}  # they may finish in any order
    done = []
    with _progress.progress() as show:
        for event in studio.watch(recipes):
            if isinstance(event, Warned):
                if event.text not in warnings:
                    _progress.say(event.text)
                    warnings.append(event.text)
            elif isinstance(event, Progress):
                show(len(done) + 1, len(recipes), event.recipe.prompt, event.step, event.steps)
            elif (picture := finished(event)) is not None:
                path = picture.save(
                    path_of[id(picture.recipe)], format=format, quality=quality, metadata=metadata, force=force
                )
                done.append({"path": str(path), "seconds": round(picture.seconds, 3), "recipe": picture.recipe})
                if not json:
                    print(path, flush=True)
                try:
                    studio.keep(picture)
                except SfumatoError as error:  # the picture is there; only the history is not
                    _progress.say(f"not kept in the history: {error}")
    if json:
        _tables.print_json({"pictures": done, "warnings": warnings})
    if open:
        for row in done:
            typer.launch(row["path"])


def _prompts(prompt: str | None, file: Path | None) -> list[str]:
    """The prompts to paint, from the argument, stdin or a file."""
    from sfumato.core.errors import RequestError

    if (prompt is None) == (file is None):
        raise RequestError('give either a prompt, as in sfumato generate "a red apple", or --prompts FILE')
    if file is None:
        assert prompt is not None
        return [_limited(sys.stdin.buffer.read(LARGEST + 1), "stdin").strip() if prompt == "-" else prompt]
    try:
        with file.open("rb") as stream:
            text = _limited(stream.read(LARGEST + 1), str(file))
    except OSError as error:
        raise RequestError(
            f"{file} cannot be read: {error.strerror}; give a text file with one prompt a line"
        ) from error
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not 0 < len(lines) <= MOST_PROMPTS:
        raise RequestError(f"{file} holds {len(lines):,} prompts: write 1 to {MOST_PROMPTS:,}, one a line")
    return lines


LARGEST = 16 * 2**20  # bytes of prompts that are read
MOST_PROMPTS = 10_000


def _limited(data: bytes, name: str) -> str:
    from sfumato.core.errors import RequestError

    if len(data) > LARGEST:
        raise RequestError(f"{name} is larger than {LARGEST >> 20} MB: split it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(f"{name} is not UTF-8 text (byte {error.start + 1}): save it as UTF-8") from error


def _sides(size: str | None) -> tuple[int | None, int | None]:
    from sfumato.core.errors import RequestError

    if size is None:
        return None, None
    width, _, height = size.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and len(size) < 20):
        raise RequestError(f"size {size[:40]!r} is not a size: write it as 256x256")
    return int(width), int(height)
