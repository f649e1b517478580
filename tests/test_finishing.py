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
