"""What commands that paint have in common: from plans to files, with progress, the library's copy and what was kept."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sfumato.cli import _progress, _tables
from sfumato.cli._files import paths_for
from sfumato.cli._options import Saving, Way
from sfumato.core.errors import SfumatoError
from sfumato.core.order import Order
from sfumato.core.picture import Outside, Picture
from sfumato.core.recipe import Recipe

if TYPE_CHECKING:
    from sfumato.planning import Plan
    from sfumato.studio import Studio


def paint_order(studio: "Studio", order: Order, saving: Saving, way: Way, remarks: Sequence[str] = ()) -> list[Path]:
    """Plan an order and paint it as paint_all does; way: the command's, which may say a seed."""
    return paint_all(studio, [studio.plan(order)], saving, seed_told=way.seed is not None, remarks=remarks)


def paint_all(
    studio: "Studio",
    plans: "Sequence[Plan]",
    saving: Saving,
    *,
    seed_told: bool,
    background: str | None = None,
    remarks: Sequence[str] = (),
) -> list[Path]:
    """Paint, save and keep every recipe of some plans, and print each path; remarks: said first.

    Files are checked before anything is painted.
    """
    recipes = [recipe for plan in plans for recipe in plan.recipes]
    warnings = [*remarks, *(text for plan in plans for text in plan.warnings)]
    paths = paths_for(recipes, saving.out, saving.format)
    for path, recipe in zip(paths, recipes, strict=True):
        loses = studio.check_file(path, **saving.encoding, background=background)
        warnings += loses if recipe.start is None else []  # an opaque picture stays so: see _painted
    warnings = list(dict.fromkeys(warnings))
    for text in warnings + ([] if saving.json else [text for plan in plans for text in plan.notes]):
        _progress.say(text)
    if not seed_told and not saving.json:
        first, last = recipes[0].seed, recipes[-1].seed
        _progress.say(f"seed {first}" if first == last else f"seed {first} to {last}")
    done = _painted(studio, recipes, paths, warnings, saving)
    if saving.json:
        _tables.print_json({"pictures": done, "warnings": warnings})
    if saving.open:
        for row in done:
            typer.launch(row["path"])
    return paths


def _painted(
    studio: "Studio", recipes: list[Recipe], paths: list[Path], warnings: list[str], saving: Saving
) -> list[dict[str, Any]]:
    """A row for each picture; warnings: grows by what is only known while painting."""
    from sfumato.studio import finished
    from sfumato.worker.run import Progress, Warned

    path_of = {id(recipe): path for recipe, path in zip(recipes, paths, strict=True)}  # they may finish in any order
    done = []
    studio.will_keep()
    with _progress.progress() as show:
        for event in studio.watch(recipes):
            if isinstance(event, Warned):
                if event.text not in warnings:
                    _progress.say(event.text)
                    warnings.append(event.text)
            elif isinstance(event, Progress):
                show(len(done) + 1, len(recipes), event.recipe.prompt, event.step, event.steps)
            elif (picture := finished(event)) is not None:
                path = picture.save(path_of[id(picture.recipe)], **saving.encoding)
                row = {"path": str(path), "seconds": round(picture.seconds, 3), "recipe": picture.recipe}
                outside = studio.outside(picture, path, saving.quality)
                if not saving.json:
                    print(path, flush=True)
                if picture.recipe.start is not None and _loses_alpha(picture, path, saving.format):
                    warnings.append(f"{path.name} cannot be transparent: the picture is laid on white")
                    _progress.say(warnings[-1])
                if outside is not None:
                    row |= {f"outside_{name}" if name != "seam" else name: v for name, v in asdict(outside).items()}
                    if not saving.json:
                        _progress.say(told(outside))
                _keep(studio, picture)
                done.append(row)
    return done


def _loses_alpha(picture: Picture, path: Path, format: str | None) -> bool:
    from sfumato.exports import writer_for

    return not writer_for(path, format).alpha and picture.image.getchannel("A").getextrema() != (255, 255)


def told(outside: Outside) -> str:
    """One line on what became of the part to keep."""
    seam = "" if outside.seam is None else f"; seam {outside.seam:.2f} (1: none to see)"
    return (
        f"of what was to stay, {outside.changed_pixels} pixels changed (counted on the {outside.measured_on}, "
        f"sha256 {outside.sha256[:16]}){seam}"
    )


def _keep(studio: "Studio", picture: Picture) -> None:
    try:
        studio.keep(picture)
    except SfumatoError as error:  # the picture is there; only the history is not
        _progress.say(f"not kept in the history: {error}")
