"""sfumato generate: a prompt becomes pictures beside you."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o
from sfumato.cli._numbers import number


def command(
    wishes: o.Wishes,
    steered: o.Steered,
    saving: o.Saving,
    prompt: Annotated[str | None, typer.Argument(help="What to paint; - reads it from stdin.")] = None,
    prompts: Annotated[
        Path | None, typer.Option(help="A file of prompts, one a line, each an order of its own.")
    ] = None,
    n: o.Number = 1,
    preset: Annotated[str | None, typer.Option(help="A look in words, for any model; see sfumato presets.")] = None,
    expand: Annotated[
        bool, typer.Option("--expand", help="Let rules say what the prompt leaves open; it is shown first.")
    ] = False,
    size: Annotated[str | None, typer.Option(help="As 256x256, pixels.")] = None,
    aspect_ratio: o.Ratio = None,
    megapixels: Annotated[float | None, number(help="With --aspect-ratio, or alone for a square.")] = None,
    upscale: Annotated[
        str | None, typer.Option(help="Enlarge the picture 2, 3 or 4 times, as 4, 4:photo or 2:plain.")
    ] = None,
    cutout: Annotated[bool, typer.Option("--cutout", help="Take away what is around the thing it shows.")] = False,
    background: Annotated[str | None, typer.Option(help="transparent, white, black or a colour as #ff8800.")] = None,
) -> None:
    """Paint a prompt.

    Paths go to stdout, progress to stderr. Without --seed a fresh seed is drawn and reported.
    """
    from sfumato.cli._painting import paint_all
    from sfumato.studio import Studio

    studio = Studio()
    width, height = _sides(size)
    fields = wishes.fields() | steered.fields(studio) | {
        "n": n, "width": width, "height": height, "aspect_ratio": aspect_ratio, "megapixels": megapixels,
        "background": background, "preset": preset, "expand": expand,
    }  # fmt: skip
    fields["then"] = (*(["cutout"] if cutout else []), *([f"upscale:{upscale}"] if upscale else []), *fields["then"])
    plans = []
    for words in _prompts(prompt, prompts):
        plans.append(studio.plan(words, **fields))
        fields["seed"] = plans[0].recipes[0].seed  # all orders of a command begin with the one seed that is reported
    paint_all(studio, plans, saving, seed_told=wishes.seed is not None, background=background)


def _prompts(prompt: str | None, file: Path | None) -> list[str]:
    """The prompts to paint, from the argument, stdin or a file."""
    from sfumato.core.errors import RequestError
    from sfumato.core.wording import cause

    if (prompt is None) == (file is None):
        raise RequestError('give either a prompt, as in sfumato generate "a red apple", or --prompts FILE')
    if file is None:
        assert prompt is not None
        return [_limited(sys.stdin.buffer.read(LARGEST + 1), "stdin").strip() if prompt == "-" else prompt]
    try:
        with file.open("rb") as stream:
            text = _limited(stream.read(LARGEST + 1), str(file))
    except OSError as error:
        raise RequestError(f"{file} cannot be read: {cause(error)}; give a text file with one prompt a line") from error
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
