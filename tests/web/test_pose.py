"""The pose tool: a skeleton begins with the people of a photograph, and a model that is here is asked to follow it."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from standins import SOMEBODY

from tests.steerable import NAME, pretend, served

pytest.importorskip("ai_edge_litert")
SIDE = 128


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("posed")
    pretend(home)
    server = served(home)
    yield server.url.rstrip("/") + "/"
    assert server.stop() in {0, -15}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Of twice the size of what is on the canvas."""
    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (2 * SIDE, 2 * SIDE, 3), np.uint8)).save(path)
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
    choosing.value.set_files(photo)
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
    assert np.asarray(Image.open(io.BytesIO(seen)).convert("RGB")).any()
