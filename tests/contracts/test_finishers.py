"""Every finisher: `check` says beforehand what `apply` will do, and refuses what it would refuse."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from standins import kept_standins

from sfumato.core.errors import RequestError
from sfumato.finishing import check, finish, finishers
from sfumato.weights import NONE_KEPT, Weights

SIZE = 24, 16
GOOD = {
    "background": ["#ffffff", "#0080ff"],
    "crop": ["24x16+0+0", "10x3+14+13"],
    "cutout": [""],
    "pad": ["24x16", "40x30"],
    "resize": ["48x32", "7x5"],
    "surround": ["24x16", "40x30", "24x99"],
    "upscale": ["4", "2:drawing", "3:photo", "2:plain"],
}
WRONG = {
    "background": ["", "red", "#12", "#FFFFFF", "#ffffff0"],
    "crop": ["", "24x16", "24x16+1+0", "0x5+0+0", "5x5+-1+0", "²x4+0+0", "5x5+0+0+0", "99999x1+0+0"],
    "cutout": ["1", "x"],
    "pad": ["", "64", "23x16", "99999x64", "²x4", "40x30x1", "-40x30"],
    "resize": ["", "256", "0x10", "-1x10", "99999x1", "²x4", "16385x1"],
    "surround": ["", "64", "23x16", "99999x64", "²x4"],
    "upscale": ["", "1", "5", "4:", "x", "4:nothing", "²", "4:drawing:x", "04"],
}
EACH = [(name, value) for name in finishers.names() for value in GOOD[name]]
EACH_WRONG = [(name, value) for name in finishers.names() for value in WRONG[name]]
NEEDS_WEIGHTS = {"cutout", "upscale:4", "upscale:3:photo"}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return kept_standins(tmp_path_factory.mktemp("weights"))


def picture() -> Image.Image:
    image = Image.new("RGBA", SIZE, (40, 90, 60, 255))
    ImageDraw.Draw(image).ellipse((6, 3, 17, 13), fill=(220, 20, 10, 255))
    return image


@pytest.mark.parametrize(("name", "value"), EACH)
def test_check_says_the_size_that_apply_makes(name: str, value: str, weights: Weights):
    before = picture()
    made = finishers[name].apply(before, value, weights)
    assert made.size == finishers[name].check(value, SIZE, weights)
    assert made.mode == "RGBA"
    assert before.tobytes() == picture().tobytes()  # what is given stays as it is


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, v in EACH if finishers[n].telling is not None])
def test_one_that_tells_how_far_it_is_ends_at_the_end_with_the_same_picture(name: str, value: str, weights: Weights):
    said: list[tuple[str, int, int]] = []
    made = finish(picture(), [f"{name}:{value}"], weights, lambda *where: said.append(where))
    assert made.tobytes() == finishers[name].apply(picture(), value, weights).tobytes()
    assert [done for _, done, _ in said] == list(range(1, len(said) + 1))
    assert all(step == f"{name}:{value}" and of == len(said) for step, _, of in said)


@pytest.mark.parametrize(("name", "value"), EACH)
def test_the_same_step_makes_the_same_picture(name: str, value: str, weights: Weights):
    one, two = (np.asarray(finishers[name].apply(picture(), value, weights)) for _ in range(2))
    assert (one == two).all()


@pytest.mark.parametrize(("name", "value"), EACH_WRONG)
def test_a_wrong_value_is_refused_by_both_in_one_line(name: str, value: str, weights: Weights):
    for refuse in (
        lambda: finishers[name].check(value, SIZE, weights),
        lambda: finishers[name].apply(picture(), value, weights),
    ):
        with pytest.raises(RequestError) as refused:
            refuse()
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("step", sorted(NEEDS_WEIGHTS))
def test_weights_that_are_not_here_are_named_with_the_command(step: str):
    name, _, value = step.partition(":")
    for refuse in (
        lambda: finishers[name].check(value, SIZE, NONE_KEPT),
        lambda: finishers[name].apply(picture(), value, NONE_KEPT),
    ):
        with pytest.raises(RequestError, match=r"sfumato pull (cutout|upscale-drawing|upscale-photo)$"):
            refuse()


def test_steps_are_done_in_order_and_sizes_follow(weights: Weights):
    steps = ["resize:12x8", "upscale:2:plain", "pad:30x30", "background:#ff0000"]
    assert check(steps, SIZE, weights) == (30, 30)
    assert finish(picture(), steps, weights).size == (30, 30)
    with pytest.raises(RequestError, match="pad takes a size from 24x16"):
        check(["upscale:2:plain", "resize:24x16", "pad:20x20"], SIZE, weights)
