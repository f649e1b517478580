"""Pictures changed by the official client, unmodified, against a running server with Pocket."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import httpx2
import numpy as np
import openai
import pytest
from PIL import Image

from tests.http.pictures import SIDE, as_bytes, drawn, left_half, opened_bytes, with_alpha
from tests.servers import Server

QUICK: dict[str, Any] = {"extra_body": {"steps": 2, "seed": 5, "guidance": 1}}


@pytest.fixture
def client(server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as made:
        yield made


def given(found: Any) -> Image.Image:
    return opened_bytes(base64.b64decode(found.data[0].b64_json))


def file(image: Image.Image, name: str = "a.png") -> tuple[str, bytes, str]:
    return name, as_bytes(image), "image/png"


CLEAR_LEFT = with_alpha(left_half(0, 255))


def test_only_what_is_transparent_in_the_mask_changes(client: openai.OpenAI):
    found = client.images.edit(image=[file(drawn())], mask=file(CLEAR_LEFT), prompt="a sun", n=2, **QUICK)
    assert (found.data is not None, found.size) == (True, "64x64")
    changed = (np.asarray(given(found)) != np.asarray(drawn())).any(-1)
    assert not changed[:, SIDE // 2 :].any()
    assert changed[:, : SIDE // 2].mean() > 0.5
    assert found.model_extra is not None
    assert found.model_extra["seeds"] == [5, 6]


def test_without_a_mask_all_of_it_may_change_by_its_strength(client: openai.OpenAI):
    image = file(drawn())
    body = {"extra_body": {**QUICK["extra_body"], "strength": 0}}
    same = client.images.edit(image=image, prompt="a sun", **body)
    assert given(same).tobytes() == drawn().tobytes()
    other = client.images.edit(image=image, prompt="a sun", size="128x64", input_fidelity="high", **QUICK)
    assert given(other).size == (128, 64)
    warnings = " ".join((other.model_extra or {})["warnings"])
    assert "another shape" in warnings
    assert "input_fidelity has no effect" in warnings


def test_the_json_form_names_pictures_by_file_and_by_url(server: Server, client: openai.OpenAI):
    kept = client.files.create(file=file(drawn()), purpose="vision")
    assert (kept.id.startswith("file-"), kept.purpose, kept.bytes) == (True, "vision", len(as_bytes(drawn())))
    mask = "data:image/png;base64," + base64.b64encode(as_bytes(CLEAR_LEFT)).decode()
    body = {"images": [{"file_id": kept.id}], "mask": {"image_url": mask}, "prompt": "a sun", **QUICK["extra_body"]}
    by_json = server.client.post("/v1/images/edits", json=body).json()
    by_form = client.images.edit(image=file(drawn()), mask=file(CLEAR_LEFT), prompt="a sun", **QUICK)
    assert by_form.data is not None
    assert by_json["data"][0]["b64_json"] == by_form.data[0].b64_json
    body["images"] = [{"image_url": f"{server.url}/v1/files/{kept.id}/content"}]
    assert server.client.post("/v1/images/edits", json=body).json()["data"] == by_json["data"]
    assert client.files.content(kept.id).read() == as_bytes(drawn())
    assert kept.id in [one.id for one in client.files.list(purpose="vision")]
    assert client.files.delete(kept.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(kept.id)


def test_links_and_partial_pictures_of_edits(client: openai.OpenAI):
    found = client.images.edit(image=file(drawn()), prompt="a sun", response_format="url", **QUICK)
    assert found.data is not None
    assert Image.open(io.BytesIO(httpx2.get(str(found.data[0].url)).content)).size == (SIDE, SIDE)
    body = {"extra_body": {"steps": 60, "strength": 1}}
    events = list(client.images.edit(image=file(drawn()), prompt="a sun", stream=True, partial_images=2, **body))
    kinds = [event.type for event in events]
    assert kinds == ["image_edit.partial_image"] * (len(kinds) - 1) + ["image_edit.completed"]
    assert len(kinds) > 1


def test_backgrounds_of_edits(client: openai.OpenAI):
    seen = client.images.edit(image=file(with_alpha(left_half(0, 255))), prompt="a", background="opaque", **QUICK)
    assert given(seen).getchannel("A").getextrema() == (255, 255)
    with pytest.raises(openai.BadRequestError, match="sfumato pull"):
        client.images.edit(image=file(drawn()), prompt="a", background="transparent", **QUICK)


def test_errors_are_the_clients_own(server: Server, client: openai.OpenAI):
    image = file(drawn())
    for wrong, said in [
        ({"image": [image, image]}, "only one picture"),
        ({"mask": file(drawn())}, "nothing in the mask is transparent"),
        ({"mask": file(CLEAR_LEFT.resize((32, 32)))}, "make it the same size"),
        ({"image": ("a.png", b"<svg/>", "image/png")}, "image cannot be read"),
        ({"image": file(Image.new("RGB", (1, 1)))}, "at least 8"),
        ({"prompt": ""}, "prompt is empty"),
        ({"n": 11}, "n:"),
        ({"extra_body": {"colour": "red"}}, "colour"),
        ({"extra_body": {"strength": 2}}, "strength"),
    ]:
        with pytest.raises(openai.BadRequestError) as raised:
            client.images.edit(**{"image": image, "prompt": "a sun", **wrong})
        assert said in raised.value.message
        assert raised.value.type == "invalid_request_error"
    for url, said in [
        ("http://169.254.169.254/x", "private"), ("file:///etc/passwd", "not fetched"), ("data:,x", "base64"),
        (f"{server.url}/v1/models", "no picture here"), ("AAAA", "its content is not"),
    ]:  # fmt: skip
        answer = server.client.post("/v1/images/edits", json={"images": [{"image_url": url}], "prompt": "a"})
        assert (answer.status_code, said in answer.json()["error"]["message"]) == (400, True), answer.text
