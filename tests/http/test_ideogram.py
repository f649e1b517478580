"""What a program written for Ideogram's API asks, against a running server with Pocket."""

import io
import json
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image

from tests.http.pictures import SIDE, as_bytes, drawn, left_half
from tests.hurried import STEPS
from tests.servers import Server

V3 = "v1/ideogram-v3"
BLACK_LEFT = left_half(0, 255)
SMALL = BLACK_LEFT.resize((32, 32))


def answered(server: Server, path: str, **sent: Any) -> dict[str, Any]:
    answer = server.client.post(f"/ideogram/{path}", **sent)
    assert answer.status_code == 200, answer.text
    return answer.json()


def opened(said: dict[str, Any], number: int = 0) -> Image.Image:
    return Image.open(io.BytesIO(httpx2.get(said["data"][number]["url"]).content)).convert("RGBA")


def files(**pictures: Image.Image) -> dict[str, tuple[str, bytes, str]]:
    return {name: (f"{name}.png", as_bytes(image), "image/png") for name, image in pictures.items()}


def test_pictures_of_a_prompt(server: Server):
    asked = {"prompt": "a red apple", "aspect_ratio": "ASPECT_16_10", "seed": 5, "num_images": 2, "model": "V_2_TURBO"}
    said = answered(server, "generate", json={"image_request": {**asked, "style_type": "ANIME"}})
    assert [(one["seed"], one["resolution"], one["is_image_safe"]) for one in said["data"]] == [
        (5, "1280x800", True), (6, "1280x800", True)
    ]  # fmt: skip
    assert opened(said, 1).size == (1280, 800)
    warnings = " ".join(said["warnings"])
    assert "style_type ANIME has no effect" in warnings
    assert "ideogram-v2-turbo" in warnings
    job = server.client.get("/api/v1/jobs", params={"limit": 1}).json()[0]
    assert job["recipes"][0]["steps"] == STEPS // 2  # half of the usual ones: turbo
    sized = {"prompt": "a", "resolution": "RESOLUTION_512_1536"}
    assert answered(server, "generate", json={"image_request": sized})["data"][0]["resolution"] == "512x1536"


def changed(image: Image.Image) -> np.ndarray:
    return (np.asarray(image) != np.asarray(drawn())).any(-1)


@pytest.mark.parametrize(
    ("path", "name"), [("edit", "image_file"), (f"{V3}/inpaint", "image"), (f"{V3}/edit", "image")]
)
def test_what_is_black_in_the_mask_is_painted(server: Server, path: str, name: str):
    data = {"prompt": "a red sun", "seed": "1"} | ({"rendering_speed": "TURBO"} if V3 in path else {})
    said = answered(server, path, data=data, files=files(**{name: drawn(), "mask": BLACK_LEFT}))
    where = changed(opened(said))
    assert not where[:, SIDE // 2 :].any()
    assert where[:, : SIDE // 2].mean() > 0.5


def test_a_remix_keeps_as_much_as_its_weight_says(server: Server):
    def remixed(weight: int) -> dict[str, Any]:
        asked = json.dumps({"prompt": "a red sun", "seed": 1, "image_weight": weight})
        return answered(server, "remix", data={"image_request": asked}, files=files(image_file=drawn()))

    near, far = (
        np.abs(np.asarray(opened(remixed(weight)), float) - np.asarray(drawn())).mean() for weight in (100, 10)
    )
    assert near == 0
    assert far > 10
    assert "keeps its size" in " ".join(remixed(100)["warnings"])
    v3 = answered(
        server, f"{V3}/remix", data={"prompt": "a", "image_weight": 100, "aspect_ratio": "1x1"},
        files=files(image=drawn()),
    )  # fmt: skip
    assert v3["data"][0]["resolution"] == "1024x1024"


def test_a_picture_is_reframed_and_a_thing_gets_another_ground(server: Server):
    said = answered(server, f"{V3}/reframe", data={"resolution": "1024x512"}, files=files(image=drawn()))
    assert opened(said).size == (1024, 512)
    said = answered(server, "reframe", data={"resolution": "RESOLUTION_512_1536"}, files=files(image_file=drawn()))
    assert opened(said).size == (512, 1536)
    thing = Image.new("RGBA", (SIDE, SIDE))
    thing.paste("red", (20, 20, 44, 44))
    said = answered(server, f"{V3}/replace-background", data={"prompt": "a green meadow"}, files=files(image=thing))
    assert opened(said).crop((20, 20, 44, 44)).getcolors() == [(24 * 24, (255, 0, 0, 255))]


def test_version_3_generates_with_and_without_a_ground(server: Server):
    data = {"prompt": "a red apple", "aspect_ratio": "2x1", "rendering_speed": "FLASH", "seed": 1}
    form = {name: (None, str(value)) for name, value in data.items()}
    assert answered(server, f"{V3}/generate", files=form)["data"][0]["resolution"] == "1408x704"
    clear = opened(answered(server, f"{V3}/generate-transparent", files=form | {"aspect_ratio": (None, "1x1")}))
    assert clear.getchannel("A").getextrema()[0] == 0


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("generate", {"json": {"prompt": "a"}}, "image_request"),
    ("generate", {"json": {"image_request": {"prompt": ""}}}, "prompt is empty"),
    ("generate", {"json": {"image_request": {"prompt": "a", "resolution": "RESOLUTION_1000_1000"}}}, "77 more"),
    ("generate", {"json": {"image_request": {"prompt": "a", "color_palette": {}}}}, "color_palette"),
    ("generate", {"json": {"image_request": {"prompt": "a", "aspect_ratio": "ASPECT_5_7"}}}, "none of theirs"),
    ("generate", {"json": {"image_request": {"prompt": "a", "aspect_ratio": "ASPECT_1_1",
                                             "resolution": "RESOLUTION_512_1536"}}}, "exclude each other"),
    ("edit", {"json": {}}, "multipart/form-data"),
    ("edit", {"data": {"prompt": "a"}, "files": files(image_file=drawn())}, "mask: send"),
    ("edit", {"data": {"prompt": "a"}, "files": files(image_file=drawn(), mask=SMALL)}, "same size"),
    ("edit", {"data": {"prompt": "a"}, "files": {"image_file": b"<svg/>", "mask": b""}}, "image cannot be read"),
    ("remix", {"data": {"image_request": "{"}, "files": files(image_file=drawn())}, "image_request"),
    (f"{V3}/remix", {"data": {"prompt": "a", "style_codes": "x"}, "files": files(image=drawn())}, "style_codes"),
    (f"{V3}/generate", {"data": {"prompt": "a"}, "files": files(style_reference_images=drawn())}, "style_reference"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "sent", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_is_refused(server: Server, path: str, sent: dict[str, Any], said: str):
    answer = server.client.post(f"/ideogram/{path}", **sent)
    assert (answer.status_code, said in answer.json()["error"]) == (400, True), answer.text
