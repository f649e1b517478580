"""Finishing: what a finisher leaves alone, and what it says to a wrong value."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sfumato.core.errors import RequestError
from sfumato.finishing import finishers
from sfumato.weights import NONE_KEPT


def disc(side: int = 64) -> Image.Image:
    """A red disc with a soft edge on nothing."""
    large = Image.new("RGBA", (8 * side, 8 * side))
    ImageDraw.Draw(large).ellipse((side, side, 7 * side, 7 * side), fill=(200, 30, 20, 255))
    return large.convert("RGBa").resize((side, side), Image.Resampling.BOX).convert("RGBA")


def soft(image: Image.Image) -> int:
    """How many pixels are neither nothing nor whole."""
    alpha = np.asarray(image.getchannel("A"))
    return int(((alpha > 12) & (alpha < 243)).sum())


def test_enlarging_keeps_an_edge_an_edge_and_its_colour():
    grown = finishers["resize"].apply(disc(), "256x256", NONE_KEPT)
    plain = disc().convert("RGBa").resize((256, 256), Image.Resampling.LANCZOS).convert("RGBA")
    assert grown.size == (256, 256)
    assert soft(grown) < 0.7 * soft(plain)
    pixels = np.asarray(grown).astype(int)
    inside = pixels[pixels[..., 3] > 128][:, :3]
    off = np.abs(inside - (200, 30, 20))
    assert off.mean() < 2 and off.max() < 32  # no dark rim from nothing; a little is the filter's own overshoot


def test_enlarging_moves_no_edge():
    area = np.asarray(disc().getchannel("A")).mean()
    grown = finishers["resize"].apply(disc(), "256x256", NONE_KEPT)
    assert np.asarray(grown.getchannel("A")).mean() == pytest.approx(area, rel=0.01)


@pytest.mark.parametrize("size", ["32x32", "256x64", "64x64", "512x512"])
def test_what_is_opaque_stays_opaque(size: str):
    resized = finishers["resize"].apply(Image.new("RGBA", (64, 64), "teal"), size, NONE_KEPT)
    assert resized.getchannel("A").getextrema() == (255, 255)


def test_a_background_leaves_nothing_transparent_and_whole_pixels_alone():
    picture = disc()
    laid = finishers["background"].apply(picture, "#0080ff", NONE_KEPT)
    before, after = np.asarray(picture), np.asarray(laid)
    assert (after[..., 3] == 255).all()
    assert (after[before[..., 3] == 255] == before[before[..., 3] == 255]).all()
    assert (after[before[..., 3] == 0][:, :3] == (0, 128, 255)).all()


def test_padding_keeps_the_picture_in_the_middle_of_nothing():
    padded = finishers["pad"].apply(disc(), "97x64", NONE_KEPT)
    assert padded.size == (97, 64)
    assert (np.asarray(padded)[:, 16:80] == np.asarray(disc())).all()
    assert np.asarray(padded.getchannel("A"))[:, :16].max() == 0


def test_a_crop_is_that_part_and_no_other():
    picture = Image.fromarray(np.random.default_rng(2).integers(0, 256, (20, 30, 4), np.uint8), "RGBA")
    made = finishers["crop"].apply(picture, "7x5+3+11", NONE_KEPT)
    assert (np.asarray(made) == np.asarray(picture)[11:16, 3:10]).all()


def test_a_ground_of_one_colour_goes_on_exactly():
    picture = Image.new("RGBA", (64, 64), (10, 200, 30, 255))
    picture.alpha_composite(disc())
    picture.paste((90, 0, 0, 255), (0, 30, 64, 34))  # a bar that touches both borders goes on nowhere
    made = np.asarray(finishers["surround"].apply(picture, "200x80", NONE_KEPT))
    assert (made[8:72, 68:132] == np.asarray(picture)).all()
    made = np.delete(made.reshape(-1, 4), np.flatnonzero(_inside((80, 200), (8, 72), (68, 132))), 0)
    assert (made == (10, 200, 30, 255)).all()


def _inside(shape: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
    flags = np.zeros(shape, bool)
    flags[slice(*rows), slice(*columns)] = True
    return flags


def test_on_any_ground_the_border_goes_on_without_a_step_and_the_middle_has_no_say():
    ramp = np.zeros((60, 80, 4), np.uint8)
    ramp[..., 0], ramp[..., 1], ramp[..., 3] = np.linspace(20, 230, 60)[:, None], np.linspace(10, 200, 80), 255
    ramp[10:50, 10:70, 2] = 255  # blue, in the middle only
    picture = Image.fromarray(ramp, "RGBA")
    made = np.asarray(finishers["surround"].apply(picture, "240x60", NONE_KEPT)).astype(int)
    assert (made[:, 80:160] == ramp).all()
    assert (made[..., 3] == 255).all()
    added = np.concatenate([made[:, :80], made[:, 160:]], 1)
    assert added[..., 2].max() == 0
    assert np.abs(made[:, 79, :3] - made[:, 80, :3]).max() <= 24  # a step at the seam would be as large as the ramp
    assert np.abs(made[:, 159, :3] - made[:, 160, :3]).max() <= 24
    assert made[50:, 74, 0].mean() > made[:10, 74, 0].mean() + 60  # near it, it still grows brighter downwards


def test_what_is_transparent_around_its_border_is_surrounded_by_nothing():
    made = finishers["surround"].apply(disc(), "97x64", NONE_KEPT)
    assert made.tobytes() == finishers["pad"].apply(disc(), "97x64", NONE_KEPT).tobytes()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("pad", value) for value in ("63x99", "99999x64", "²x4", "64", "")),
        *(("resize", value) for value in ("256", "0x10", "-1x10", "99999x1", "²x4")),
        *(("background", value) for value in ("red", "#12", "")),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(name: str, value: str):
    with pytest.raises(RequestError) as refused:
        finishers[name].apply(disc(), value, NONE_KEPT)
    assert "\n" not in str(refused.value)
