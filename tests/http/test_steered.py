"""Painting by a pose over our own API: people are found in a photograph, and a model that follows them paints."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from standins import SOMEBODY

from sfumato.controls.pose import drawn
from tests.servers import Server
from tests.steerable import NAME, NETWORK, furnish, photograph, serving

pytest.importorskip("diffusers")
pytest.importorskip("ai_edge_litert")
SIDE = 64


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("steered")
    furnish(home)
    with serving(home) as server:
        yield server


def upload(server: Server, image: Image.Image) -> str:
    out = io.BytesIO()
    image.save(out, "PNG")
    answer = server.client.post("/api/v1/inputs", content=out.getvalue(), headers={"Content-Type": "image/png"})
    assert answer.status_code == 201
    return answer.json()["id"]


def painted(server: Server, *controls: str) -> tuple[dict[str, Any], bytes]:
    """The recipe, and the pixels."""
    order = {"model": NAME, "seed": 4, "steps": 3, "guidance": 5, "width": SIDE, "height": SIDE}
    job = server.ended(server.order("a dancer", **order, controls=list(controls))["id"])
    assert job["state"] == "done", job["reason"]
    (picture,) = job["pictures"]
    return picture["recipe"], Image.open(io.BytesIO(server.client.get(picture["file"]).content)).tobytes()


def test_a_pose_of_a_photograph_steers_the_picture_and_is_in_its_recipe(studio: Server):
    photo = upload(studio, photograph(SIDE))
    found = studio.client.post(f"/api/v1/inputs/{photo}/people").json()
    (person,) = found["people"]
    nose = person["pose_keypoints_2d"][:3]
    assert np.abs(np.array(nose) - [*SOMEBODY[0] * SIDE, 1]).max() < 0.1
    recipe, pixels = painted(studio, f"pose:{photo}:0.9")
    (control,) = recipe["controls"]
    assert (control["kind"], control["weight"], control["aid"]) == ("pose", 0.9, NETWORK)
    followed = Image.open(io.BytesIO(studio.client.get(f"/api/v1/inputs/{control['picture']}/file").content))
    assert followed.convert("RGB").tobytes() == drawn(found).tobytes()
    again, drawn_by_hand = painted(studio, f"pose:{upload(studio, drawn(found))}:0.9:ready")  # as the page sends it
    assert again["controls"] == recipe["controls"] and drawn_by_hand == pixels
    plain, other = painted(studio)
    assert plain["controls"] == [] and other != pixels
    found["people"][0]["pose_keypoints_2d"][3 * 4 : 3 * 4 + 2] = [5, 5]  # a wrist that was dragged
    _, dragged = painted(studio, f"pose:{upload(studio, drawn(found))}:0.9:ready")
    assert dragged not in (pixels, other)


def test_without_weights_the_answer_says_what_to_pull(server: Server):
    photo = upload(server, photograph(SIDE))
    answer = server.client.post(f"/api/v1/inputs/{photo}/people")
    assert answer.status_code == 422
    assert "sfumato pull pose" in answer.json()["detail"]
    assert server.client.post(f"/api/v1/inputs/{'0' * 64}/people").status_code == 404
