"""Every operation, with our own model: what planning says is what comes, the same each time; what is to stay stays."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sfumato import Studio, catalog
from sfumato.core.order import Order
from sfumato.core.picture import Picture
from sfumato.core.recipe import Recipe
from sfumato.operations import operations
from sfumato.planning import check
from sfumato.studio import finished

SIZE = (100, 72)
NEEDS: dict[str, dict[str, Any]] = {
    "erase": {"start": "photo", "mask": "mask"},
    "image-to-image": {"start": "photo", "strength": 0.5},
    "inpaint": {"start": "photo", "mask": "mask"},
    "outpaint": {"start": "photo", "margins": (10, 0, 150, 20)},
    "scene": {"start": "thing"},
    "text-to-image": {"width": 64, "height": 64},
}
STARTING = [name for name in operations.names() if "start" in operations[name].takes]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    from sfumato import Settings

    return Studio(Settings(home=tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def held(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A photo, a mask and a thing on nothing, kept."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    photo = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
    mask = Image.new("L", SIZE)
    ImageDraw.Draw(mask).ellipse((30, 20, 70, 60), fill=255)
    thing = photo.convert("RGBA")
    thing.putalpha(mask)
    digests = {}
    for name, image in {"photo": photo, "mask": mask, "thing": thing}.items():
        image.save(folder / f"{name}.png")
        digests[name] = studio.hold(folder / f"{name}.png")
    return digests


def recipe(studio: Studio, held: dict[str, str], name: str, **more: Any) -> Recipe:
    needs = {field: held.get(value, value) if isinstance(value, str) else value for field, value in NEEDS[name].items()}
    order = Order(prompt="a red apple", operation=name, seed=2, steps=2, **{**needs, **more})
    return studio.plan(order).recipes[0]


def painted(studio: Studio, one: Recipe) -> Picture:
    (picture,) = [made for event in studio.watch([one]) if (made := finished(event)) is not None]
    return picture


@pytest.mark.parametrize("name", operations.names())
def test_the_recipe_says_the_size_and_paints_the_same_each_time(studio: Studio, held: dict[str, str], name: str):
    one = recipe(studio, held, name)
    again = Recipe.model_validate_json(one.model_dump_json(), strict=True)
    assert again == one
    check(again, catalog.card(), pictures=studio.held)
    first, second = painted(studio, one), painted(studio, again)
    assert first.image.size == one.size
    assert first.image.mode == "RGBA"
    assert first.image.tobytes() == second.image.tobytes()
    assert first.outside == second.outside


@pytest.mark.parametrize("name", operations.names())
def test_another_seed_is_another_picture(studio: Studio, held: dict[str, str], name: str):
    one = recipe(studio, held, name)
    other = one.model_copy(update={"seed": 3})
    assert painted(studio, one).image.tobytes() != painted(studio, other).image.tobytes()


@pytest.mark.parametrize("name", [name for name in operations.names() if operations[name].ground is not None])
def test_what_is_to_stay_stays_and_not_all_is(studio: Studio, held: dict[str, str], name: str):
    one = recipe(studio, held, name)
    ground, made = operations[name].ground(one, studio.held), painted(studio, one)  # type: ignore[misc]
    stays = np.asarray(ground.free) == 0
    now, then = np.asarray(made.image), np.asarray(ground.page)
    assert 0 < stays.sum() < stays.size
    assert (now[stays] == then[stays]).all()
    assert (now[~stays] != then[~stays]).any()
    assert made.outside is not None and made.outside.changed_pixels == 0


@pytest.mark.parametrize("name", STARTING)
def test_finishing_steps_come_after_it(studio: Studio, held: dict[str, str], name: str):
    plain, larger = recipe(studio, held, name), recipe(studio, held, name, then=("upscale:2:plain",))
    assert larger.size == (2 * plain.width, 2 * plain.height)
    check(larger, catalog.card(), pictures=studio.held)
    made = painted(studio, larger)
    assert made.image.size == larger.size
    if made.outside is not None:
        assert made.outside.changed_pixels == 0


def test_what_they_start_from_stays_as_it_was(studio: Studio, held: dict[str, str], tmp_path: Path):
    before = {name: studio.held(digest).tobytes() for name, digest in held.items()}
    for name in operations.names():
        painted(studio, recipe(studio, held, name))
    assert before == {name: studio.held(digest).tobytes() for name, digest in held.items()}
