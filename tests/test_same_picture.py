"""The same recipe is the same picture, to the byte: alone, among others, again, with every sampler.

With the real model, at a small size and few steps; what is compared is painted here, so new weights change nothing.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageChops

from sfumato import Studio, catalog, exports
from sfumato.core.canvas import no_pictures
from sfumato.core.picture import Picture
from sfumato.core.recipe import Recipe
from sfumato.engine.conductor import Conductor, Finished
from sfumato.engine.families import Model
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import schedules
from sfumato.engine.start import start
from sfumato.operations import operations
from sfumato.worker.run import Painted, run

CARD = catalog.card("pocket")
SMALL = {"width": CARD.sizes.low, "height": CARD.sizes.low, "steps": 4}
SAMPLERS = [name for name in samplers.names() if not samplers[name].refuses(CARD.noise.scale)]
SCHEDULES = [name for name in schedules.names() if not schedules[name].refuses(CARD.noise.scale)]

Paint = Callable[..., list[bytes]]


def recipes(prompt: str = "a red apple", **wishes: Any) -> list[Recipe]:
    return Studio().plan(prompt, **{**SMALL, "seed": 7, **wishes}).recipes


@pytest.fixture
def paint(pocket: Model) -> Paint:
    """The pixels of each picture, in order."""

    def painted(these: list[Recipe]) -> list[bytes]:
        events = run(these, lambda name: pocket, exports.save)
        return [event.picture.image.tobytes() for event in events if isinstance(event, Painted)]

    return painted


def test_picture_k_is_the_same_alone_and_in_an_order_of_eight(paint: Paint):
    together = paint(recipes(n=8))
    assert [pixels for k in range(8) for pixels in paint(recipes(seed=7 + k))] == together
    assert len(set(together)) == 8


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_paints_the_same_twice(paint: Paint, sampler: str):
    (once,), (again,) = paint(recipes(sampler=sampler)), paint(recipes(sampler=sampler))
    assert once == again


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_paints_the_same_twice(paint: Paint, schedule: str):
    (once,), (again,) = paint(recipes(schedule=schedule)), paint(recipes(schedule=schedule))
    assert once == again


def test_samplers_and_schedules_do_make_a_difference(paint: Paint):
    assert len({paint(recipes(sampler=name))[0] for name in SAMPLERS}) == len(SAMPLERS)
    assert len({paint(recipes(schedule=name))[0] for name in SCHEDULES}) == len(SCHEDULES)


def test_interleaved_with_other_orders_it_is_the_same(paint: Paint, pocket: Model):
    """Orders of other prompts, samplers, steps and sizes, step by step through one conductor."""
    other_size = {"width": CARD.sizes.low + CARD.sizes.multiple, "height": CARD.sizes.low}
    orders = [
        recipes(n=2),
        recipes("a blue car", n=2, sampler=SAMPLERS[0], steps=5, negative="red"),
        recipes("the sun", guidance=1, **other_size),
    ]
    conductor, tasks = Conductor(), {}
    for number, order in enumerate(orders):
        for one in order:
            task, _ = start(one, next(operations[one.operation].paint(one, no_pictures)), pocket)
            task.order = number
            tasks[task] = one
            conductor.add(task)
    events = list(conductor.run())
    turns = [event.task.order for event in events]
    assert turns[:6] == [0, 1, 2, 0, 1, 2]
    ended = {event.task: event.latent for event in events if isinstance(event, Finished)}
    for task, one in tasks.items():
        if one.painted_size == one.size:
            assert [pocket.decode(ended[task]).tobytes()] == paint([one])


@pytest.mark.parametrize("name", ["one.png", "one.jpg", "one.webp"])
def test_replay_paints_it_again(tmp_path: Path, name: str):
    (picture,) = Studio().paint("a red apple", **SMALL, seed=2**64 - 1)
    replay = Studio().replay(picture.save(tmp_path / name))
    assert replay.same
    assert replay.picture.image.tobytes() == picture.image.tobytes()
    assert replay.picture.recipe == picture.recipe
    if name == "one.png":
        assert (replay.changed, replay.decibels) == (0, float("inf"))


@pytest.mark.parametrize("name", ["one.png", "one.jpg", "one.webp"])
def test_replay_knows_another_picture(tmp_path: Path, name: str):
    one, other = Studio().paint("a red apple", n=2, **SMALL, seed=1)
    changed = Picture(ImageChops.invert(other.image.convert("RGB")).convert("RGBA"), one.recipe, 0, exports.save)
    replay = Studio().replay(changed.save(tmp_path / name))
    assert not replay.same
    assert replay.changed > 0
    assert replay.decibels < 20


def test_one_changed_pixel_is_counted(tmp_path: Path):
    (one,) = Studio().paint("a red apple", **SMALL, seed=1)
    image = one.image.copy()
    red, *rest = image.getpixel((3, 4))  # type: ignore[misc]
    image.putpixel((3, 4), (red ^ 255, *rest))
    replay = Studio().replay(Picture(image, one.recipe, 0, exports.save).save(tmp_path / "one.png"))
    assert (replay.same, replay.changed) == (False, 1)


@pytest.mark.parametrize(
    "wishes",
    [
        {"seed": 0},
        {"seed": 1},
        {"seed": 2**64 - 1},
        {"prompt": "a blue car"},
        {"negative": "red"},
        {"guidance": 1},
        {"guidance": 6},
        {"steps": 5},
        *([{"style": sorted(CARD.styles.names)[0]}] if CARD.styles else []),
        {"background": "#00ff00"},
    ],
    ids=str,
)
def test_every_wish_changes_the_picture(paint: Paint, wishes: dict[str, Any]):
    (base,), (changed,) = paint(recipes()), paint(recipes(**wishes))
    assert base != changed


def test_rescaling_changes_a_picture_that_is_asked_twice(paint: Paint):
    (base,), (changed,) = paint(recipes(negative="red")), paint(recipes(negative="red", rescale=0.7))
    assert base != changed


def test_seed_zero_is_a_seed_of_its_own(paint: Paint):
    zero, one = paint(recipes(seed=0, n=2))
    assert zero != one
    assert paint(recipes(seed=0)) == [zero]
    assert paint(recipes(seed=1)) == [one]
