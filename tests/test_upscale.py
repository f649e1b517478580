"""Upscaling: no seam, no fringe, nothing opaque that becomes less, and the larger picture is the same picture.

The networks are stand-ins (see standins.py): a blur that looks far enough for a seam to show, and four pixels for one.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from standins import REACH, blur_net, kept_standins

from sfumato import Studio, exports
from sfumato.core.errors import DamagedWeights, JobFailed, MissingWeights, RequestError
from sfumato.finishing import _tiles
from sfumato.finishing._bleed import bled
from sfumato.finishing._ncnn import Network
from sfumato.finishing.upscale import KINDS, Kind, enlarged, upscaled
from sfumato.settings import Settings
from sfumato.weights import Weights

RED = (200, 30, 20)


@pytest.fixture
def weights(home: Path) -> Weights:
    return kept_standins(home / "weights")


@pytest.fixture
def net(tmp_path: Path) -> Network:
    for ending, data in blur_net().items():
        (tmp_path / f"net{ending}").write_bytes(data)
    return Network(tmp_path / "net.param", tmp_path / "net.bin")


def noise(width: int, height: int) -> Image.Image:
    """Opaque, and nowhere the same twice, so that every pixel tells where it comes from."""
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 4), np.uint8)
    pixels[..., 3] = 255
    return Image.fromarray(pixels, "RGBA")


def disc(side: int = 48) -> Image.Image:
    """A red disc with a soft edge on nothing."""
    large = Image.new("RGBA", (8 * side, 8 * side))
    ImageDraw.Draw(large).ellipse((side, side, 7 * side, 7 * side), fill=(*RED, 255))
    return large.convert("RGBa").resize((side, side), Image.Resampling.BOX).convert("RGBA")


def in_pieces(image: Image.Image, look: Network, *, side: int, overlap: int = 2 * REACH, times: int = 4) -> np.ndarray:
    return np.asarray(enlarged(image, times, Kind("", side, overlap), look, lambda done, of: None)).astype(int)


@pytest.mark.parametrize("times", [2, 3, 4])
@pytest.mark.parametrize("side", [16, 24, 61])
def test_pieces_are_the_whole(net: Network, side: int, times: int):
    image = noise(70, 53)
    whole = in_pieces(image, net, side=1000, times=times)
    assert whole.shape == (53 * times, 70 * times, 4)
    assert np.abs(in_pieces(image, net, side=side, times=times) - whole).max() <= 1
    assert np.abs(in_pieces(image, net, side=side, overlap=2, times=times) - whole).max() > 8  # else nothing is tested


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (2, 5), (40, 30)])
def test_beyond_the_picture_is_its_mirror_image(height: int, width: int):
    """Edges that were drawn out instead came back from the networks as stripes."""
    picture = np.random.default_rng(0).integers(0, 255, (height, width, 3))
    whole = np.pad(picture, ((7, 7), (7, 7), (0, 0)), mode="reflect")
    left = width // 2
    assert (_tiles.around(picture, range(height), range(left, width), 7) == whole[:, left:]).all()


def test_pieces_fade_into_each_other_where_they_differ():
    """Two pieces of other colours, as of a network that sees further than the overlap: a ramp, and no step."""
    canvas = np.zeros((40, 3, 4), np.uint8)
    _tiles.lay(canvas, np.full((36, 3, 4), 40, np.uint8), -8, 8)
    _tiles.lay(canvas, np.full((36, 3, 4), 200, np.uint8), 12, 8)
    rows = canvas[:, 0, 0].astype(int)
    assert list(rows[:12]) == [40] * 12
    assert list(rows[28:]) == [200] * 12
    assert rows[20] == pytest.approx(120, abs=6)
    assert np.diff(rows).max() <= 11


@pytest.mark.parametrize("length", [1, 5, 67, 68, 69, 137, 1000])
def test_spans_cover_a_length_once_and_are_about_the_same(length: int):
    parts = list(_tiles.spans(length, 68))
    assert [place for part in parts for place in part] == list(range(length))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert max(map(len, parts)) <= 68


@pytest.mark.parametrize("times", [2, 3, 4])
def test_the_larger_picture_is_the_same_picture(weights: Weights, times: int):
    """Shrunk by area again, it is what the network makes of each pixel: the blurred one."""
    image = noise(20, 12)
    large = upscaled(image, times, "drawing", weights)
    small = np.asarray(large.resize(image.size, Image.Resampling.BOX)).astype(int)
    four = upscaled(image, 4, "drawing", weights).resize(image.size, Image.Resampling.BOX)
    assert np.abs(small - np.asarray(four).astype(int)).max() <= 1
    middle = np.asarray(image)[:11, :11, :3].astype(float)  # around pixel (5, 5), which sees 6 pixels each way
    assert image.size == (20, 12)
    assert small[5, 5, 0] == pytest.approx(middle[..., 0].mean(), abs=40)


def test_three_times_is_by_area_and_moves_nothing(weights: Weights):
    """A picture that grows evenly from left to right still does, with its middle where it was."""
    ramp = np.zeros((8, 30, 4), np.uint8)
    ramp[..., :3], ramp[..., 3] = (np.arange(30) * 8)[None, :, None], 255
    row = np.asarray(upscaled(Image.fromarray(ramp, "RGBA"), 3, "drawing", weights))[12, :, 0].astype(int)
    inner = row[3 * REACH : -3 * REACH]
    assert (np.diff(inner) >= 0).all()
    assert (row[::-1] + row == row[0] + row[-1]).mean() > 0.9


@pytest.mark.parametrize("kind", ["drawing", "photo", "plain"])
@pytest.mark.parametrize("times", [2, 3, 4])
def test_a_disc_on_nothing_has_no_fringe(weights: Weights, kind: str, times: int):
    pixels = np.asarray(upscaled(disc(), times, kind, weights)).astype(int)
    seen = pixels[pixels[..., 3] > 0]
    tolerance = 3 if kind != "plain" else 32  # of Lanczos, a little is its own overshoot
    assert np.abs(seen[seen[:, 3] > 24][:, :3] - RED).max() <= tolerance
    if kind != "plain":
        assert (pixels[pixels[..., 3] == 0] == 0).all()


@pytest.mark.parametrize("kind", ["drawing", "plain"])
def test_what_is_opaque_or_empty_stays_so(weights: Weights, kind: str):
    for alpha in (255, 0):
        made = upscaled(Image.new("RGBA", (20, 20), (9, 200, 40, alpha)), 4, kind, weights)
        assert made.getchannel("A").getextrema() == (alpha, alpha)
    pixels = np.asarray(upscaled(disc(), 4, kind, weights))
    assert (pixels[96:104, 96:104, 3] == 255).all()
    assert (pixels[:8, :8, 3] == 0).all()


def test_the_alpha_of_a_half_transparent_picture_is_kept(weights: Weights):
    made = np.asarray(upscaled(Image.new("RGBA", (16, 16), (10, 120, 240, 100)), 2, "drawing", weights)).astype(int)
    assert np.abs(made - (10, 120, 240, 100)).max() <= 1


def test_colours_go_on_under_what_is_transparent():
    pixels = np.zeros((9, 12, 4), np.uint8)
    pixels[:, :4], pixels[:, 8:] = (250, 0, 0, 255), (0, 0, 250, 255)
    pixels[4, 6] = (0, 255, 0, 0)  # a leftover, that shows nowhere
    colours = bled(pixels)
    assert np.abs(colours[:, :4] - np.float32((250 / 255, 0, 0))).max() < 1e-6
    assert colours[..., 1].max() == 0
    assert (colours[:, 4, 0] > colours[:, 4, 2]).all()
    assert (colours[:, 7, 2] > colours[:, 7, 0]).all()


def test_told_of_every_piece(weights: Weights):
    told = []
    side = KINDS["photo"].side
    image = Image.new("RGBA", (2 * side, side + 1), "white")
    upscaled(image, 2, "photo", weights, lambda *so_far: told.append(so_far))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_more_than_the_largest_side_is_refused_before_anything_loads(weights: Weights):
    with pytest.raises(RequestError, match=r"4 times 4097x9 is 16388x36; at most 16,384 pixels a side are made"):
        upscaled(Image.new("RGBA", (4097, 9)), 4, "plain", weights)


def test_missing_ncnn_is_named_with_the_command(weights: Weights, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ncnn", None)
    monkeypatch.setattr("sfumato.core.packages.find_spec", lambda name: None)
    with pytest.raises(RequestError, match=r"enlarging as photo needs ncnn: pip install 'sfumato\[upscale\]'"):
        upscaled(disc(), 2, "photo", weights)
    assert upscaled(disc(), 2, "plain", weights).size == (96, 96)


def test_missing_weights_are_named_with_the_command(home: Path):
    with pytest.raises(MissingWeights, match="the weights upscale-photo are not here yet: sfumato pull upscale-photo"):
        upscaled(disc(), 2, "photo", Weights(home / "weights"))


def test_damaged_weights_are_not_loaded(weights: Weights, home: Path):
    file = home / "weights" / "upscale-drawing" / "tiny.bin"
    data = bytearray(file.read_bytes())
    data[100] ^= 1
    file.write_bytes(data)
    with pytest.raises(DamagedWeights, match=r"tiny\.bin is damaged .* sfumato pull upscale-drawing"):
        upscaled(disc(), 2, "drawing", weights)


def test_a_network_that_cannot_be_loaded_is_told(tmp_path: Path):
    (tmp_path / "net.param").write_text("no network")
    (tmp_path / "net.bin").write_bytes(b"")
    with pytest.raises(JobFailed, match=r"net\.param cannot be loaded by ncnn"):
        Network(tmp_path / "net.param", tmp_path / "net.bin")


def test_a_network_keeps_no_hold_of_what_it_was_given(net: Network):
    """ncnn only looks at memory it is handed; asked again, the first answer is still right."""
    side = 2 * REACH + 1
    first = net(np.full((side, side, 3), 0.25, np.float32))
    for value in (0.5, 0.75, 1):
        net(np.full((side, side, 3), value, np.float32))
    assert first[4 * REACH : 4 * REACH + 4, 4 * REACH : 4 * REACH + 4] == pytest.approx(0.25, abs=1e-3)


@pytest.mark.usefixtures("weights")
def test_a_studios_settings_say_where_weights_are(home: Path, tmp_path: Path):
    elsewhere = Studio(Settings(home=tmp_path / "elsewhere"))
    with pytest.raises(MissingWeights):
        elsewhere.upscale(exports.save(_edit(disc()), tmp_path / "a.png"))


def _edit(image: Image.Image):
    from sfumato.core.picture import Edit

    return Edit(image, None, 0, exports.save)


def test_painting_does_not_load_ncnn():
    code = "from sfumato.finishing import check; import sys; from sfumato.weights import NONE_KEPT; " \
           "check(['resize:8x8'], (4, 4), NONE_KEPT); print('ncnn' in sys.modules)"  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
