"""The canvas: what is marked is painted and nothing else, what is around a picture is painted, and both are shown."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, expect


@pytest.fixture
def canvas(studio: Page, address: str) -> Page:
    """The canvas of a picture of 128 pixels, of something in the middle of white."""
    order = {"prompt": "a red apple", "seed": 3, "steps": 4, "width": 128, "height": 128, "background": "white"}
    found = studio.request.get(f"{address}api/v1/pictures?text=a red apple&limit=1000").json()
    known = [one["id"] for one in found if one["recipe"]["seed"] == 3 and one["recipe"]["operation"] == "text-to-image"]
    if not known:
        job = studio.request.post(f"{address}api/v1/orders", data=order).json()
        expect(studio.locator('picture-tile[aria-label="a red apple, seed 3"]')).to_be_visible()
        known = [studio.request.get(f"{address}api/v1/jobs/{job['id']}").json()["pictures"][0]["id"]]
    studio.goto(f"{address}#/canvas/{known[0]}")
    expect(studio.locator("canvas-form select")).to_have_value("pocket")
    return studio


def choose(page: Page, way: str) -> None:
    page.locator(f'[data-way="{way}"]').click()


def box_of(image: Locator) -> FloatRect:
    box = image.bounding_box()
    assert box is not None
    return box


def drag(page: Page, *points: tuple[float, float]) -> None:
    """Along points of the picture, 0 to 1 each way."""
    box = box_of(page.locator("mask-pane img"))
    at = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for point in at[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


def painted(page: Page, address: str) -> tuple[np.ndarray, np.ndarray]:
    """Press the button, wait for the result to be shown; its pixels, and those before."""
    page.locator("canvas-form .main").click()
    badge = page.locator("kept-badge")
    expect(badge).to_be_visible(timeout=60_000)
    expect(page.locator("before-after")).to_be_visible()
    id = page.locator('canvas-results [aria-pressed="true"]').get_attribute("data-picture")
    files = (page.request.get(f"{address}api/v1/pictures/{id}/{what}").body() for what in ("file", "before"))
    after, before = (np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")) for data in files)
    return after, before


def test_what_is_marked_is_painted_and_nothing_else(canvas: Page, address: str):
    choose(canvas, "inpaint")
    canvas.keyboard.press("m")
    drag(canvas, (0.25, 0.25), (0.75, 0.75))
    expect(canvas.get_by_text("25 % marked")).to_be_visible()
    canvas.get_by_label("What should be there").fill("a blue fish")
    after, before = painted(canvas, address)
    expect(canvas.locator("kept-badge")).to_have_text("0 pixels changed outside the mask")
    changed = np.argwhere((after != before).any(-1))
    assert len(changed) > 1000
    assert changed.min() >= 31 and changed.max() <= 97
    slider = canvas.get_by_role("slider", name="Between before and after")
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuenow", "100")
    canvas.get_by_role("button", name="Go on with this").click()
    expect(canvas.get_by_text("Nothing is marked yet")).to_be_visible()


def test_erasing_asks_for_a_mask_and_lets_the_ground_go_on(canvas: Page, address: str):
    choose(canvas, "erase")
    canvas.locator("canvas-form .main").click()
    expect(canvas.get_by_role("alert")).to_have_text("Mark what should go first.")
    canvas.keyboard.press("i")
    canvas.keyboard.press("e")
    canvas.keyboard.press("[")
    drag(canvas, (0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.02))
    canvas.get_by_label("How much is painted anew").fill("0")
    after, before = painted(canvas, address)
    middle = slice(40, 88), slice(40, 88)
    assert before[middle].min() < 150 and after[middle].min() > 150
    canvas.goto(f"{address}#/queue")  # it has no words: it is called by what was done
    expect(canvas.get_by_role("link", name="Erased in part").first).to_be_visible()


def test_a_background_is_painted_behind_what_is_not_marked(canvas: Page, address: str):
    choose(canvas, "scene")
    canvas.keyboard.press("m")
    drag(canvas, (0, 0), (1, 0.3))
    canvas.get_by_label("What should be behind").fill("a green meadow")
    after, before = painted(canvas, address)
    assert before[5:30, 5:120, 3].max() == 0 and before[60:, :, 3].min() == 255
    assert after[..., 3].min() == 255 and np.array_equal(after[60:], before[60:])
    assert (after[5:30, 5:120, :3] != 255).any(-1).mean() > 0.5


def test_a_larger_page_is_drawn_with_its_frame(canvas: Page, address: str):
    choose(canvas, "outpaint")
    canvas.locator("canvas-form .main").click()
    expect(canvas.get_by_role("alert")).to_have_text("Drag the frame first, or choose a shape.")
    canvas.get_by_role("button", name="3:2").click()
    expect(canvas.locator("extend-frame")).to_contain_text("192 × 128")
    grip = canvas.locator('[data-grip="right"]')
    box, image = box_of(grip), box_of(canvas.locator("mask-pane img"))
    canvas.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    canvas.mouse.down()
    canvas.mouse.move(image["x"] + image["width"], image["y"] + 20, steps=4)
    canvas.mouse.up()
    expect(canvas.locator("extend-frame")).to_contain_text("160 × 128")
    canvas.locator('[data-grip="bottom"]').press("ArrowDown")
    expect(canvas.locator("extend-frame")).to_contain_text("160 × 144")
    after, before = painted(canvas, address)
    expect(canvas.locator("kept-badge")).to_have_text("0 pixels of the picture changed")
    assert after.shape == (144, 160, 4) and np.array_equal(after[:128, 32:], before[:128, 32:])
    assert before[:, :32, 3].max() == 0 and after[:, :32, 3].min() == 255


def test_two_fingers_zoom_and_draw_nothing(canvas: Page, paint: Callable[..., Locator]):
    choose(canvas, "inpaint")
    box = box_of(canvas.locator("mask-pane img"))
    canvas.evaluate(
        """([x, y]) => {
            const pane = document.querySelector('mask-pane');
            pane.setPointerCapture = () => {};
            const touch = (type, pointerId, dx) => pane.dispatchEvent(new PointerEvent(type, {
                pointerId, pointerType: 'touch', button: type === 'pointermove' ? -1 : 0, clientX: x + dx, clientY: y,
            }));
            touch('pointerdown', 7, -20); touch('pointermove', 7, -30);
            touch('pointerdown', 8, 20); touch('pointermove', 8, 90);
            touch('pointerup', 8, 90); touch('pointerup', 7, -30);
        }""",
        [box["x"] + 200, box["y"] + 200],
    )
    expect(canvas.get_by_text("Nothing is marked yet")).to_be_visible()
    assert box_of(canvas.locator("mask-pane img"))["width"] > 1.5 * box["width"]


def test_people_cannot_be_found_without_weights_and_the_page_says_where_they_are(canvas: Page):
    canvas.expected_complaints = 1  # the browser's own line about a 422
    choose(canvas, "pose")
    canvas.get_by_role("button", name="Find the people in this picture").click()
    expect(canvas.get_by_role("alert")).to_contain_text("sfumato pull pose")
    canvas.get_by_role("button", name="Fetch pose").click()
    expect(canvas.locator("small-list li").filter(has_text="finds people and their hands")).to_be_visible()


def test_a_pose_is_dragged_and_kept_as_openpose_has_it(canvas: Page, tmp_path: Path):
    choose(canvas, "pose")
    expect(canvas.get_by_role("alert")).to_contain_text("No model that is here follows a pose")
    expect(canvas.locator("canvas-form .main")).to_be_disabled()
    box, tools = box_of(canvas.get_by_role("button", name="Left ankle")), box_of(canvas.locator("pose-frame .tools"))
    assert box["y"] + box["height"] <= tools["y"]
    wrist, image = canvas.get_by_role("button", name="Right wrist"), box_of(canvas.locator("mask-pane img"))
    box = box_of(wrist)
    canvas.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    canvas.mouse.down()
    canvas.mouse.move(image["x"] + image["width"] / 4, image["y"] + image["height"] / 4, steps=4)
    canvas.mouse.up()
    wrist.press("ArrowDown")
    canvas.get_by_role("button", name="Left ear").press("Delete")
    with canvas.expect_download() as waiting:
        canvas.get_by_role("button", name="Save as OpenPose").click()
    text = Path(waiting.value.path()).read_text()
    said = json.loads(text)
    (person,) = said["people"]
    points = np.array(person["pose_keypoints_2d"]).reshape(18, 3)
    assert (said["canvas_width"], said["canvas_height"]) == (128, 128)
    assert np.abs(points[4] - [32, 33, 1]).max() <= 1
    assert points[17].tolist() == [0, 0, 0] and points[:17, 2].min() == 1
    canvas.get_by_role("button", name="One more person").click()
    expect(canvas.get_by_role("button", name="Nose")).to_have_count(2)
    (tmp_path / "pose.json").write_text(text)
    canvas.locator("pose-frame input[accept*=json]").set_input_files(tmp_path / "pose.json")
    expect(canvas.get_by_role("button", name="Nose")).to_have_count(1)
    unseen, eye = (box_of(canvas.get_by_role("button", name=f"Left {what}")) for what in ("ear", "eye"))
    assert 0 < unseen["x"] - eye["x"] < image["width"] / 10  # at hand, though it was nowhere
    drawn = canvas.evaluate(
        """async text => {
            const { drawn, read } = await import(new URL('data/pose.js', document.baseURI).href);
            return [...new Uint8Array(await (await drawn(read(text, 128, 128), 128, 128)).arrayBuffer())];
        }""",
        text,
    )
    image = np.asarray(Image.open(io.BytesIO(bytes(drawn))).convert("RGB"))
    x, y = points[4, :2].astype(int)
    assert image[y, x].tolist() == [170, 255, 0]  # OpenPose's fifth colour
    assert image[2, 2].tolist() == [0, 0, 0]
    canvas.get_by_role("button", name="Models that do").click()
    expect(canvas.locator("model-row").filter(has_text="Stable Diffusion 1.5").first).to_be_visible()
