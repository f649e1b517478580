"""sfumato train lora: a style or a subject, learned from a handful of pictures."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato import catalog
from sfumato.cli._numbers import number, whole


def command(
    pictures: Annotated[list[Path], typer.Argument(help="Files or folders, of png, jpg or webp; 5 to 50 do well.")],
    name: Annotated[str, typer.Option(help="What it is to be called; also the word that a prompt says.")],
    subject: Annotated[
        bool, typer.Option("--subject/--style", help="One thing that all pictures show, or how they are drawn.")
    ] = False,
    caption: Annotated[
        str | None, typer.Option(help="What they show, where no PICTURE.txt beside one says it; else its name does.")
    ] = None,
    model: Annotated[str | None, typer.Option(help=f"One of: {', '.join(catalog.names())}.")] = None,
    steps: Annotated[int | None, whole(help="How long to learn; else by the number of pictures.")] = None,
    minutes: Annotated[float | None, number(help="How long to learn, in place of --steps.")] = None,
    rank: Annotated[int, whole(help="How much it can hold, 1 to 128; the file grows with it.")] = 8,
    seed: Annotated[int, whole(help="The same seed and pictures give the same LoRA.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Learn anew what is there under this name.")] = False,
    json: Annotated[bool, typer.Option("--json", help="What was learned as JSON on stdout.")] = False,
) -> None:
    """Teach a model a style or a subject from pictures; a few minutes on a CPU. Needs the torch extra.

    The file's path goes to stdout, progress to stderr. Stopped halfway, nothing is kept.
    """
    from dataclasses import asdict

    from sfumato.cli import _progress, _tables
    from sfumato.studio import Studio
    from sfumato.tuning import Course

    course = Course(
        name, "subject" if subject else "style", caption=caption, model=model, steps=steps, minutes=minutes, rank=rank,
        seed=seed, force=force,
    )  # fmt: skip
    with _progress.progress() as show:
        trained = Studio().train_lora(pictures, course, told=lambda step, steps: show(1, 1, name, step, steps))
    for one in trained.skipped:
        _progress.say(f"skipped {one.path}: {one.why}")
    if json:
        _tables.print_json(asdict(trained))
        return
    print(trained.path)
    _progress.say(f"learned {trained.trigger!r} from {trained.learned} pictures in {trained.seconds:.0f} s; try it:")
    _progress.say(trained.command)
