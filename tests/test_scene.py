"""A thing before a ground painted for it: its own pixels stay, a shadow falls where it stands."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from test_edit import photo

from sfumato import Studio, exports
from sfumato.core.errors import MissingWeights, RequestError
from sfumato.core.order import Order
from sfumato.core.picture import Picture
from sfumato.library.inputs import Inputs
from sfumato.operations.scene import encoded, linear, matched, opaque, shadow_of
from sfumato.planning import check, plan
from sfumato.testing import GaussianModel, tiny_card
from sfumato.worker.run import Painted, run

BOX = (40, 30, 80, 90)


def thing(width: int = 120, height: int = 110) -> Image.Image:
    """A disc of photo with a soft edge, on nothing."""
    image, alpha = photo(width, height), Image.new("L", (width, height))
    ImageDraw.Draw(alpha).ellipse(BOX, fill=255)
    image.putalpha(alpha.resize((width // 2, height // 2)).resize((width, height), Image.Resampling.BICUBIC))
    return image


def painted(inputs: Inputs, image: Image.Image, **wishes: Any) -> Picture:
    order = Order(prompt="a", operation="scene", seed=1, start=inputs.keep(image), **wishes)
    model = GaussianModel(tiny_card())
    (recipe,) = plan(order, model.card, pictures=inputs).recipes
    check(recipe, model.card, pictures=inputs)
    events = run([recipe], lambda name: model, exports.save, pictures=inputs)
    (picture,) = [event.picture for event in events if isinstance(event, Painted)]
    return picture


def test_the_things_own_pixels_stay_and_nothing_is_transparent(tmp_path: Path):
    image = thing()
    made = painted(Inputs(tmp_path), image)
    whole = np.asarray(image)[..., 3] == 255
    assert whole.sum() > 1000
    assert (np.asarray(made.image)[whole] == np.asarray(image)[whole]).all()
    assert made.image.getchannel("A").getextrema() == (255, 255)
    assert made.outside is not None
    assert (made.outside.changed_pixels, made.outside.seam) == (0, None)


def test_matching_moves_the_things_colours_to_the_grounds_and_says_so(tmp_path: Path):
    inputs, image = Inputs(tmp_path), thing()
    with_none, half, all_of_it = (painted(inputs, image, match=match) for match in (0, 0.5, 1))
    assert half.outside and half.outside.changed_pixels > 1000
    whole = np.asarray(image)[..., 3] == 255
    beyond = ~(np.asarray(image)[..., 3] > 0)

    def distance(made: Picture) -> float:
        pixels = linear(np.asarray(made.image)[..., :3])
        return float(np.abs(pixels[whole].mean(0) - pixels[beyond].mean(0)).max())

    assert distance(with_none) > distance(half) > distance(all_of_it)
    order = Order(prompt="a", operation="scene", start=inputs.keep(image), match=0.5)
    assert "colours change" in plan(order, tiny_card(), pictures=inputs).warnings[0]


def test_a_match_to_a_ground_of_the_same_light_changes_little():
    image = thing()
    same = matched(image, image.convert("RGB").convert("RGBA"), 0)
    assert same is image
    grey = Image.new("RGBA", image.size, (90, 120, 150, 255))
    moved = matched(image, grey, 1)
    weight = np.asarray(image)[..., 3] == 255
    mean = linear(np.asarray(moved)[..., :3])[weight].mean(0)
    assert np.abs(mean - linear(np.uint8([90, 120, 150]))).max() < 0.08


def test_linear_light_and_back_is_the_same():
    every = np.arange(256, dtype=np.uint8)
    assert (encoded(linear(every)) == every).all()


def test_the_shadow_falls_where_the_thing_stands():
    alpha = thing().getchannel("A")
    dark = np.asarray(shadow_of(alpha))
    assert dark[88:94, 50:70].min() > 40  # at its foot
    assert dark[:30].max() <= 2  # none above it
    assert dark[92].argmax() == pytest.approx(60, abs=6)  # below its middle
    assert dark.max() <= 255 * 0.55 + 1


def test_a_sticker_becomes_a_ground_without_holes():
    sticker = Image.new("RGBA", (50, 50))
    sticker.paste((30, 160, 40, 255), (10, 10, 40, 40))
    made = opaque(sticker)
    assert made.getchannel("A").getextrema() == (255, 255)
    assert np.abs(np.asarray(made)[..., :3].astype(int) - [30, 160, 40]).max() <= 2
    assert opaque(Image.new("RGBA", (5, 5))).getpixel((2, 2)) == (255, 255, 255, 255)


@pytest.mark.parametrize("image", [photo(), Image.new("RGBA", (30, 30))], ids=["opaque", "empty"])
def test_what_is_not_cut_out_is_refused(tmp_path: Path, image: Image.Image):
    inputs = Inputs(tmp_path)
    with pytest.raises(RequestError, match="sfumato cutout"):
        plan(Order(prompt="a", operation="scene", start=inputs.keep(image)), tiny_card(), pictures=inputs)


def test_the_studio_cuts_out_first_or_says_what_it_needs(tmp_path: Path):
    photo().save(tmp_path / "photo.png")
    with pytest.raises(MissingWeights, match="sfumato pull cutout"):
        Studio().scene(tmp_path / "photo.png", "a green meadow")


def test_with_pocket_it_is_counted_on_the_file_and_replays(tmp_path: Path):
    thing().save(tmp_path / "thing.png")
    studio = Studio()
    one, two = studio.scene(tmp_path / "thing.png", "a green meadow", n=2, steps=2, seed=1)
    assert one.image.tobytes() != two.image.tobytes()
    path = one.save(tmp_path / "scene.png")
    outside = studio.outside(one, path)
    assert outside and (outside.changed_pixels, outside.measured_on) == (0, "file")
    assert studio.replay(path).changed == 0
