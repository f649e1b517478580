"""One picture: seen to the pixel, its recipe copied as a command that paints the same, used again, marked, exported."""

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from sfumato import exports


@pytest.fixture
def shown(studio: Page, paint: Callable[..., Locator], address: str) -> Page:
    """A picture, open."""
    tiles = studio.locator("picture-tile[aria-label^=\"a 'blue' car\"]")
    if not studio.request.get(f"{address}api/v1/pictures?text='blue' car").json():
        studio.get_by_role("button", name="Fast").click()  # so that the recipe has more to say
        paint("a 'blue' car")
    tiles.last.click()  # the first that was painted
    expect(studio.locator("picture-view .stage > zoom-pane img")).to_have_js_property("complete", True)
    return studio


def file_of(shown: Page, address: str) -> bytes:
    id = shown.url.rsplit("/", 1)[1]
    return shown.request.get(f"{address}api/v1/pictures/{id}/file").body()


def test_the_copied_command_paints_the_same_pixels(shown: Page, address: str, tmp_path: Path):
    command = shown.locator("recipe-card pre").inner_text()
    assert "'a '\\''blue'\\'' car'" in command
    run = command.replace("sfumato ", f"{sys.executable} -m sfumato ", 1) + " --out again.png"
    subprocess.run(["bash", "-c", run], cwd=tmp_path, check=True, capture_output=True)
    again, _ = exports.pixels((tmp_path / "again.png").read_bytes())
    kept, _ = exports.pixels(file_of(shown, address))
    assert np.array_equal(np.asarray(again), np.asarray(kept))


def test_the_copied_program_and_request_say_the_same(shown: Page, address: str):
    recipe = exports.read(file_of(shown, address)).recipe
    assert recipe is not None
    shown.get_by_role("button", name="Python").click()
    asked: dict[str, object] = {}
    program = shown.locator("recipe-card pre").inner_text().replace("from sfumato import Studio", "")
    double = type(
        "Studio",
        (),
        {
            "paint": lambda self, prompt, **fields: asked.update(prompt=prompt, **fields) or [self],
            "save": lambda self, path: None,
        },
    )
    exec(program, {"Studio": double})
    assert (asked["prompt"], asked["seed"], asked["width"]) == (recipe.prompt, recipe.seed, recipe.width)
    shown.get_by_role("button", name="curl").click()
    line = shown.locator("recipe-card pre").inner_text()
    body = re.search(r"--json '(.*)'$", line.replace("'\\''", "'"))
    assert body is not None and line.startswith(f"curl {address}api/v1/orders")
    order = json.loads(body[1])
    planned = shown.request.post(f"{address}api/v1/plan", data=order).json()["recipes"]
    assert planned == [json.loads(recipe.model_dump_json())]


@pytest.fixture
def extended(shown: Page, address: str) -> Page:
    """What came of the picture that was open, open: the same with more at its right."""
    number = int(shown.url.rsplit("/", 1)[1])
    order = {"operation": "outpaint", "prompt": "a road", "start": number, "margins": [0, 0, 64, 0], "steps": 2}
    came = shown.request.get(f"{address}api/v1/pictures/{number}/lineage").json()["became"]
    if not any(one["recipe"]["operation"] == "outpaint" for one in came):
        assert shown.request.post(f"{address}api/v1/orders", data=order).status == 201
    expect(shown.locator("lineage-row").get_by_label("What came of it")).to_be_visible()
    shown.get_by_role("link", name="Extended: a road").last.click()
    expect(shown.locator("picture-view .said")).to_have_text("a road")
    return shown


def test_a_change_knows_what_it_was_made_from(extended: Page):
    expect(extended.locator("recipe-card")).to_contain_text("0 pixels of the picture changed")
    extended.keyboard.press("b")
    slider = extended.get_by_role("slider", name="Between before and after")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    before = extended.locator("before-after .before img")
    expect(before).not_to_have_js_property("naturalWidth", 0)
    assert before.evaluate("image => image.naturalWidth") == 256 + 64
    extended.keyboard.press("b")
    expect(slider).to_be_hidden()
    extended.locator("lineage-row").get_by_label("Made from").get_by_role("link").click()
    expect(extended.locator("picture-view .said")).to_have_text("a 'blue' car")


def test_a_change_is_ordered_again_as_its_recipe_says(extended: Page, address: str):
    recipe = exports.read(file_of(extended, address)).recipe
    assert recipe is not None
    expect(extended.locator("recipe-card pre")).to_contain_text("sfumato replay")
    extended.get_by_role("button", name="curl").click()
    body = re.search(r"--json '(.*)'$", extended.locator("recipe-card pre").inner_text())
    assert body is not None
    planned = extended.request.post(f"{address}api/v1/plan", data=json.loads(body[1])).json()["recipes"]
    assert planned == [json.loads(recipe.model_dump_json())]
    with extended.expect_response(lambda answer: answer.url.endswith("/orders")) as waiting:
        extended.get_by_role("button", name="Paint it again").click()
    again = waiting.value.json()["recipes"][0]
    assert again["seed"] != recipe.seed and again["start"] == recipe.start and again["margins"] == [0, 0, 64, 0]


def test_it_is_enlarged_and_what_is_missing_can_be_fetched(shown: Page, address: str):
    shown.expected_complaints = 1  # the browser's own line about a 422
    number = int(shown.url.rsplit("/", 1)[1])
    shown.get_by_role("button", name="Enlarge", exact=True).click()
    menu = shown.get_by_role("dialog", name="Enlarge, cut out")
    menu.get_by_role("button", name="As a drawing, 2 times as large").click()
    expect(menu.get_by_role("alert")).to_contain_text("sfumato pull upscale-drawing")
    expect(menu.get_by_role("button", name="Fetch upscale-drawing")).to_be_visible()
    menu.get_by_role("button", name="Plainly, 2 times as large").click()
    expect(menu).to_be_hidden()
    shown.get_by_role("link", name="Finished further: a 'blue' car").click()
    expect(shown.locator("recipe-card")).to_contain_text("512 × 512")
    (made,) = (
        one
        for one in shown.request.get(f"{address}api/v1/pictures/{number}/lineage").json()["became"]
        if one["recipe"]["finish"] == ["upscale:2:plain"]
    )
    large, small = (
        Image.open(io.BytesIO(shown.request.get(f"{address}api/v1/pictures/{id}/file").body()))
        for id in (made["id"], number)
    )
    assert large.size == (512, 512)
    again = large.convert("RGB").reduce(2)
    assert np.abs(np.asarray(again, int) - np.asarray(small.convert("RGB"), int)).mean() < 8


def test_zoom_to_the_pixels_and_back(shown: Page):
    image = shown.locator("picture-view .stage > zoom-pane img")
    fitted = image.evaluate("image => image.style.transform")
    shown.get_by_role("button", name="Actual pixels").click()
    assert image.evaluate("image => image.getBoundingClientRect().width * devicePixelRatio === image.naturalWidth")
    shown.keyboard.press("0")
    assert image.evaluate("image => image.style.transform") == fitted


def test_remix_takes_the_settings_and_leaves_the_seed(shown: Page):
    shown.get_by_role("button", name="Remix").click()
    expect(shown.get_by_label("What to paint")).to_have_value("a 'blue' car")
    expect(shown.locator("seed-lock > button")).to_have_text("Seed")


def test_only_the_seed_is_taken(shown: Page):
    words = shown.get_by_label("What to paint").input_value()
    seed = shown.locator("recipe-card dd").filter(has_text=re.compile(r"^\d{6,}$")).inner_text()
    shown.get_by_role("button", name="Only the seed").click()
    expect(shown.locator("seed-lock > button")).to_have_text(seed)
    expect(shown.get_by_label("What to paint")).to_have_value(words)


def test_rating_with_the_mouse(shown: Page, address: str):
    with shown.expect_response(lambda answer: answer.request.method == "PATCH"):
        shown.get_by_role("button", name="Rate 4 of 5").click()
    expect(shown.get_by_role("button", name="Rate 4 of 5")).to_have_attribute("aria-pressed", "true")


def test_files_for_places_are_as_they_were_shown_and_moved(shown: Page):
    shown.get_by_role("button", name="Export").click()
    shown.get_by_role("button", name="For places").click()
    cards = {name: shown.locator("export-card").filter(has=shown.get_by_text(name, exact=True)) for name in PLACES}
    for name, wanted in PLACES.items():
        cards[name].get_by_role("checkbox").set_checked(wanted)
    link, story = cards["link"], cards["story"]
    link.get_by_role("button", name="Crop").click()
    expect(link.get_by_role("button", name="Crop")).to_have_attribute("aria-pressed", "true")
    link.get_by_role("group", name="What is kept").press("+")
    link.get_by_role("group", name="What is kept").press("ArrowDown")
    story.get_by_role("button", name="Extend").click()
    expect(link).to_contain_text("kB")
    expect(story).to_contain_text("its ground goes on")
    with (
        shown.expect_request(lambda asked: asked.url.endswith("/exports")) as asked,
        shown.expect_download() as waiting,
    ):
        shown.get_by_role("button", name="Download 2 files as one zip").click()
    (wanted,) = asked.value.post_data_json["sets"]
    with zipfile.ZipFile(Path(waiting.value.path())) as zipped:
        (made,) = json.loads(zipped.read("manifest.json"))["sets"]
        files = {one["for"]: one for one in made["files"]}
        assert files["link"]["way"] == "crop" and files["story"]["way"] == "extend"
        left, top, right, bottom = wanted["boxes"]["link"]
        assert files["link"]["cut"] == {"left": left, "top": top, "right": 256 - right, "bottom": 256 - bottom}
        assert right - left < 256 and f"{files['link']['bytes'] / 1000:.0f} kB" in link.inner_text()
        images = [name for name in zipped.namelist() if not name.endswith(".json")]
        assert {Image.open(io.BytesIO(zipped.read(name))).size for name in images} == {(1200, 630), (1080, 1920)}


PLACES = {"link": True, "story": True, "blog": False, "instagram": False}


def test_a_file_is_exported_as_it_was_measured(shown: Page):
    shown.get_by_role("button", name="Export").click()
    shown.get_by_label("WEBP").check()
    shown.get_by_label("Quality").fill("40")
    shown.get_by_label("Nothing").check()
    told = shown.locator("export-view").get_by_role("status")
    shown.wait_for_timeout(400)
    expect(told).to_contain_text("kB")
    with shown.expect_download() as waiting:
        shown.get_by_role("button", name="Download").click()
    data = Path(waiting.value.path()).read_bytes()
    assert f"The file has {len(data) / 1000:.0f} kB" in told.inner_text()
    assert Image.open(io.BytesIO(data)).format == "WEBP"
    assert exports.read(data).recipe is None


def drag(page: Page, *points: tuple[float, float]) -> None:
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=6)
    page.mouse.up()


def saved_mask(page: Page) -> np.ndarray:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the mask").click()
    return np.asarray(Image.open(Path(waiting.value.path())).convert("L"))


def test_a_mask_has_the_pictures_size_and_can_be_undone(shown: Page):
    shown.get_by_role("button", name="Edit", exact=True).click()
    expect(shown.get_by_text("Nothing is marked yet")).to_be_visible()
    box = shown.locator("mask-pane img").bounding_box()
    assert box is not None
    at = lambda x, y: (box["x"] + box["width"] * x, box["y"] + box["height"] * y)  # noqa: E731
    shown.keyboard.press("m")
    drag(shown, at(0.25, 0.25), at(0.5, 0.75))
    mask = saved_mask(shown)
    assert mask.shape == (256, 256)
    marked = np.argwhere(mask == 255)
    assert np.abs(marked.min(0) - [64, 64]).max() <= 1 and np.abs(marked.max(0) - [191, 127]).max() <= 1
    assert np.isin(mask, (0, 255)).mean() > 0.98
    shown.keyboard.press("b")
    drag(shown, at(0.8, 0.2), at(0.8, 0.8))
    assert (saved_mask(shown) > mask).sum() > 1000
    shown.keyboard.press("Control+z")
    assert np.array_equal(saved_mask(shown), mask)
    shown.keyboard.press("Control+Shift+z")
    assert (saved_mask(shown) > mask).sum() > 1000
    shown.keyboard.press("Control+z")
    shown.keyboard.press("i")
    assert np.array_equal(saved_mask(shown), 255 - mask)
    shown.keyboard.press("e")
    drag(shown, at(0.8, 0.2), at(0.8, 0.8))
    assert (saved_mask(shown) < 255 - mask).sum() > 1000


def drop(page: Page, data: list[int]) -> None:
    """A file, onto the page."""
    page.evaluate(
        """data => {
            const carried = new DataTransfer();
            carried.items.add(new File([new Uint8Array(data)], 'car.png', { type: 'image/png' }));
            document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: carried, bubbles: true }));
        }""",
        data,
    )


def test_a_dropped_picture_says_its_settings_and_waits(shown: Page, address: str):
    data = list(file_of(shown, address))
    shown.keyboard.press("Escape")
    shown.get_by_label("What to paint").fill("something else")
    drop(shown, data)
    dialog = shown.get_by_role("dialog", name="What this picture says")
    expect(dialog).to_contain_text("a 'blue' car")
    expect(shown.get_by_label("What to paint")).to_have_value("something else")
    dialog.get_by_role("button", name="Use these settings").click()
    expect(shown.get_by_label("What to paint")).to_have_value("a 'blue' car")
    seed = (exports.read(bytes(data)).recipe or pytest.fail("no recipe")).seed
    expect(shown.locator("seed-lock > button")).to_have_text(str(seed))


def test_a_dropped_picture_is_changed_on_the_canvas(studio: Page):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(out, "PNG")
    drop(studio, list(out.getvalue()))
    dialog = studio.get_by_role("dialog", name="What this picture says")
    expect(dialog).to_contain_text("says nothing of how it was made")
    dialog.get_by_role("button", name="Edit this picture").click()
    expect(studio.locator("mask-pane img")).to_have_js_property("naturalWidth", 40)


def test_several_pictures_are_one_zip_with_a_manifest(studio: Page, paint: Callable[..., Locator]):
    tiles = paint("a pink flower", 2)
    for tile in tiles.all()[:2]:
        tile.click(modifiers=["Control"])
    studio.get_by_role("button", name="Export").click()
    with studio.expect_download() as waiting:
        studio.get_by_role("button", name="Download 2 as one zip").click()
    with zipfile.ZipFile(Path(waiting.value.path())) as zipped:
        told = json.loads(zipped.read("manifest.json"))["pictures"]
        assert len(told) == 2 and zipped.testzip() is None
        for one in told:
            recipe = exports.read(zipped.read(one["file"])).recipe
            assert recipe is not None and json.loads(recipe.model_dump_json()) == one["recipe"]
