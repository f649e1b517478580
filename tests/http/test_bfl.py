"""What a program written for Black Forest Labs' API asks, against a running server with Pocket."""

import base64
import hashlib
import hmac
import io
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image

from sfumato.http.bfl import models
from tests.http.pictures import SIDE, as_bytes, drawn, left_half, with_alpha
from tests.receivers import Receiver, receiving
from tests.servers import Server, hurried

DRAWN = base64.b64encode(as_bytes(drawn())).decode()
WHITE_LEFT = base64.b64encode(as_bytes(left_half(255, 0))).decode()
CLEAR_LEFT = base64.b64encode(as_bytes(with_alpha(left_half(0, 255)))).decode()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture(scope="module")
def bfl(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Server]:
    """One that may tell the receiver, and asks for a key as theirs does."""
    environment = {"SFUMATO_FETCH_ALLOW": json.dumps([receiver.place]), "SFUMATO_KEY": "k" * 20}
    server = Server(tmp_path_factory.mktemp("bfl"), environment=environment, begin=hurried)
    server.client.headers["x-key"] = "k" * 20
    yield server
    server.stop()


def asked(server: Server, model: str, **given: Any) -> dict[str, Any]:
    """The result of a task, once it is ready, polled as their client does."""
    answer = server.client.post(f"/bfl/v1/{model}", json={"prompt": "a red apple", "seed": 1, **given})
    assert answer.status_code == 200, answer.text
    polling, seen = answer.json()["polling_url"], set()
    for _ in range(600):
        now = server.client.get(polling).json()
        seen.add(now["status"])
        if now["status"] != "Pending":
            assert seen <= {"Pending", "Ready"}, now
            return now
        time.sleep(0.05)
    raise AssertionError(seen)


def opened(result: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(httpx2.get(result["result"]["sample"]).content))


def test_a_task_is_asked_for_and_asked_after(bfl: Server):
    done = asked(bfl, "flux-dev", width=256, height=320, steps=2, prompt_upsampling=False)
    assert (opened(done).format, opened(done).size) == ("JPEG", (256, 320))
    assert (done["progress"], done["result"]["seed"]) == (1.0, 1)
    assert done["result"]["duration"] > 0
    again = asked(bfl, "flux-dev", width=256, height=320, steps=2, output_format="png", safety_tolerance=6)
    assert opened(again).format == "PNG"
    assert "there is no safety checker here" in again["details"]["warnings"]
    gone = bfl.client.get("/bfl/v1/get_result", params={"id": "0" * 32})
    assert (gone.status_code, gone.json()["status"]) == (404, "Task not found")
    assert bfl.client.get("/bfl/v1/get_result", params={"id": "x"}, headers={"x-key": "no"}).status_code == 401


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("flux-pro-1.0-fill", {"image": DRAWN, "mask": WHITE_LEFT}),
    ("flux-pro-1.0-fill", {"image": CLEAR_LEFT}),
]


@pytest.mark.parametrize(("model", "given"), CHANGES, ids=["white", "transparent"])
def test_only_what_is_white_or_clear_is_filled(bfl: Server, model: str, given: dict[str, Any]):
    now = np.asarray(opened(asked(bfl, model, steps=15, output_format="png", **given)).convert("RGBA"))
    before = drawn() if "mask" in given else with_alpha(left_half(0, 255))
    changed = (now != np.asarray(before)).any(-1)
    assert not changed[:, SIDE // 2 :].any()
    assert changed[:, : SIDE // 2].any()


def test_a_picture_is_expanded_and_changed_by_words(bfl: Server):
    wide = opened(asked(bfl, "flux-pro-1.0-expand", image=DRAWN, left=16, right=16, steps=15, output_format="png"))
    assert wide.size == (SIDE + 32, SIDE)
    assert wide.convert("RGBA").crop((16, 0, 16 + SIDE, SIDE)).tobytes() == drawn().tobytes()
    assert opened(asked(bfl, "flux-kontext-pro", input_image=DRAWN)).size == (SIDE, SIDE)
    led = asked(bfl, "flux-pro-1.1-ultra", aspect_ratio="1:1", image_prompt=DRAWN, image_prompt_strength=1)
    assert opened(led).size == (1024, 1024)
    assert any("image_prompt is begun with" in text for text in led["details"]["warnings"])


@pytest.mark.parametrize("name", [model.name for model in models])
def test_every_model_is_described(server: Server, name: str):
    document = server.client.get("/openapi.json").json()
    body = document["paths"][f"/bfl/v1/{name}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    fields = document["components"]["schemas"][body["$ref"].rpartition("/")[2]]["properties"]
    assert {"prompt", "seed", "output_format", "webhook_url"} <= fields.keys()


def test_a_webhook_is_told_and_signed(bfl: Server, receiver: Receiver):
    task = {"webhook_url": receiver.url("/bfl"), "webhook_secret": "a secret of theirs"}
    done = asked(bfl, "flux-2-klein-4b", width=64, height=64, **task)
    (call,) = receiver.told("/bfl")
    assert (call.said["id"], call.said["status"]) == (done["id"], "Ready")
    sign = hmac.new(b"a secret of theirs", call.body.encode(), hashlib.sha256).hexdigest()
    assert call.headers["x-bfl-signature"] == f"sha256={sign}"
    assert "a secret of theirs" not in bfl.client.get("/api/v1/jobs").text + "".join(bfl.lines)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("flux-dev", {"steps": 51}, "steps"),
    ("flux-dev", {"width": 250}, "width"),
    ("flux-dev", {"colour": "red"}, "colour"),
    ("flux-dev", {"prompt": ""}, "prompt is empty"),
    ("flux-pro-1.1", {"image_prompt": "http://127.0.0.1:9/"}, "private"),
    ("flux-pro-1.0-fill", {"image": "AAAA"}, "image cannot be read"),
    ("flux-pro-1.0-fill", {"image": DRAWN}, "nothing in the mask is transparent"),
    ("flux-pro-1.0-expand", {"image": DRAWN}, "at least 1 pixel"),
    ("flux-kontext-max", {"input_image": DRAWN, "input_image_2": DRAWN}, "input_image_2"),
    ("flux-2-flex", {"width": 4096, "height": 4096}, "four megapixels"),
    ("flux-2-pro", {"width": 64}, "go together"),
]


@pytest.mark.parametrize(("model", "given", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_is_refused(server: Server, model: str, given: dict[str, Any], said: str):
    answer = server.client.post(f"/bfl/v1/{model}", json={"prompt": "a", **given})
    assert (answer.status_code, said in json.dumps(answer.json()["detail"])) == (422, True), answer.text
