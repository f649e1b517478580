"""A larger page around a picture: its own pixels stay, and every new one is painted once, beside what is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from test_edit import photo

from sfumato import Studio, exports
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.finishing._membrane import carried_on
from sfumato.library.inputs import Inputs
from sfumato.operations._blend import spread
from sfumato.operations.outpaint import old_box, tiles
from sfumato.planning import check, plan
from sfumato.testing import GaussianModel, tiny_card
from sfumato.worker.run import Painted, Progress, run

SIZES = {"multiple": 8, "low": 8, "high": 64, "best": 32, "default": [32, 32]}
MARGIN = st.integers(0, 60)
PAINTED_MARGIN = st.integers(0, 48)  # in 54 rounds at most, of the 64 that there may be


@given(st.integers(1, 80), st.integers(1, 80), st.tuples(MARGIN, MARGIN, MARGIN, MARGIN), st.integers(8, 64))
def test_each_new_pixel_is_painted_once_beside_what_is_known(
    width: int, height: int, margins: tuple[int, int, int, int], window: int
):
    size = width + margins[0] + margins[2], height + margins[1] + margins[3]
    known = np.zeros(size[::-1], bool)
    left, top, right, bottom = old_box(margins, size)
    known[top:bottom, left:right] = True
    for (left, top, right, bottom), seen_left, seen_top in tiles(old_box(margins, size), size, window):
        assert not known[top:bottom, left:right].any()
        assert seen_left <= left < right <= seen_left + window
        assert seen_top <= top < bottom <= seen_top + window
        beside = known[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1]
        assert beside.any()
        known[top:bottom, left:right] = True
    assert known.all()


def painted(inputs: Inputs, **wishes: Any) -> tuple[Image.Image, list[Any]]:
    model = GaussianModel(tiny_card(sizes=SIZES))
    (recipe,) = plan(Order(prompt="", operation="outpaint", seed=1, **wishes), model.card, pictures=inputs).recipes
    check(recipe, model.card, pictures=inputs)
    events = list(run([recipe], lambda name: model, exports.save, pictures=inputs))
    (picture,) = [event.picture for event in events if isinstance(event, Painted)]
    assert picture.outside is not None and picture.outside.changed_pixels == 0
    assert picture.image.size == recipe.size
    return picture.image, events


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 70), st.integers(1, 70), st.tuples(*[PAINTED_MARGIN] * 4).filter(any), st.booleans())
def test_the_old_pixels_stay(
    tmp_path_factory: pytest.TempPathFactory, width: int, height: int, margins: tuple[int, int, int, int], alpha: bool
):
    inputs = Inputs(tmp_path_factory.mktemp("inputs"))
    page = photo(width, height, alpha=alpha)
    made, _ = painted(inputs, start=inputs.keep(page), margins=margins, steps=2)
    assert made.crop(old_box(margins, made.size)).tobytes() == page.tobytes()


@pytest.mark.parametrize(("to", "size"), [("16:9", (142, 80)), ("9:16", (80, 142)), ("3:1", (240, 80))])
def test_a_ratio_is_reached_as_evenly_as_can_be(tmp_path: Path, to: str, size: tuple[int, int]):
    inputs = Inputs(tmp_path)
    page = photo(80, 80)
    made, _ = painted(inputs, start=inputs.keep(page), aspect_ratio=to, steps=1)
    assert made.size == size
    across, down = size[0] - 80, size[1] - 80
    assert made.crop((across // 2, down // 2, across // 2 + 80, down // 2 + 80)).tobytes() == page.tobytes()


def test_a_large_new_area_takes_rounds_whose_noise_differs_and_steps_add_up(tmp_path: Path):
    inputs = Inputs(tmp_path)
    page = Image.new("RGBA", (64, 64), (128, 128, 128, 255))
    made, events = painted(inputs, start=inputs.keep(page), margins=(0, 0, 96, 0), steps=3, guidance=1)
    steps = [(event.step, event.steps) for event in events if isinstance(event, Progress)]
    assert steps == [(k, 9) for k in range(1, 10)]
    new = np.asarray(made)[:, 64:, 0]
    assert not (new[:, :32] == new[:, 32:64]).all()
    assert new.std() > 5


def test_at_strength_0_the_colours_nearby_are_all_there_is(tmp_path: Path):
    inputs = Inputs(tmp_path)
    page = Image.new("RGBA", (40, 40), (10, 200, 90, 255))
    made, events = painted(inputs, start=inputs.keep(page), margins=(30, 9, 0, 0), strength=0)
    assert made.getextrema() == tuple((v, v) for v in (10, 200, 90, 255))
    assert not [event for event in events if isinstance(event, Progress)]


@pytest.mark.parametrize(("operation", "usual"), [("outpaint", 1.0), ("erase", 0.5)])
def test_a_model_that_knows_no_grounds_says_how_freely_it_paints_them(tmp_path: Path, operation: str, usual: float):
    inputs = Inputs(tmp_path)
    mask = Image.new("L", (64, 64))
    mask.paste(255, (9, 9, 40, 40))
    place = {"outpaint": {"margins": (9, 0, 0, 0)}, "erase": {"mask": inputs.keep(mask)}}[operation]
    order = Order(prompt="", operation=operation, start=inputs.keep(photo(64, 64)), **place)
    for card, strength in ((tiny_card(), usual), (tiny_card(around=0.25), 0.25)):
        assert plan(order, card, pictures=inputs).recipes[0].strength == strength
    told = order.model_copy(update={"strength": 0.75})
    assert plan(told, tiny_card(around=0.25), pictures=inputs).recipes[0].strength == 0.75


def test_a_horizon_goes_on_to_the_sides_and_what_is_known_stays():
    """Blue above green, and far beyond it too."""
    page = Image.new("RGBA", (200, 60))
    known = Image.new("RGBA", (40, 60), (80, 140, 230, 255))
    known.paste((40, 120, 50, 255), (0, 30, 40, 60))
    page.paste(known, (80, 0))
    made = carried_on(page, (80, 0, 120, 60))
    assert made.crop((80, 0, 120, 60)).tobytes() == known.tobytes()
    off = np.abs(np.asarray(made)[:, 40:160].astype(int) - np.asarray(known)[:, :1])
    assert off[:14].max() <= 30 and off[46:].max() <= 30  # in the middle the two flow into each other
    assert made.getchannel("A").getextrema() == (255, 255)


@pytest.mark.parametrize("known", [(0, 0, 1, 1), (3, 2, 4, 9), (0, 0, 7, 9), (6, 8, 7, 9)])
def test_any_box_can_be_carried_on(known: tuple[int, int, int, int]):
    page = photo(7, 9)
    made = carried_on(page, known)
    assert made.size == page.size
    assert made.crop(known).tobytes() == page.crop(known).tobytes()


def test_what_is_not_known_yet_begins_as_the_colours_nearby():
    page, unknown = photo(40, 30), Image.new("L", (40, 30))
    page.paste((200, 10, 10, 255), (0, 0, 20, 30))
    unknown.paste(255, (0, 0, 12, 30))
    full = Image.new("RGBA", page.size)
    full.paste(page.crop((12, 0, 40, 30)), (12, 0))
    made = spread(full, unknown)
    assert made.crop((12, 0, 40, 30)).tobytes() == page.crop((12, 0, 40, 30)).tobytes()
    assert np.abs(np.asarray(made)[:, :12].astype(int) - [200, 10, 10, 255]).max() < 60


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({}, "either a ratio"),
        ({"aspect_ratio": "16:9", "margins": (1, 0, 0, 0)}, "either a ratio"),
        ({"aspect_ratio": "1:1"}, "is 1:1 already"),
        ({"aspect_ratio": "17:9"}, "the nearest is '16:9'"),
        ({"margins": (0, 0, 0, 0)}, "at least 1 pixel"),
        ({"margins": (-5, 0, 9, 0)}, "no less than 0"),
        ({"margins": (40_000, 0, 0, 0)}, "too large"),
        ({"margins": (29_000, 0, 0, 0)}, "rounds"),
        ({"margins": (9, 0, 0, 0), "strength": 1.5}, "outside 0 to 1"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(tmp_path: Path, wishes: dict[str, Any], said: str):
    inputs = Inputs(tmp_path)
    with pytest.raises(RequestError, match=said) as refused:
        plan(
            Order(prompt="", operation="outpaint", start=inputs.keep(photo(64, 64)), **wishes),
            tiny_card(),
            pictures=inputs,
        )
    assert "\n" not in str(refused.value)


def test_with_pocket_it_is_counted_on_the_file_and_replays(tmp_path: Path):
    photo(96, 96).save(tmp_path / "photo.png")
    studio = Studio()
    (made,) = studio.extend(tmp_path / "photo.png", "a green tree", to="3:2", steps=2, seed=1, strength=0.8)
    path = made.save(tmp_path / "wide.png")
    outside = studio.outside(made, path)
    assert outside and (outside.changed_pixels, outside.measured_on) == (0, "file")
    assert studio.replay(path).changed == 0
