"""The pose tool: a skeleton begins with the people of a photograph, and a model that is here is asked to follow it."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from standins import SOMEBODY

from sfumato.controls.pose import drawn
from tests.steerable import NAME, photograph, pretend, serving

pytest.importorskip("ai_edge_litert")
SIDE = 128


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("posed")
    pretend(home)
    with serving(home) as server:
        yield server.url.rstrip("/") + "/"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Of twice the size of what is on the canvas."""
    path = tmp_path / "photo.png"
    photograph(2 * SIDE).save(path)
    return path


def test_a_skeleton_begins_with_a_photograph_and_is_ordered(studio: Page, address: str, photo: Path, tmp_path: Path):
    assert studio.request.patch(f"{address}api/v1/queue", data={"paused": True}).ok  # what is ordered is not painted
    page = tmp_path / "page.png"
    Image.new("RGB", (SIDE, SIDE), "lightgrey").save(page)
    sent = studio.request.post(f"{address}api/v1/inputs", data=page.read_bytes(), headers={"Content-Type": "image/png"})
    studio.goto(f"{address}#/canvas/{sent.json()['id']}")
    studio.locator('[data-way="pose"]').click()
    expect(studio.locator("canvas-form select")).to_have_value(NAME)
    studio.get_by_role("button", name="One more person").click()
    expect(studio.get_by_role("button", name="Nose")).to_have_count(2)
    with studio.expect_file_chooser() as choosing:
        studio.get_by_role("button", name="From a photograph").click()
    with studio.expect_response(re.compile("/people$")) as answered:
        choosing.value.set_files(photo)
    found = answered.value.json()
    expect(studio.get_by_role("button", name="Nose")).to_have_count(1)
    expect(studio.get_by_text("One person was found").first).to_be_visible()
    image = studio.locator("mask-pane img").bounding_box()
    joint = studio.get_by_role("button", name="Right wrist").bounding_box()
    assert image is not None and joint is not None
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
