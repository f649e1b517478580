"""The pose tool: a skeleton begins with the people of a photograph, and a model that is here paints what follows it."""

import io
import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, expect
from standins import SOMEBODY

from sfumato.controls.pose import drawn
from tests.steerable import NAME, NETWORK, furnish, photograph, pretend, serving

pytest.importorskip("ai_edge_litert")
SIDE, SMALL = 128, 64  # pixels; what is painted here is small


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("posed")
    (furnish if find_spec("diffusers") else pretend)(home)
    with serving(home) as server:
        yield server.url.rstrip("/") + "/"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Of twice the size of what is on the canvas."""
    path = tmp_path / "photo.png"
    photograph(2 * SIDE).save(path)
    return path


def test_a_skeleton_begins_with_a_photograph_and_is_ordered(studio: Page, address: str, photo: Path):
    assert studio.request.patch(f"{address}api/v1/queue", data={"paused": True}).ok  # what is ordered is not painted
    pose(studio, address, SIDE)
    studio.get_by_role("button", name="One more person").click()
    expect(studio.get_by_role("button", name="Nose")).to_have_count(2)
    with studio.expect_file_chooser() as choosing:
        studio.get_by_role("button", name="From a photograph").click()
    with studio.expect_response(re.compile("/people$")) as answered:
        choosing.value.set_files(photo)
    found = answered.value.json()
    expect(studio.get_by_role("button", name="Nose")).to_have_count(1)
    expect(studio.get_by_text("One person was found").first).to_be_visible()
    image, joint = box_of(studio.locator("mask-pane img")), box_of(studio.get_by_role("button", name="Right wrist"))
    across = (joint["x"] + joint["width"] / 2 - image["x"]) / image["width"]
    down = (joint["y"] + joint["height"] / 2 - image["y"]) / image["height"]
    assert np.abs(np.array([across, down]) - SOMEBODY[16]).max() < 0.01
    studio.get_by_label("Who is it, and where").fill("a dancer")
    with studio.expect_response(re.compile("/api/v1/orders$")) as ordered:
        studio.locator("canvas-form .main").click()
    (recipe,) = ordered.value.json()["recipes"]
    (control,) = recipe["controls"]
    assert (recipe["model"], control["kind"], recipe["width"]) == (NAME, "pose", SIDE)
    seen = studio.request.get(f"{address}api/v1/inputs/{control['picture']}/file").body()
    followed, *ours = (
        np.asarray(one.convert("RGB").reduce(4), int)  # browsers smooth edges, Pillow does not
        for one in (Image.open(io.BytesIO(seen)), drawn(halved(found, True)), drawn(halved(found, False)))
    )
    with_hands, without = (float(np.abs(followed - one).mean()) for one in ours)
    assert with_hands < 2 and with_hands < 0.8 * without, (with_hands, without)


def pose(studio: Page, address: str, side: int) -> None:
    """The pose tool over an empty page."""
    page = io.BytesIO()
    Image.new("RGB", (side, side), "lightgrey").save(page, "PNG")
    sent = studio.request.post(f"{address}api/v1/inputs", data=page.getvalue(), headers={"Content-Type": "image/png"})
    studio.goto(f"{address}#/canvas/{sent.json()['id']}")
    studio.locator('[data-way="pose"]').click()
    expect(studio.locator("canvas-form select")).to_have_value(NAME)


def box_of(one: Locator) -> FloatRect:
    box = one.bounding_box()
    assert box is not None
    return box


def drag(studio: Page, joint: str, x: float, y: float) -> None:
    """To a place of the picture, 0 to 1 each way."""
    image, box = box_of(studio.locator("mask-pane img")), box_of(studio.get_by_role("button", name=joint))
    studio.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    studio.mouse.down()
    studio.mouse.move(image["x"] + image["width"] * x, image["y"] + image["height"] * y, steps=4)
    studio.mouse.up()


def painted(studio: Page, address: str) -> tuple[dict[str, Any], np.ndarray]:
    """Press the button, and wait for what comes of it to be shown; its recipe and pixels. Then back to the skeleton."""
    results = studio.locator("canvas-results button[data-picture]")
    before = results.count()
    studio.get_by_role("button", name="Paint in this pose").click()
    expect(results).to_have_count(before + 1, timeout=120_000)
    shown = studio.locator("canvas-view before-after")
    for one in shown.locator("img").all():
        expect(one).to_have_js_property("naturalWidth", SMALL)  # the picture, and what it follows
    expect(shown.locator(".which.left")).to_have_text("Pose")
    expect(studio.get_by_role("button", name="Right wrist")).to_be_hidden()
    id = studio.locator('canvas-results [aria-pressed="true"]').get_attribute("data-picture")
    recipe = studio.request.get(f"{address}api/v1/pictures/{id}").json()["recipe"]
    pixels = np.asarray(Image.open(io.BytesIO(studio.request.get(f"{address}api/v1/pictures/{id}/file").body())))
    studio.get_by_role("button", name="The picture you are editing").click()
    return recipe, pixels


def test_who_drags_a_skeleton_has_another_picture_and_the_same_again_from_the_same(studio: Page, address: str):
    pytest.importorskip("diffusers")
    assert studio.request.patch(f"{address}api/v1/queue", data={"paused": False}).ok
    pose(studio, address, SMALL)
    studio.get_by_label("Who is it, and where").fill("a dancer")
    studio.locator("canvas-form seed-lock > button").click()
    studio.locator("canvas-form").get_by_label("The same seed each time").fill("4")
    studio.keyboard.press("Escape")
    drag(studio, "Right wrist", 0.2, 0.2)
    raised, first = painted(studio, address)
    (control,) = raised["controls"]
    assert (control["kind"], control["aid"], raised["seed"], raised["width"]) == ("pose", NETWORK, 4, SMALL)
    drag(studio, "Right wrist", 0.8, 0.9)
    lowered, second = painted(studio, address)
    assert {name for name in raised if raised[name] != lowered[name]} == {"controls"}
    assert first.shape == second.shape and (first != second).sum() > 50
    again, third = painted(studio, address)
    assert again == lowered and np.array_equal(third, second)
    studio.locator("canvas-results button[data-picture]").first.click()
    studio.get_by_role("button", name="Open", exact=True).click()
    expect(studio.locator("recipe-card")).to_contain_text("FollowsPose, 100 %")
    studio.get_by_role("button", name="curl").click()
    asked = re.search(r"--json '(.*)'$", studio.locator("recipe-card pre").inner_text())
    assert asked is not None
    planned = studio.request.post(f"{address}api/v1/plan", data=json.loads(asked[1])).json()["recipes"]
    assert planned == [again]
    studio.get_by_role("button", name="Use all").click()
    expect(studio.locator("steer-line")).to_contain_text("Follows: Pose")
    with studio.expect_response(re.compile("/api/v1/orders$")) as ordered:
        studio.get_by_label("What to paint").press("Control+Enter")
    assert ordered.value.json()["recipes"] == [again]
    studio.get_by_role("button", name="No longer: Follows: Pose").click()
    expect(studio.locator("steer-line")).to_be_hidden()


def halved(found: dict[str, Any], hands: bool) -> dict[str, Any]:
    """OpenPose's JSON at the size of what is on the canvas; hands: whether they are left in."""
    (person,) = found["people"]
    kept = {name: said for name, said in person.items() if hands or name.startswith("pose")}
    smaller = {name: [v if at % 3 == 2 else v / 2 for at, v in enumerate(said)] for name, said in kept.items()}
    return {"people": [smaller], "canvas_width": SIDE, "canvas_height": SIDE}


def test_hands_go_with_their_wrists(studio: Page, address: str):
    """Dragged and mirrored, and gone with a wrist that is out of sight."""
    told = studio.evaluate(
        """async () => {
            const { mirrored, read, written } = await import(new URL('data/pose.js', document.baseURI).href);
            const flat = (points, x, y) => Array.from({ length: points }, () => [x, y, 1]).flat();
            const said = { canvas_width: 100, canvas_height: 100, people: [
                { pose_keypoints_2d: flat(18, 40, 50), hand_right_keypoints_2d: flat(21, 30, 60) } ] };
            const [person] = read(JSON.stringify(said), 100, 100);
            const other = JSON.parse(written([mirrored(person, 100)], 100, 100)).people[0];
            person[4].seen = false;
            return [other, JSON.parse(written([person], 100, 100)).people[0]];
        }"""
    )
    assert told[0]["hand_left_keypoints_2d"] == [70, 60, 1] * 21 and "hand_right_keypoints_2d" not in told[0]
    assert set(told[1]) == {"pose_keypoints_2d"}
