"""What is to stay stays to the last bit, for any picture, mask, prompt and file, with our own model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sfumato import Settings, Studio, exports
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.operations import operations
from sfumato.studio import finished

SIDE = st.integers(1, 160)
KEEPING = [name for name in operations.names() if operations[name].ground is not None]
FILES = [("png", None, "file"), ("webp", 100, "file"), ("webp", 80, "master"), ("jpg", 95, "master")]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """Its model looks at 96 x 96 pixels at once: quick, and many a page is larger than that."""
    studio = Studio(Settings(home=tmp_path_factory.mktemp("home")))
    card = studio._parts.card("pocket")
    small = card.model_copy(update={"sizes": card.sizes.model_copy(update={"best": 96})})
    studio._parts.card = lambda name: small  # type: ignore[method-assign]
    return studio


@st.composite
def pictures(draw: st.DrawFn) -> tuple[Image.Image, Image.Image]:
    """Noise, opaque or not, and a mask of specks or a box, which is soft or hard; some of it is black, and some not."""
    width, height = draw(SIDE), draw(SIDE.filter(lambda side: side > 1))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pixels = rng.integers(0, 256, (height, width, 4), np.uint8)
    if draw(st.booleans()):
        pixels[..., 3] = 255
    if draw(st.booleans()):
        mask = rng.integers(0, 256, (height, width)) * (rng.random((height, width)) < 0.3)
    else:
        mask = np.zeros((height, width))
        mask[draw(st.integers(0, height - 1)) :, draw(st.integers(0, width - 1)) :] = draw(
            st.sampled_from([1, 99, 255])
        )
    mask[0, 0], mask[-1, -1] = 0, 255
    return Image.fromarray(pixels, "RGBA"), Image.fromarray(mask.astype(np.uint8), "L")


def beginning(studio: Studio, name: str, page: Image.Image, mask: Image.Image, draw: st.DrawFn) -> dict[str, Any]:
    """What an operation begins with, of the fields that it takes."""
    inputs = studio._parts.inputs
    if name == "scene":
        page.putalpha(Image.eval(mask, lambda v: 255 - v))
    margin = st.integers(0, 40)
    fields = {
        "start": inputs.keep(page),
        "mask": inputs.keep(mask.convert("RGBA")),
        "strength": draw(st.sampled_from([None, 0, 0.4, 1])),
        "margins": draw(st.tuples(margin, margin, margin, margin).filter(any)),
    }
    return {field: value for field, value in fields.items() if field in operations[name].takes}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", KEEPING)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_not_one_pixel_changes_and_the_file_says_so(
    studio: Studio, tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
):
    page, mask = data.draw(pictures())
    prompt = data.draw(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=30))
    order = Order(prompt=prompt, operation=name, seed=1, steps=1, **beginning(studio, name, page, mask, data.draw))
    try:
        (recipe,) = studio.plan(order).recipes
    except RequestError as refused:  # a prompt of blanks
        assert not prompt.strip(), refused
        return
    (picture,) = [made for event in studio.watch([recipe]) if (made := finished(event)) is not None]
    ground = operations[name].ground(recipe, studio.held)  # type: ignore[misc]
    stays = np.asarray(ground.free) == 0
    then = np.asarray(ground.page)[stays]
    assert (np.asarray(picture.image)[stays] == then).all()
    ending, quality, measured_on = data.draw(st.sampled_from(FILES))
    path = picture.save(Path(tmp_path_factory.mktemp("files"), f"a.{ending}"), quality=quality)
    outside = studio.outside(picture, path, quality)
    assert outside is not None
    assert (outside.changed_pixels, outside.measured_on) == (0, measured_on)
    if measured_on == "file":
        assert (np.asarray(exports.pixels(path)[0])[stays] == then).all()
