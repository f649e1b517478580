"""webuiapi, unmodified, changing and enlarging pictures on a running server with Pocket."""

import base64
import io
import json
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import webuiapi
from PIL import Image

from tests.http.pictures import SIDE, as_bytes, drawn, left_half, with_alpha
from tests.servers import Server

SMALL: dict[str, Any] = {"width": SIDE, "height": SIDE, "steps": 2, "seed": 5, "cfg_scale": 1}


@pytest.fixture
def client(server: Server) -> webuiapi.WebUIApi:
    where = urlsplit(server.url)
    return webuiapi.WebUIApi(host=where.hostname, port=where.port)


def changed(image: Image.Image) -> np.ndarray:
    return (np.asarray(image.convert("RGBA")) != np.asarray(drawn())).any(-1)


MASKS: list[tuple[Image.Image, dict[str, Any]]] = [
    (left_half(255, 0), {}),
    (left_half(0, 255), {"inpainting_mask_invert": 1}),
    (with_alpha(left_half(255, 0)), {"inpainting_fill": 1}),
]


@pytest.mark.parametrize(("mask", "given"), MASKS, ids=["white", "inverted", "opaque"])
def test_only_what_the_mask_says_is_painted(client: webuiapi.WebUIApi, mask: Image.Image, given: dict[str, Any]):
    found = client.img2img(
        images=[drawn()], mask_image=mask, mask_blur=0, prompt="a sun", denoising_strength=0.9, **given, **SMALL
    )
    where = changed(found.image)
    assert not where[:, SIDE // 2 :].any()
    assert where[:, : SIDE // 2].mean() > 0.5
    assert (found.parameters["init_images"], found.parameters["mask"]) == (None, None)


def test_a_blurred_mask_reaches_a_little_further(client: webuiapi.WebUIApi):
    found = client.img2img(images=[drawn()], mask_image=left_half(255, 0), prompt="a sun", **SMALL)
    where = changed(found.image)
    assert where[:, SIDE // 2 : SIDE // 2 + 4].any()
    assert not where[:, SIDE // 2 + 16 :].any()


def test_what_is_under_the_mask_is_kept_or_filled(client: webuiapi.WebUIApi):
    page = Image.new("RGBA", (SIDE, SIDE), "white")
    page.paste("red", (16, 16, 48, 48))
    mask = Image.new("L", (SIDE, SIDE))
    mask.paste(255, (14, 14, 50, 50))
    reds = []
    for fill in (0, 1):
        found = client.img2img(
            images=[page], mask_image=mask, mask_blur=0, inpainting_fill=fill, denoising_strength=0, prompt="a", **SMALL
        )
        reds.append(found.image.convert("RGB").getpixel((32, 32)))
    assert reds == [(255, 255, 255), (255, 0, 0)]


def test_strength_size_and_ways_to_come_to_it(client: webuiapi.WebUIApi):
    wide = Image.new("RGBA", (2 * SIDE, SIDE), "white")
    wide.paste("red", (0, 0, 16, SIDE))
    corners = []
    for mode in (0, 1, 2):
        found = client.img2img(images=[wide], resize_mode=mode, denoising_strength=0, prompt="a", **SMALL)
        assert found.image.size == (SIDE, SIDE)
        corners.append([found.image.convert("RGB").getpixel(at) for at in ((2, 32), (2, 2))])
    red, white = (255, 0, 0), (255, 255, 255)
    assert corners == [[red, red], [white, white], [red, red]]
    found = client.img2img(images=[drawn()], batch_size=2, prompt="a sun", **SMALL)
    assert found.info["all_seeds"] == [5, 6]
    assert changed(found.image).mean() > 0.5


def test_subseeds_turn_the_noise(client: webuiapi.WebUIApi):
    def asked(strength: float) -> webuiapi.WebUIApiResult:
        return client.txt2img(prompt="a sun", subseed=9, subseed_strength=strength, n_iter=2, **SMALL)

    near = asked(0.3)
    assert (near.info["all_seeds"], near.info["all_subseeds"]) == ([5, 5], [9, 10])
    assert near.images[0].tobytes() != near.images[1].tobytes()
    other = client.txt2img(prompt="a sun", **{**SMALL, "seed": 9})
    assert asked(1).images[0].tobytes() == other.image.tobytes()


def test_styles_and_lora_in_the_prompt(server: Server, client: webuiapi.WebUIApi):
    found = client.txt2img(prompt="a sun", styles=["watercolour"], **SMALL)
    assert "watercolour" in found.info["infotexts"][0]
    body = {"prompt": "a sun <lora:../../x:1>", **SMALL}
    answer = server.client.post("/sdapi/v1/txt2img", json=body)
    assert (answer.status_code, "is no name for a LoRA" in answer.json()["detail"]) == (422, True), answer.text


def test_pictures_are_enlarged(client: webuiapi.WebUIApi):
    image = drawn().crop((0, 0, 20, 10))
    assert client.extra_single_image(image, upscaler_1="Lanczos", upscaling_resize=3).image.size == (60, 30)
    same = client.extra_single_image(image, upscaler_1="None").image
    assert same.convert("RGBA").tobytes() == image.tobytes()
    sized = {"resize_mode": 1, "upscaling_resize_w": 30, "upscaling_resize_h": 30, "upscaler_1": "Lanczos"}
    assert client.extra_single_image(image, **sized).image.size == (30, 30)
    assert client.extra_single_image(image, upscaling_crop=False, **sized).image.size == (60, 30)
    many = client.extra_batch_images([image, drawn()], upscaler_1="Lanczos", upscaling_resize=2)
    assert [one.size for one in many.images] == [(40, 20), (128, 128)]


def test_the_picture_under_way_is_shown_and_can_be_skipped(client: webuiapi.WebUIApi):
    found: list[Any] = []
    slow = {**SMALL, "steps": 100, "cfg_scale": 3, "width": 128, "height": 128}
    call = threading.Thread(target=lambda: found.append(client.txt2img(prompt="a sun", n_iter=3, **slow)))
    call.start()
    seen, skipped = None, False
    for _ in range(600):
        now = client.get_progress()
        seen = seen or now["current_image"]
        if seen and now["state"]["sampling_step"]:
            client.skip()
            skipped = True
            break
        time.sleep(0.02)
    call.join(60)
    assert skipped
    assert Image.open(io.BytesIO(base64.b64decode(str(seen)))).size == (256, 256)  # as the model paints it
    assert len(found[0].images) == 2


WRONG: list[tuple[str, dict[str, Any], int, str]] = [
    ("img2img", {"init_images": []}, 422, "one at a time"),
    ("img2img", {"init_images": ["x", "y"]}, 422, "one at a time"),
    ("img2img", {"init_images": ["!!!"]}, 422, "not base64"),
    ("img2img", {"init_images": ["data:image/svg+xml;base64,PHN2Zy8+"]}, 422, "its content is not"),
    ("img2img", {"init_images": ["http://127.0.0.1:1/x"]}, 422, "private"),
    ("img2img", {"denoising_strength": 1.5}, 422, "denoising_strength"),
    ("img2img", {"inpainting_fill": 2, "mask": "drawn"}, 422, "inpainting_fill"),
    ("img2img", {"latent_mask": "x"}, 422, "latent_mask"),
    ("img2img", {"initial_noise_multiplier": 1.1}, 422, "initial_noise_multiplier"),
    ("img2img", {"width": 0}, 422, "size 0x64"),
    ("img2img", {"styles": ["a", "b"]}, 422, "styles"),
    ("img2img", {"seed_resize_from_h": 64}, 422, "seed_resize_from_h"),
    ("extra-single-image", {"upscaler_1": "Nonsense"}, 404, "Upscaler not found"),
    ("extra-single-image", {"gfpgan_visibility": 1}, 422, "faces"),
    ("extra-single-image", {"upscaler_1": "drawing"}, 422, "sfumato pull"),
    ("extra-single-image", {"upscaling_resize": 9}, 422, "upscaling_resize"),
    ("extra-single-image", {"upscaler_2": "Lanczos", "extras_upscaler_2_visibility": 1}, 422, "upscaler_2"),
    ("interrogate", {"model": "clip"}, 422, "write the prompt"),
]


@pytest.mark.parametrize(("path", "body", "status", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_is_refused(server: Server, path: str, body: dict[str, Any], status: int, said: str):
    image = base64.b64encode(as_bytes(drawn())).decode()
    usual = {"image": image} if path != "img2img" else {"prompt": "a", "init_images": [image], **SMALL}
    asked = json.loads(json.dumps({**usual, **body}).replace('"drawn"', json.dumps(image)))
    answer = server.client.post(f"/sdapi/v1/{path}", json=asked)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
