"""Export sets: the rule that chooses between cropping and extending, told beforehand, and files as it says."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from standins import kept_standins

from sfumato import Studio, exports
from sfumato.core.errors import CannotWrite, MissingWeights, NotFound, OutputExists, RequestError, UnknownName
from sfumato.core.picture import Edit
from sfumato.exports.presets import ExportPreset, export_presets
from sfumato.finishing.resize import resized
from sfumato.framing import KEPT_PERHAPS, KEPT_SURELY, best_crop, framed
from sfumato.framing.salience import Salience, salience
from sfumato.weights import NONE_KEPT, Weights

PRESETS = export_presets()
ISSUE = {"blog": (16, 9), "instagram": (4, 5), "x-header": (3, 1), "story": (9, 16), "product": (1, 1)}


@pytest.fixture
def weights(home: Path) -> Weights:
    return kept_standins(home / "weights")


def edit(image: Image.Image) -> Edit:
    return Edit(image.convert("RGBA"), None, 0, exports.save)


def scene(size: tuple[int, int], box: tuple[int, int, int, int], thing: str = "red") -> Image.Image:
    """A thing on a ground of two greens."""
    image = Image.new("RGBA", size, (60, 150, 80, 255))
    image.paste((90, 140, 100, 255), (0, size[1] // 2, *size))
    ImageDraw.Draw(image).ellipse(box, fill=thing)
    return image


def preset(width: int, height: int) -> ExportPreset:
    return ExportPreset(name="test", about="for tests", width=width, height=height, format="png")


def at(left: int, top: int, right: int, bottom: int, size: tuple[int, int] = (100, 50)) -> Salience:
    weights = np.zeros(size[::-1], np.float32)
    weights[top:bottom, left:right] = 1
    return Salience(weights, "us", True)


# ---- presets


@pytest.mark.parametrize("name", PRESETS.names())
def test_every_preset_makes_a_file_of_its_size_and_format(name: str, tmp_path: Path):
    wanted = Studio().plan_export(edit(scene((90, 60), (40, 20, 60, 40))), [name], tmp_path)
    Studio().export(wanted)
    (file,) = wanted.files
    with Image.open(file.path) as image:
        assert image.size == PRESETS[name].size
        assert image.format == {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}[PRESETS[name].format]


@pytest.mark.parametrize(("name", "shape"), ISSUE.items())
def test_the_usual_places_have_their_shapes(name: str, shape: tuple[int, int]):
    assert PRESETS[name].width * shape[1] == PRESETS[name].height * shape[0]


def test_a_persons_own_preset_is_there_and_wins(home: Path, tmp_path: Path):
    (home / "presets").mkdir()
    (home / "presets" / "blog.toml").write_text('about = "mine"\nwidth = 40\nheight = 20\nformat = "png"')
    Studio().export(Studio().plan_export(edit(scene((90, 60), (40, 20, 60, 40))), ["blog"], tmp_path))
    with Image.open(tmp_path / "picture-blog.png") as image:
        assert image.size == (40, 20)


# ---- the rule


def test_the_crop_keeps_what_is_salient_wherever_it_is():
    for left in (0, 30, 70):
        box, kept = best_crop((1000, 500), at(left, 10, left + 30, 40).weights, 1)
        assert kept == pytest.approx(1)
        assert box[2] - box[0] == 500
        middle = (box[0] + box[2]) / 2
        assert middle == pytest.approx(min(max(10 * left + 150, 250), 750), abs=6)  # in its middle, as far as can be


@given(
    width=st.integers(1, 400), height=st.integers(1, 400), across=st.integers(1, 60), down=st.integers(1, 60),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_a_crop_lies_within_has_the_shape_and_no_other_keeps_more(
    width: int, height: int, across: int, down: int, seed: int
):
    weights = np.random.default_rng(seed).random((min(height, 40), min(width, 40))).astype(np.float32) ** 6
    (left, top, right, bottom), kept = best_crop((width, height), weights, across / down)
    assert 0 <= left < right <= width and 0 <= top < bottom <= height
    assert right - left == width or bottom - top == height
    if right - left < width:
        assert abs((right - left) - max(1, height * across / down)) <= 0.5
    elif bottom - top < height:
        assert abs((bottom - top) - max(1, width * down / across)) <= 0.5
    assert 0 <= kept <= 1 + 1e-6


def test_what_a_crop_would_lose_decides():
    narrow, wide = at(40, 0, 60, 50), at(10, 0, 90, 50)
    assert framed((1000, 500), narrow, preset(300, 300)).way == "crop"
    frame = framed((1000, 500), wide, preset(300, 300))
    assert (frame.way, frame.kept) == ("extend", pytest.approx(50 / 80, abs=0.01))
    assert frame.inner == (300, 150)
    assert frame.added == {"left": 0, "top": 75, "right": 0, "bottom": 75}
    assert frame.cut == {"left": 0, "top": 0, "right": 0, "bottom": 0}
    assert framed((1000, 500), wide, preset(300, 300), "crop").way == "crop"
    assert framed((1000, 500), narrow, preset(300, 300), "extend").way == "extend"


def test_where_only_contrast_tells_more_may_be_lost():
    some = at(0, 0, 55, 50)  # of which a square keeps 50 / 55
    assert KEPT_PERHAPS < 50 / 55 < KEPT_SURELY
    assert framed((1000, 500), some, preset(300, 300)).way == "extend"
    assert framed((1000, 500), Salience(some.weights, "us", False), preset(300, 300)).way == "crop"


def test_a_picture_of_the_right_shape_is_left_whole():
    frame = framed((1001, 500), at(0, 0, 1, 1), preset(300, 150))
    assert (frame.way, frame.steps) == ("whole", ("resize:300x150",))
    assert frame.enlarged < 1


# ---- what is salient


def test_alpha_says_it_then_the_network_then_contrast(weights: Weights):
    picture = scene((160, 80), (100, 20, 140, 60))
    cut = picture.copy()
    cut.putalpha(Image.new("L", picture.size))
    cut.paste(picture.crop((100, 20, 140, 60)), (100, 20))
    for image, here, by, sure in [
        (cut, weights, "what is not transparent", True),
        (picture, weights, "the cut-out network", True),
        (picture, NONE_KEPT, "contrast with its border", False),
    ]:
        found = salience(image, here)
        assert (found.by, found.sure) == (by, sure)
        inside = found.weights[:, found.weights.shape[1] * 100 // 160 : found.weights.shape[1] * 140 // 160]
        assert inside.sum() > 0.9 * found.weights.sum()
        box, kept = best_crop(image.size, found.weights, 1)
        assert box[0] <= 100 and box[2] >= 140
        assert kept > 0.9


def test_without_a_network_a_thing_is_found_on_a_ground_of_several_colours():
    """A small brown disc on yellow above dark green, which is farther from the mean colour than the disc is."""
    image = Image.new("RGBA", (160, 160), (250, 220, 60, 255))
    image.paste((40, 50, 20, 255), (0, 100, 160, 160))
    ImageDraw.Draw(image).ellipse((60, 70, 100, 110), fill=(200, 130, 90, 255))
    weights = salience(image, NONE_KEPT).weights
    assert weights[70:110, 60:100].sum() > 0.7 * weights.sum()
    assert framed(image.size, salience(image, NONE_KEPT), preset(300, 100)).box[1] in range(38, 72)  # of 53 px height


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (3, 700)])
def test_a_picture_of_one_colour_or_of_any_size_is_cut_in_the_middle(size: tuple[int, int]):
    found = salience(Image.new("RGBA", size, "teal"), NONE_KEPT)
    left, top, right, bottom = framed(size, found, preset(10, 10), "crop").box
    assert abs((left + right) - size[0]) <= 1 and abs((top + bottom) - size[1]) <= 1


# ---- files and the manifest


def test_the_manifest_says_what_the_files_are(tmp_path: Path, weights: Weights, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sfumato.wiring.Parts.weights", weights)
    source = scene((300, 200), (200, 60, 280, 140))
    source.save(tmp_path / "thing.png")
    studio, out = Studio(), tmp_path / "out"
    wanted = studio.plan_export(tmp_path / "thing.png", ["product", "x-header", "story"], out)
    assert not out.exists()  # nothing is written before it is asked for
    manifest = json.loads(studio.export(wanted).read_text())
    assert manifest["picture"] == {"name": "thing", "width": 300, "height": 200}
    assert [row["way"] for row in manifest["files"]] == ["crop", "crop", "crop"]
    for row in manifest["files"]:
        data = (out / row["file"]).read_bytes()
        assert (row["bytes"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    product = manifest["files"][0]
    assert product["cut"] == {"left": 100, "top": 0, "right": 0, "bottom": 0}
    assert product["enlarged"] == pytest.approx(2048 / 200, abs=0.001)
    with Image.open(out / product["file"]) as image:  # what the steps say is what was done
        part = source.crop((100, 0, 300, 200)).resize((64, 64), Image.Resampling.BOX)
        off = np.asarray(image.convert("RGBA").resize((64, 64), Image.Resampling.BOX)).astype(int) - np.asarray(part)
        assert np.abs(off).mean() < 3
    assert "product, x-header, story: enlarged up to 10.2 times" in manifest["warnings"][0]


def ours(image: Image.Image, **changes: Any) -> Edit:
    """A picture that says Pocket painted it."""
    (recipe,) = Studio().plan("a pear", seed=5, steps=2).recipes
    changes |= {"width": image.width, "height": image.height}
    return Edit(image.convert("RGBA"), recipe.model_copy(update=changes), 0, exports.save, True)


def busy(size: tuple[int, int]) -> Image.Image:
    """A picture whose border is of many colours."""
    small = Image.fromarray(np.random.default_rng(4).integers(0, 256, (4, 4, 3), np.uint8), "RGB")
    return small.resize(size, Image.Resampling.BICUBIC)


FLAT = Image.new("RGB", (64, 64), "#4080c0")


@pytest.mark.parametrize(
    ("picture", "wish", "by", "said"),
    [
        (edit(FLAT), {}, "ground", "its ground goes on; asked"),
        (edit(Image.new("RGBA", (64, 64))), {}, "ground", "its ground goes on; asked"),
        (edit(busy((64, 64))), {}, "blur", "its border goes on as a blur, for no recipe says who painted it: --model"),
        (edit(busy((64, 64))), {"model": "pocket"}, "paint", "painted by pocket; asked"),
        (edit(busy((64, 64))), {"surround": "paint"}, "paint", "painted by pocket; asked"),
        (edit(FLAT), {"prompt": "a castle"}, "paint", "painted by pocket; asked"),
        (lambda: ours(busy((64, 64))), {}, "paint", "painted by pocket, as the picture was; asked"),
        (lambda: ours(busy((64, 64))), {"surround": "blur"}, "blur", "its border goes on as a blur; asked"),
        (lambda: ours(FLAT), {}, "ground", "its ground goes on; asked"),
    ],
)  # fmt: skip
def test_what_is_added_follows_the_rule_and_is_said_beforehand(
    tmp_path: Path, picture: Any, wish: dict[str, str], by: str, said: str
):
    source = picture if isinstance(picture, Edit) else picture()
    (file,) = Studio().plan_export(source, ["x-header"], tmp_path, fit="extend", **wish).files
    assert (file.told()["surround"], file.told()["painted_by"]) == (by, "pocket" if by == "paint" else None)
    assert str(file).startswith(f"x-header, 1500x500 jpg: added 500 px left, 500 px right: {said}")


@pytest.mark.parametrize("size", [(40, 40), (96, 64), (400, 300)], ids=["tiny", "enlarged", "made smaller"])
def test_a_painted_extension_keeps_the_pictures_pixels_and_replays(tmp_path: Path, home: Path, size: tuple[int, int]):
    (home / "presets").mkdir()
    (home / "presets" / "tall.toml").write_text('about = "x"\nwidth = 120\nheight = 300\nformat = "png"')
    studio, source = Studio(), ours(busy(size))
    source.save(tmp_path / "picture.png")
    wanted = studio.plan_export(tmp_path / "picture.png", ["tall"], tmp_path, fit="extend")
    (row,) = json.loads(studio.export(wanted).read_text())["files"]
    assert (row["surround"], row["outside_changed_pixels"]) == ("paint", 0)
    path, inner = tmp_path / row["file"], wanted.files[0].frame.inner
    assert row["added"] == {"left": 0, "top": (300 - inner[1]) // 2, "right": 0, "bottom": -((inner[1] - 300) // 2)}
    with Image.open(path) as made:
        assert made.size == (120, 300)
        there = np.asarray(made.crop((0, row["added"]["top"], 120, row["added"]["top"] + inner[1])).convert("RGB"))
    expected = np.asarray(resized(source.image, inner))[..., :3]
    off = np.abs(there.astype(int) - expected)[2:-2]
    assert off.max() == 0 if row["enlarged"] <= 1 or min(size) < 64 else off.mean() < 2
    assert studio.replay(path).changed == 0


def test_who_cannot_paint_leaves_a_blur_unless_asked_for(tmp_path: Path):
    away = ours(busy((64, 64)), model="flux-dev")
    (file,), warnings = (
        (wanted := Studio().plan_export(away, ["x-header"], tmp_path, fit="extend")).files,
        wanted.warnings,
    )
    assert (file.told()["surround"], file.painting) == ("blur", None)
    assert "x-header: what is added is a blur, for it cannot be painted: " in warnings[0]
    assert "sfumato pull flux-dev" in warnings[0]
    with pytest.raises(MissingWeights, match="sfumato pull flux-dev"):
        Studio().plan_export(away, ["x-header"], tmp_path, fit="extend", surround="paint")


def test_who_is_to_paint_where_nothing_is_extended_is_told(tmp_path: Path):
    wanted = Studio().plan_export(edit(busy((64, 64))), ["avatar"], tmp_path, model="pocket", surround="paint")
    assert wanted.files[0].frame.way == "whole"
    assert wanted.warnings[0].startswith("nothing is extended, so --surround and --model has no effect: --fit extend")
    assert not any("no effect" in text for text in Studio().plan_export(edit(FLAT), ["avatar"], tmp_path).warnings)


def test_a_picture_of_the_library_is_exported_by_its_number(tmp_path: Path):
    studio = Studio()
    studio.paint("a pear", seed=1, steps=1, width=64, height=64)
    (entry,) = studio.find("pear")
    manifest = studio.export(studio.plan_export(entry.id, ["avatar"], tmp_path))
    assert manifest.name == f"picture-{entry.id}-manifest.json"
    assert studio.replay(tmp_path / f"picture-{entry.id}-avatar.png").changed == 0
    with pytest.raises(NotFound):
        studio.plan_export(entry.id + 1, ["avatar"], tmp_path)


def test_what_is_transparent_is_laid_on_the_presets_colour_or_ones_own(tmp_path: Path):
    cut = Image.new("RGBA", (64, 64))
    ImageDraw.Draw(cut).ellipse((8, 8, 56, 56), fill="red")

    def corner(name: str, **looks: str) -> tuple:
        wanted = Studio().plan_export(edit(cut), [name], tmp_path, **looks)
        Studio().export(wanted, force=True)
        with Image.open(wanted.files[0].path) as image:
            return image.convert("RGBA").getpixel((0, 0))

    assert corner("story") == (255, 255, 255, 255)
    assert corner("product")[3] == 0
    assert corner("product", format="jpg") == (255, 255, 255, 255)
    assert corner("product", background="#0000ff") == (0, 0, 255, 255)
    assert corner("story", background="transparent")[3] == 0


def test_quality_is_80_unless_told_and_png_has_none(tmp_path: Path, home: Path):
    (home / "presets").mkdir()
    (home / "presets" / "rough.toml").write_text('about = "x"\nwidth = 9\nheight = 9\nformat = "jpg"\nquality = 30')
    picture = edit(scene((64, 64), (8, 8, 56, 56)))

    def qualities(quality: int | None = None) -> list[int | None]:
        names = ["story", "x-header", "product", "rough"]
        return [file.quality for file in Studio().plan_export(picture, names, tmp_path, quality=quality).files]

    assert qualities() == [80, 80, None, 30]
    assert qualities(55) == [55, 55, None, 55]


def test_a_file_of_ours_that_was_exported_is_replayed(tmp_path: Path):
    studio = Studio()
    (picture,) = studio.paint("a pear", seed=1, steps=1, width=64, height=64, keep=False)
    picture.save(tmp_path / "pear.png")
    wanted = studio.plan_export(tmp_path / "pear.png", ["avatar", "x-header"], tmp_path, format="png")
    studio.export(wanted)
    for file in wanted.files:
        assert studio.replay(file.path).changed == 0


def test_nothing_is_overwritten_and_nothing_begun_unless_all_can_be(tmp_path: Path):
    picture, studio = edit(scene((64, 64), (8, 8, 56, 56))), Studio()
    (tmp_path / "picture-avatar.png").write_bytes(b"mine")
    wanted = studio.plan_export(picture, ["link", "avatar"], tmp_path)
    with pytest.raises(OutputExists, match="picture-avatar"):
        studio.export(wanted)
    assert [path.name for path in tmp_path.iterdir()] == ["picture-avatar.png"]
    studio.export(wanted, force=True)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("names", "looks", "kind", "says"),
    [
        ([], {}, RequestError, "say what to export for, as blog; there are: avatar, blog, "),
        (["blogs"], {}, UnknownName, "no export preset named 'blogs'; did you mean 'blog'?"),
        (["../blog"], {}, UnknownName, "no export preset named '../blog'"),
        (["blog"], {"fit": "cop"}, UnknownName, "no fit named 'cop'; did you mean 'crop'?"),
        (["blog"], {"format": "gif"}, UnknownName, "no format named 'gif'"),
        (
            ["blog"],
            {"fit": "extend", "surround": "pant"},
            UnknownName,
            "no surround named 'pant'; did you mean 'paint'?",
        ),
        (
            ["blog"],
            {"fit": "extend", "surround": "blur", "prompt": "a"},
            RequestError,
            "a blur has no model and no prompt",
        ),
        (["blog"], {"fit": "extend", "model": "pocketa"}, UnknownName, "no model named 'pocketa'"),
        (["blog"], {"quality": 101}, RequestError, "quality 101 is not between 0 and 100"),
        (["blog"], {"background": "blau"}, RequestError, "background 'blau' is not known"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    tmp_path: Path, names: list[str], looks: dict, kind: type[RequestError], says: str
):
    with pytest.raises(kind) as error:
        Studio().plan_export(edit(scene((64, 64), (8, 8, 56, 56))), names, tmp_path / "out", **looks)
    assert str(error.value).startswith(says)
    assert "\n" not in str(error.value)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    wanted = Studio().plan_export(edit(scene((64, 64), (8, 8, 56, 56))), ["link"], tmp_path / "file" / "out")
    with pytest.raises(CannotWrite, match="choose another --out"):
        Studio().export(wanted)
