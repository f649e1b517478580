"""Cutting out: alpha that is right, colours without the old ground, and no worse than before where it was right.

The network is a stand-in that finds what is red (see standins.py); what makes edges of its answer is the real thing.
Truth is known: things are laid on grounds by us.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from standins import kept_standins

from sfumato import Studio
from sfumato.core.errors import JobFailed, RequestError
from sfumato.finishing import finishers
from sfumato.finishing._matting import Fill, decontaminated, flat_ground, matte, reached
from sfumato.finishing._near import narrowed, widened
from sfumato.weights import Weights

GREEN = (60, 150, 80)


@pytest.fixture
def weights(home: Path) -> Weights:
    return kept_standins(home / "weights")


def thing(side: int = 160) -> Image.Image:
    """A red disc with a dark outline, a yellow spot and a black one, its edge soft."""
    large = Image.new("RGBA", (4 * side, 4 * side))
    draw = ImageDraw.Draw(large)
    box = (side // 2, side // 2, 4 * side - side // 2, 4 * side - side // 2)
    draw.ellipse(box, fill=(210, 30, 25, 255), outline=(70, 10, 10, 255), width=16)
    draw.ellipse((side, side, 2 * side, 2 * side), fill=(250, 240, 120, 255))
    draw.ellipse((2 * side, 2 * side, 2 * side + side // 2, 2 * side + side // 2), fill=(0, 0, 0, 255))
    return large.convert("RGBa").resize((side, side), Image.Resampling.BOX).convert("RGBA")


def laid(image: Image.Image, ground: Image.Image) -> Image.Image:
    ground = ground.convert("RGBA")
    ground.alpha_composite(image)
    return ground


def meadow(side: int = 160) -> Image.Image:
    """Greens and greys that are nowhere the same, as a photograph's ground out of focus."""
    spots = np.random.default_rng(5).integers(0, 120, (10, 10, 3), np.uint8)
    spots[..., 0] //= 2
    spots[..., 1] += 60
    return Image.fromarray(spots, "RGB").resize((side, side), Image.Resampling.BICUBIC)


def on(image: Image.Image, colour: str) -> np.ndarray:
    return np.asarray(laid(image, Image.new("RGBA", image.size, colour)))[..., :3].astype(int)


@pytest.mark.parametrize("ground", [GREEN, (255, 255, 255), (20, 20, 40)])
def test_on_a_ground_of_one_colour_alpha_and_colours_are_those_that_were_laid(weights: Weights, ground: tuple):
    truth = thing()
    cut = finishers["cutout"].apply(laid(truth, Image.new("RGB", truth.size, ground)), "", weights)
    off = np.abs(np.asarray(cut)[..., 3].astype(int) - np.asarray(truth)[..., 3])
    assert off.mean() < 0.6
    assert (off > 64).mean() < 0.002
    for colour in ("black", "white", "#ff00ff"):  # no rim of the old ground on any new one
        assert np.abs(on(cut, colour) - on(truth, colour)).mean() < 0.6


def test_on_any_ground_edges_follow_the_picture_and_the_old_ground_is_gone(weights: Weights):
    truth = thing()
    seen = laid(truth, meadow())
    cut = finishers["cutout"].apply(seen, "", weights)
    alpha, true = np.asarray(cut)[..., 3].astype(int), np.asarray(truth)[..., 3].astype(int)
    assert flat_ground(np.asarray(seen.convert("RGB"))) is None
    inside = np.asarray(Image.fromarray(true == 255).filter(ImageFilter.MinFilter(9))) > 0
    outside = np.asarray(Image.fromarray(true > 0).filter(ImageFilter.MaxFilter(9))) == 0
    red = (np.asarray(seen)[..., 0] > 180) & (np.asarray(seen)[..., 1] < 60)  # what the stand-in can find
    assert (alpha[inside & red] > 250).mean() > 0.99
    assert (alpha[outside] == 0).mean() > 0.99
    colours = np.asarray(cut)[(alpha > 20) & (alpha < 235)][:, :3].astype(int)
    assert len(colours) > 50
    assert (colours[:, 0] >= colours[:, 1] - 12).mean() > 0.95  # the meadow is green, the thing is not


def test_a_soft_edge_is_read_off_exactly_on_one_colour():
    """A ramp from the ground to the thing, with the mask no better than a guess."""
    share = np.zeros((60, 512))
    share[10:50] = np.clip((np.arange(512) - 100) / 4, 0, 1) * np.clip((400 - np.arange(512)) / 4, 0, 1)
    red = np.array((220, 40, 30))
    rgb = np.round(GREEN + share[..., None] * (red - GREEN)).astype(np.uint8)
    mask = np.zeros((30, 64), np.float32)
    mask[5:25, 14:50] = 1
    alpha = matte(rgb, mask) / 255
    assert np.abs(alpha - share)[12:48].max() < 0.12
    colours = decontaminated(rgb, (share * 255).round().astype(np.uint8))
    assert np.abs(colours[share > 0].astype(int) - red).max() <= 6


def test_a_dark_outline_is_not_taken_for_a_mixture():
    """Dark red on green before a red thing: neither red, nor green, nor between."""
    rgb = np.empty((48, 64, 3), np.uint8)
    rgb[:, :30], rgb[:, 30:33], rgb[:, 33:] = GREEN, (60, 5, 5), (220, 40, 30)
    alpha = matte(rgb, np.repeat((np.arange(64) >= 30)[None], 48, 0).astype(np.float32))
    assert (alpha[:, 30:] == 255).all()
    assert (alpha[:, :30] == 0).all()


def test_an_enclosed_place_of_the_grounds_colour_goes_where_the_network_agrees():
    rgb = np.empty((64, 64, 3), np.uint8)
    rgb[:] = GREEN
    rgb[12:52, 12:52] = (220, 40, 30)
    rgb[24:40, 24:40] = GREEN
    ring, whole = np.zeros((64, 64), np.float32), np.zeros((64, 64), np.float32)
    ring[12:52, 12:52] = whole[12:52, 12:52] = 1
    ring[24:40, 24:40] = 0
    assert (matte(rgb, ring)[26:38, 26:38] == 0).all()
    assert (matte(rgb, whole)[26:38, 26:38] == 255).all()
    assert (matte(rgb, ring)[14:22, 14:50] == 255).all()


def test_what_is_transparent_stays_so(weights: Weights):
    truth = thing()
    half = truth.copy()
    half.paste((0, 0, 0, 0), (0, 0, 80, 160))
    cut = np.asarray(finishers["cutout"].apply(half, "", weights))
    assert (cut[:, :80, 3] == 0).all()
    off = np.abs(cut[:, 82:, 3].astype(int) - np.asarray(truth)[:, 82:, 3])
    assert off.mean() < 1


def test_a_picture_of_nothing_fails_in_words(weights: Weights):
    with pytest.raises(JobFailed, match="nothing in this picture stands out"):
        finishers["cutout"].apply(Image.new("RGBA", (40, 30), GREEN), "", weights)


def test_a_background_can_be_laid_at_once(weights: Weights, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sfumato.wiring.Parts.weights", weights)
    from sfumato import exports
    from sfumato.core.picture import Edit

    source = Edit(laid(thing(), Image.new("RGB", (160, 160), GREEN)), None, 0, exports.save)
    made = Studio().cutout(source, background="#0000ff").image
    assert made.getpixel((2, 2)) == (0, 0, 255, 255)
    assert made.getchannel("A").getextrema() == (255, 255)
    with pytest.raises(RequestError, match="background 'blau' is not known"):
        Studio().cutout(source, background="blau")


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 2), (700, 9)])
def test_any_size_goes(weights: Weights, size: tuple[int, int]):
    image = Image.new("RGBA", size, (220, 20, 20))
    image.paste(GREEN, (0, 0, max(1, size[0] // 2), size[1]))
    try:
        assert finishers["cutout"].apply(image, "", weights).size == size
    except JobFailed as error:
        assert "stands out" in str(error)


def test_reached_is_what_can_be_walked_to():
    """A spiral, which needs many turns, beside a place that is closed."""
    walls = [
        "#########",
        "#.......#",
        "#.#####.#",
        "#.#...#.#",
        "#.#.#.#.#",
        "#.#.###.#",
        "#.#.....#",
        "#########",
        "....#....",
    ]
    open = np.array([[place == "." for place in row] for row in walls])
    seeds = np.zeros_like(open)
    seeds[1, 1] = True
    found = reached(open, seeds)
    assert (found == (open & (np.arange(9) < 8)[:, None])).all()
    assert not reached(open, np.zeros_like(open)).any()


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 5, 16, 40])
@pytest.mark.parametrize("shape", [(30, 37), (1, 9), (5, 1)])
def test_widened_and_narrowed_are_scipys_dilation_and_erosion(shape: tuple[int, int], radius: int):
    from scipy.ndimage import binary_dilation, binary_erosion

    flags = np.random.default_rng(3).random(shape) > 0.93
    square = np.ones((2 * radius + 1, 2 * radius + 1))
    assert (widened(flags, radius) == binary_dilation(flags, square)).all()
    assert (narrowed(~flags, radius) == binary_erosion(~flags, square, border_value=1)).all()


def test_fill_knows_what_is_known_and_guesses_the_rest():
    rgb = np.zeros((20, 20, 3), np.uint8)
    rgb[:, :10], rgb[:, 10:] = (200, 0, 0), (0, 0, 200)
    known = np.zeros((20, 20), bool)
    known[:, :6] = True
    colours = Fill(rgb, known)(slice(0, 20))
    assert colours[:, :, 2].max() < 0.01
    assert colours[:, :, 0].min() > 0.7


def test_a_large_picture_is_made_in_strips_without_a_line(monkeypatch: pytest.MonkeyPatch):
    truth = thing(200)
    rgb = np.asarray(laid(truth, meadow(200)).convert("RGB"))
    mask = np.asarray(truth.getchannel("A"), np.float32) / 255
    whole = matte(rgb, mask)
    colours = decontaminated(rgb, whole)
    monkeypatch.setattr("sfumato.finishing._strips.STRIP", 200 * 7)
    assert np.abs(matte(rgb, mask).astype(int) - whole).max() <= 1
    assert np.abs(decontaminated(rgb, whole).astype(int) - colours).max() <= 1
