"""Changing a picture: what was to stay stays to the last bit, for every model; what cannot be is said in one line."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from sfumato import Studio, catalog, exports
from sfumato.core.card import Card
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.core.picture import Picture
from sfumato.keeping import depths, seam
from sfumato.library.inputs import Inputs
from sfumato.masks import box_mask, read_mask
from sfumato.operations._blend import depth, put_back
from sfumato.operations._windows import Window
from sfumato.planning import check, plan
from sfumato.studio import finished
from sfumato.testing import GaussianModel, tiny_card
from sfumato.worker.run import run

CARD = catalog.card()


def photo(width: int = 90, height: int = 60, *, alpha: bool = False, seed: int = 0) -> Image.Image:
    """Soft colours with some grain."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (4, 5, 4 if alpha else 3), np.uint8), "RGBA" if alpha else "RGB")
    large = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC).convert("RGBA"), np.int16)
    grain = rng.integers(-9, 10, large.shape[:2])[..., None] * [1, 1, 1, 0]
    return Image.fromarray((large + grain).clip(0, 255).astype(np.uint8), "RGBA")


def spot(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    return mask


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    return Inputs(tmp_path / "inputs")


Paint = Callable[..., Picture]


@pytest.fixture
def paint(inputs: Inputs) -> Paint:
    """With a model whose pictures are known: one grey for each prompt."""

    def painted(order: Order, card: Card | None = None) -> Picture:
        model = GaussianModel(card)
        (recipe,) = plan(order, model.card, pictures=inputs).recipes
        check(recipe, model.card, pictures=inputs)
        events = run([recipe], lambda name: model, exports.save, pictures=inputs)
        return next(picture for event in events if (picture := finished(event)) is not None)

    return painted


def kept(before: Image.Image, after: Image.Image, mask: Image.Image) -> int:
    """How many pixels changed where the mask is black."""
    black = np.asarray(mask) == 0
    return int((np.asarray(before)[black] != np.asarray(after)[black]).any(-1).sum())


# ---- image to image


def test_strength_0_gives_the_picture_back_and_1_ignores_it(paint: Paint, inputs: Inputs):
    one, other = photo(seed=1), photo(seed=2)
    wish = {"prompt": "a", "operation": "image-to-image", "seed": 4, "guidance": 1}
    orders = [Order(**wish, start=inputs.keep(page), strength=s) for s in (0, 1) for page in (one, other)]
    first, second, ignored, also_ignored = (paint(order).image for order in orders)
    assert first.tobytes() == one.tobytes()
    assert second.tobytes() == other.tobytes()
    assert ignored.tobytes() == also_ignored.tobytes()


def test_the_more_strength_the_less_is_left(paint: Paint, inputs: Inputs):
    page = photo(128, 128).convert("L").convert("RGBA")
    order = Order(prompt="a", operation="image-to-image", start=inputs.keep(page), seed=4, guidance=1, steps=20)

    def changed(strength: float) -> float:
        after = paint(order.model_copy(update={"strength": strength})).image.convert("L")
        return float(np.abs(np.asarray(after, np.float32) - np.asarray(page.convert("L"))).mean())

    much = [changed(strength) for strength in (0.1, 0.4, 0.7, 1)]
    assert much == sorted(much)
    assert much[-1] > 1.3 * much[0]


@pytest.mark.parametrize("size", [(90, 60), (64, 64), (1, 1), (7, 300), (300, 7)])
@pytest.mark.parametrize("shape", ["any", "square"])
def test_the_picture_keeps_its_size(paint: Paint, inputs: Inputs, size: tuple[int, int], shape: str):
    card = tiny_card(sizes={"multiple": 8, "low": 8, "high": 128, "best": 64, "shape": shape, "default": [16, 16]})
    order = Order(prompt="a", operation="image-to-image", start=inputs.keep(photo(*size)), strength=0.5, seed=1)
    assert paint(order, card).image.size == size


# ---- inpainting


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_outside_the_mask_not_one_pixel_changes(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    """For any picture, mask, model's shape, strength and prompt."""
    inputs = Inputs(tmp_path_factory.mktemp("inputs"))
    width, height = data.draw(st.integers(1, 150)), data.draw(st.integers(1, 150))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    page = Image.fromarray(rng.integers(0, 256, (height, width, 4), np.uint8), "RGBA")
    values = rng.integers(0, 256, (height, width)) * (rng.random((height, width)) < data.draw(st.floats(0.001, 0.9)))
    values[0, 0] = 0
    values[-1, -1] = 255 if width * height > 1 else 0
    mask = Image.fromarray(values.astype(np.uint8), "L")
    order = Order(
        prompt=data.draw(st.sampled_from(["a", "zz", "a red apple"])), operation="inpaint", seed=1,
        start=inputs.keep(page), mask=inputs.keep(mask.convert("RGBA")), strength=data.draw(st.floats(0.3, 1)),
    )  # fmt: skip
    shape = data.draw(st.sampled_from(["any", "square"]))
    model = GaussianModel(
        tiny_card(sizes={"multiple": 8, "low": 8, "high": 64, "best": 32, "shape": shape, "default": [16, 16]})
    )
    if width * height == 1:
        with pytest.raises(RequestError):
            plan(order, model.card, pictures=inputs)
        return
    (recipe,) = plan(order, model.card, pictures=inputs).recipes
    events = run([recipe], lambda name: model, exports.save, pictures=inputs)
    (picture,) = [found for event in events if (found := finished(event)) is not None]
    assert kept(page, picture.image, mask) == 0
    assert picture.outside is not None
    assert (picture.outside.changed_pixels, picture.outside.measured_on) == (0, "master")


def test_a_change_outside_would_be_counted(paint: Paint, inputs: Inputs, monkeypatch: pytest.MonkeyPatch):
    from sfumato.operations import inpaint

    def careless(page: Image.Image, *more: Any) -> Image.Image:
        return Image.new("RGBA", page.size, "red")

    page, mask = photo(), spot((90, 60), (20, 20, 50, 50))
    order = Order(prompt="a", operation="inpaint", seed=1, start=inputs.keep(page), mask=inputs.keep(mask))
    before = paint(order).outside
    monkeypatch.setattr(inpaint, "put_back", careless)
    outside = paint(order).outside
    assert before and outside and before.changed_pixels == 0
    assert outside.changed_pixels == int((np.asarray(mask) == 0).sum())
    assert outside.sha256 != before.sha256


def test_what_is_masked_is_painted_anew(paint: Paint, inputs: Inputs):
    """The model's grey for the prompt, deep inside."""
    page, mask = photo(200, 200), spot((200, 200), (40, 40, 160, 160))
    order = Order(prompt="a", operation="inpaint", seed=1, guidance=1, start=inputs.keep(page), mask=inputs.keep(mask))
    grey = (GaussianModel().read("a").states + 2) / 4 * 255
    inside = np.asarray(paint(order).image)[80:120, 80:120, :3]
    assert abs(inside.mean() - grey) < 20
    assert np.abs(inside.astype(int) - np.asarray(page)[80:120, 80:120, :3]).mean() > 20


def as_it_is(then: np.ndarray, *more: Any, **also: Any) -> np.ndarray:
    """In place of what corrects a painting."""
    return np.concatenate([np.ones_like(then[..., :1]), np.zeros_like(then), then], -1)


def test_the_blend_lowers_the_seam(paint: Paint, inputs: Inputs, monkeypatch: pytest.MonkeyPatch):
    from sfumato.operations import _blend

    page, mask = photo(200, 200), spot((200, 200), (40, 40, 160, 160))
    order = Order(prompt="a", operation="inpaint", seed=1, start=inputs.keep(page), mask=inputs.keep(mask))
    blended = paint(order).outside
    monkeypatch.setattr(_blend, "seen_otherwise", as_it_is)
    pasted = paint(order).outside
    assert blended and pasted and blended.seam and pasted.seam
    assert pasted.seam > 2
    assert blended.seam < pasted.seam / 2


def test_a_model_that_sees_true_colours_keeps_every_pixel_it_painted():
    """Even where what it painted ends hard at the mask's edge."""
    page, mask = photo(120, 120), spot((120, 120), (30, 30, 90, 90))
    new = page.copy()
    new.paste((250, 20, 20, 255), mask=mask)
    assert put_back(page, new, Window(0, 0, 120, 120), mask).tobytes() == new.tobytes()


def test_detail_that_a_model_draws_otherwise_is_no_reason_to_fade():
    """Grain of its own that is much stronger than the page's, of the same colour in the mean."""
    page, mask = photo(160, 160), spot((160, 160), (30, 30, 130, 130))
    grain = np.random.default_rng(3).choice([-60, 60], (160, 160, 1)) * [1, 1, 1, 0]
    new = Image.fromarray((np.asarray(page).astype(int) // 2 + 64 + grain).clip(0, 255).astype(np.uint8), "RGBA")
    same = Image.fromarray((np.asarray(page).astype(int) // 2 + 64).clip(0, 255).astype(np.uint8), "RGBA")
    same.putalpha(255)
    new.putalpha(255)
    rough = np.asarray(put_back(same, new, Window(0, 0, 160, 160), mask)).astype(int)[..., 0]
    steps = np.abs(np.diff(rough, axis=0))[:, 70:90]
    assert steps[33:36].mean() > 0.7 * steps[70:90].mean()  # next to the edge it is as rough as in the middle


def test_what_a_model_painted_that_sees_other_colours_fades_in():
    """It sees all 60 brighter, and paints stripes: they are as painted deep inside, and at the edge there are none."""
    page, mask = Image.new("RGBA", (120, 120), (90, 90, 90, 255)), spot((120, 120), (10, 10, 110, 110))
    stripes = np.asarray(page).copy()
    stripes[:, ::4, :3] += 60
    stripes[..., :3] += 60
    made = np.asarray(put_back(page, Image.fromarray(stripes), Window(0, 0, 120, 120), mask, 30)).astype(int)
    assert (made[55:65, 55:65] == stripes[55:65, 55:65]).all()
    assert np.abs(made[12:14, 55:65, :3] - 90).max() <= 12


def test_a_large_picture_is_put_together_in_strips_and_from_a_smaller_one(monkeypatch: pytest.MonkeyPatch):
    page, other, mask = photo(200, 160), photo(200, 160, seed=5), spot((200, 160), (30, 20, 150, 140))
    at_once = put_back(page, other, Window(0, 0, 200, 160), mask)
    monkeypatch.setattr("sfumato.finishing._strips.STRIP", 200 * 7)
    assert put_back(page, other, Window(0, 0, 200, 160), mask).tobytes() == at_once.tobytes()
    monkeypatch.setattr("sfumato.operations._blend.AT_ONCE", 200 * 160 // 4)
    smaller = put_back(page, other, Window(0, 0, 200, 160), mask)
    assert kept(page, smaller, mask) == 0
    off = np.abs(np.asarray(smaller).astype(int) - np.asarray(at_once))
    assert 0 < off.mean() < 2


@pytest.mark.parametrize("reach", [5, 40, 100])
def test_depths_are_those_of_a_circle_and_count_from_its_edge(reach: int):
    deep = depth(spot((300, 300), (30, 30, 269, 269)), reach)
    down, across = np.mgrid[:300, :300] - 149.5
    true = (120 - np.hypot(down, across)).clip(0, reach)
    assert np.abs(deep - true).max() <= max(2, 0.1 * reach)


def test_a_seam_is_scored():
    """A square that is brighter by a step; 1 where it is not."""
    page, mask = photo(120, 120), Image.new("L", (120, 120))
    mask.paste(255, (30, 40, 80, 100))
    brighter = np.asarray(page).astype(int)
    scores = []
    for step in (0, 10, 40):
        pixels = brighter.copy()
        pixels[40:100, 30:80, :3] += step
        scores.append(seam(Image.fromarray(pixels.clip(0, 255).astype(np.uint8), "RGBA"), mask))
    assert scores[0] == pytest.approx(1, abs=0.15)
    assert scores[0] < scores[1] < scores[2]
    assert seam(page, Image.new("L", page.size)) is None
    assert seam(page, Image.new("L", page.size, 255)) is None


def test_depths_count_from_the_edge():
    mask = Image.new("L", (20, 5))
    mask.paste(255, (5, 0, 20, 5))
    assert depths(mask)[2].tolist() == [-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, *[12] * 4]


# ---- masks


def test_each_polarity_means_the_same_place():
    size = (90, 60)
    white = spot(size, (20, 20, 50, 50))
    black = Image.eval(white, lambda v: 255 - v)
    hole = photo(*size)
    hole.putalpha(black)
    found = [
        read_mask(picture(image), size, told)
        for image, told in [(white, "white"), (white, None), (black, "black"), (hole, "alpha"), (hole, None)]
    ]
    assert {mask.image.tobytes() for mask in found} == {white.tobytes()}
    assert [mask.told for mask in found] == [True, False, True, True, False]
    assert "inferred" in found[1].remark and "white is painted" in found[1].remark
    assert "transparent is painted" in found[4].remark
    assert read_mask(picture(white), size, "black").image.tobytes() == black.tobytes()


def picture(image: Image.Image) -> Picture:
    (recipe,) = plan(Order(prompt="a", seed=1), tiny_card()).recipes
    return Picture(image.convert("RGBA"), recipe, 0, exports.save)


def test_what_is_nearly_black_or_white_counts_as_that():
    """As a JPEG leaves it."""
    grey = Image.fromarray(np.array([[3, 15, 16, 128, 239, 240, 252, 0]], np.uint8), "L")
    assert list(read_mask(picture(grey), (8, 1)).image.get_flattened_data()) == [0, 0, 16, 128, 239, 255, 255, 0]


@pytest.mark.parametrize(
    ("grey", "polarity", "said"),
    [
        (0, None, r"nothing in the mask is white.*--mask-polarity black"),
        (0, "white", r"nothing in the mask is white.*--mask-polarity black"),
        (255, "black", r"nothing in the mask is black.*--mask-polarity white"),
        (255, "alpha", r"nothing in the mask is transparent.*--mask-polarity white"),
        (255, None, r"all of the picture.*--strength"),
        (0, "black", r"all of the picture.*--strength"),
        (128, "whites", r"no mask polarity named 'whites'; did you mean 'white'"),
    ],
)
def test_masks_that_cannot_be_are_answered(grey: int, polarity: str | None, said: str):
    with pytest.raises(RequestError, match=said) as refused:
        read_mask(picture(Image.new("L", (9, 9), grey)), (9, 9), polarity)
    assert "\n" not in str(refused.value)


def test_a_mask_of_another_size_is_refused_with_both():
    with pytest.raises(RequestError, match=r"the mask is 9x9 pixels, the picture 10x9"):
        read_mask(picture(Image.new("L", (9, 9), 128)), (10, 9))


@pytest.mark.parametrize(
    "box", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "-1,0,5,5", "5,5,5,9", "0,0,11,5", "0,0,5,99999", "0,0,10,10"]
)
def test_boxes_that_cannot_be_are_refused(box: str):
    with pytest.raises(RequestError) as refused:
        box_mask(box, (10, 10))
    assert "\n" not in str(refused.value)


# ---- what is refused


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"operation": "image-to-image"}, "begins with a picture"),
        ({"operation": "image-to-image", "start": "f" * 64}, "not kept here"),
        ({"operation": "image-to-image", "width": 64, "height": 64}, "has no height"),
        ({"operation": "image-to-image", "background": "white"}, "has no background"),
        ({"operation": "inpaint", "start": True}, "name one"),
        ({"strength": 0.5}, "text-to-image has no strength"),
        ({"operation": "image-to-image", "start": True, "strength": 1.2}, "outside 0 to 1"),
        ({"operation": "image-to-image", "start": True, "strength": float("nan")}, "not a number"),
        ({"operation": "outpant"}, "did you mean"),
    ],
    ids=str,
)
def test_wishes_that_cannot_be_are_refused(inputs: Inputs, wishes: dict[str, Any], said: str):
    if wishes.get("start") is True:
        wishes = wishes | {"start": inputs.keep(photo())}
    with pytest.raises(RequestError, match=said) as refused:
        plan(Order(prompt="a", **wishes), tiny_card(), pictures=inputs)
    assert "\n" not in str(refused.value)


def test_a_strength_that_leaves_no_step_is_refused_with_the_least_that_does(inputs: Inputs):
    card = tiny_card(noise={"scale": "diffusion"}, schedule="karras")
    order = Order(prompt="a", operation="image-to-image", start=inputs.keep(photo()), strength=0.05, steps=10)
    with pytest.raises(RequestError, match=r"give at least 0\.100"):
        plan(order, card, pictures=inputs)
    assert plan(order.model_copy(update={"strength": 0.1}), card, pictures=inputs).recipes


def test_a_model_that_cannot_encode_says_so(inputs: Inputs):
    order = Order(prompt="a", operation="image-to-image", start=inputs.keep(photo()))
    with pytest.raises(RequestError, match="gaussian cannot do image-to-image"):
        plan(order, tiny_card(operations=["text-to-image"]), pictures=inputs)


@pytest.mark.parametrize(
    "change",
    [{"width": 5000}, {"painted_width": 1024}, {"finish": ("resize:9x9",)}, {"strength": 0.001, "steps": 4},
     {"start": "e" * 64}, {"mask": "e" * 64}, {"operation": "text-to-image"}],
    ids=str,
)  # fmt: skip
def test_a_strangers_recipe_may_ask_for_no_more_than_an_order(inputs: Inputs, change: dict[str, Any]):
    card = tiny_card(noise={"scale": "diffusion"}, schedule="karras")
    order = Order(prompt="a", operation="image-to-image", start=inputs.keep(photo()), strength=0.5)
    (recipe,) = plan(order, card, pictures=inputs).recipes
    check(recipe, card, pictures=inputs)
    with pytest.raises(RequestError):
        check(recipe.model_copy(update=change), card, pictures=inputs)


def test_a_kept_picture_that_was_changed_is_refused(inputs: Inputs, tmp_path: Path):
    digest = inputs.keep(photo())
    (path,) = (tmp_path / "inputs").rglob("*.png")
    photo(seed=3).save(path)
    with pytest.raises(RequestError, match="damaged"):
        inputs(digest)
    for wrong in ("../" + digest, "", "A" * 64):
        with pytest.raises(RequestError, match="no sha256"):
            inputs(wrong)


# ---- with our own model, through the studio


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A picture and a mask."""
    photo(160, 120).save(tmp_path / "photo.png")
    spot((160, 120), (50, 30, 120, 100)).save(tmp_path / "mask.png")
    return tmp_path / "photo.png", tmp_path / "mask.png"


@pytest.mark.parametrize(("name", "measured_on"), [("a.png", "file"), ("a.jpg", "master"), ("a.webp", "master")])
def test_edits_are_counted_on_the_file_and_replay(
    files: tuple[Path, Path], tmp_path: Path, name: str, measured_on: str
):
    studio = Studio()
    with pytest.warns(UserWarning, match="white is painted"):
        (made,) = studio.edit(files[0], "a red apple", mask=files[1], steps=3, seed=1)
    path = made.save(tmp_path / name)
    outside = studio.outside(made, path)
    assert outside and made.outside
    assert (outside.changed_pixels, outside.measured_on) == (0, measured_on)
    assert outside.sha256 == made.outside.sha256
    replay = studio.replay(path)
    assert replay.same and replay.picture.image.tobytes() == made.image.tobytes()


def test_a_changed_file_is_counted(files: tuple[Path, Path], tmp_path: Path):
    studio = Studio()
    (made,) = studio.edit(files[0], "a red apple", mask=files[1], mask_polarity="white", steps=1, seed=1)
    path = made.save(tmp_path / "a.png")
    image = Image.open(path)
    image.putpixel((0, 0), (1, 2, 3))
    image.save(path)
    outside = studio.outside(made, path)
    assert outside and outside.changed_pixels == 1


def test_pocket_at_strength_1_paints_what_it_paints_from_words():
    side = CARD.sizes.best
    wish = {"seed": 3, "steps": 2, "keep": False}
    studio = Studio()
    (words,) = studio.paint("a red apple", width=side, height=side, **wish)
    (start,) = studio.paint("a blue car", width=side, height=side, **wish)
    (edited,) = studio.edit(start, "a red apple", strength=1, **wish)
    (near,) = studio.edit(start, "a red apple", strength=0.4, **wish)
    assert edited.image.tobytes() == words.image.tobytes()
    assert near.image.tobytes() not in {words.image.tobytes(), start.image.tobytes()}


def test_nothing_of_the_file_but_its_pixels_is_kept(tmp_path: Path):
    path = tmp_path / "holiday.jpg"
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    photo().convert("RGB").save(path, exif=exif, comment=b"SecretComment")
    studio = Studio()
    studio.hold(path)
    (kept_file,) = studio._parts.settings.home.glob("inputs/*/*/*.png")
    assert not re.search(b"Secret|holiday", kept_file.read_bytes())


# ---- erasing


def ramp(width: int, height: int) -> Image.Image:
    """Colours that rise evenly across and down."""
    down, across = np.mgrid[:height, :width]
    planes = [40 + across, 60 + down, 200 - across, np.full_like(across, 255)]
    return Image.fromarray(np.stack(planes, -1).clip(0, 255).astype(np.uint8), "RGBA")


def test_a_thing_before_an_even_ground_is_erased_without_a_trace(paint: Paint, inputs: Inputs):
    """A sheet stretched over a slope is the slope."""
    ground = ramp(140, 100)
    page, mask = ground.copy(), spot((140, 100), (45, 30, 95, 80))
    page.paste((255, 0, 0, 255), (50, 35, 90, 75), mask.crop((50, 35, 90, 75)))
    page.putpixel((0, 0), (1, 2, 3, 255))
    order = Order(prompt="", operation="erase", start=inputs.keep(page), mask=inputs.keep(mask), strength=0, seed=1)
    made = paint(order)
    assert made.outside and made.outside.changed_pixels == 0
    assert made.image.getpixel((0, 0)) == (1, 2, 3, 255)
    off = np.abs(np.asarray(made.image).astype(int) - np.asarray(ground))[1:]
    assert off.max() <= 12
    assert off.mean() < 0.5


def test_erasing_takes_no_word_and_needs_a_place(paint: Paint, inputs: Inputs):
    page, mask = photo(), spot((90, 60), (20, 20, 50, 50))
    order = Order(prompt="", operation="erase", start=inputs.keep(page), mask=inputs.keep(mask), seed=1)
    made = paint(order)
    assert made.recipe.strength == 0.5
    assert kept(page, made.image, mask) == 0
    assert made.image.tobytes() != page.tobytes()
    with pytest.raises(RequestError, match="the prompt is empty"):
        paint(order.model_copy(update={"operation": "inpaint"}))
    with pytest.raises(RequestError, match="erase paints where a mask says"):
        paint(order.model_copy(update={"mask": None}))
    with pytest.raises(RequestError, match="say where"):
        Studio().erase(picture(page))


def test_an_opaque_picture_gets_no_holes(inputs: Inputs):
    """Also from a model that paints stickers on nothing."""
    page, mask = photo(64, 64), spot((64, 64), (10, 10, 50, 50))
    sticker = Image.new("RGBA", (64, 64))
    sticker.paste((0, 200, 0, 255), (25, 25, 35, 35))
    made = put_back(page, sticker, Window(0, 0, 64, 64), mask)
    assert made.getchannel("A").getextrema() == (255, 255)
    assert kept(page, made, mask) == 0
    page.putalpha(mask)
    assert put_back(page, sticker, Window(0, 0, 64, 64), mask).getchannel("A").getextrema() == (0, 255)
