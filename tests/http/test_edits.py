"""Pictures that come in, orders that begin with them, and what is made of pictures that are there."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.http.pictures import SIDE, as_bytes, drawn, left_half, opened_bytes, with_alpha
from tests.servers import Server

QUICK: dict[str, Any] = {"steps": 2, "guidance": 1, "seed": 1}


def upload(server: Server, image: Image.Image) -> dict[str, Any]:
    answer = server.client.post("/api/v1/inputs", content=as_bytes(image), headers={"Content-Type": "image/png"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def opened(server: Server, path: str) -> Image.Image:
    return opened_bytes(server.client.get(path).content)


def painted(server: Server, path: str = "orders", **body: Any) -> dict[str, Any]:
    """The job of an order, done."""
    answer = server.client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    job = server.ended(answer.json()["id"])
    assert job["state"] == "done", job
    return job


def test_an_upload_is_its_pixels_alone_however_it_is_sent(server: Server):
    image, secret = drawn(), "a secret place"
    data = as_bytes(image.convert("RGB"), pnginfo=None, exif=_exif(secret))
    assert secret.encode() in data
    raw = server.client.post("/api/v1/inputs", content=data, headers={"Content-Type": "image/png"}).json()
    form = server.client.post("/api/v1/inputs", files={"file": ("../../x.py", data, "text/x-python")}).json()
    by_url = server.client.post("/api/v1/inputs", json={"url": f"{server.url}{raw['file']}"}).json()
    assert raw == form == by_url
    assert (raw["width"], raw["height"], raw["transparent"]) == (SIDE, SIDE, False)
    kept = server.client.get(raw["file"]).content
    assert secret.encode() not in kept
    assert Image.open(io.BytesIO(kept)).tobytes() == image.convert(Image.open(io.BytesIO(kept)).mode).tobytes()
    assert server.client.get(f"/api/v1/inputs/{raw['id']}").json() == raw


def _exif(text: str) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = text
    return exif


def test_a_picture_is_painted_anew_from_an_upload_and_from_the_library(server: Server):
    start = upload(server, drawn())["id"]
    first = painted(server, operation="image-to-image", prompt="a red apple", start=start, strength=0.5, **QUICK)
    assert first["recipes"][0]["start"] == start
    assert (first["pictures"][0]["width"], first["pictures"][0]["height"]) == (SIDE, SIDE)
    number = first["pictures"][0]["id"]
    second = painted(server, operation="image-to-image", prompt="a red apple", start=number, strength=0, **QUICK)
    images = [opened(server, job["pictures"][0]["file"]).tobytes() for job in (first, second)]
    assert images[0] == images[1] != drawn().tobytes()


POLARITIES: list[tuple[str | None, Callable[[], Image.Image]]] = [
    ("white", lambda: left_half(255, 0)),
    ("black", lambda: left_half(0, 255)),
    ("alpha", lambda: with_alpha(left_half(0, 255))),
    (None, lambda: with_alpha(left_half(0, 255))),
]


@pytest.mark.parametrize(("polarity", "mask"), POLARITIES, ids=lambda value: str(value)[:8])
@pytest.mark.parametrize("operation", ["inpaint", "erase"])
def test_only_what_the_mask_says_is_painted(
    server: Server, operation: str, polarity: str | None, mask: Callable[[], Image.Image]
):
    start, masked = upload(server, drawn())["id"], upload(server, mask())["id"]
    prompt = {"prompt": "" if operation == "erase" else "a sun"}
    job = painted(server, operation=operation, start=start, mask=masked, mask_polarity=polarity, **prompt, **QUICK)
    now, then = (np.asarray(image) for image in (opened(server, job["pictures"][0]["file"]), drawn()))
    changed = (now != then).any(-1)
    assert not changed[:, SIDE // 2 :].any()
    assert changed[:, : SIDE // 2].mean() > 0.5
    assert any("transparent is painted (inferred" in text for text in job["warnings"]) is (polarity is None)


def test_a_box_is_a_mask(server: Server):
    start = upload(server, drawn())["id"]
    job = painted(server, operation="inpaint", prompt="a sun", start=start, mask_box=[8, 8, 24, 24], **QUICK)
    now = np.asarray(opened(server, job["pictures"][0]["file"]))
    rows, columns = np.nonzero((now != np.asarray(drawn())).any(-1))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 23, 8, 23)


def test_a_page_grows_and_a_thing_gets_a_ground(server: Server):
    start = upload(server, drawn())["id"]
    wide = painted(server, operation="outpaint", prompt="a sun", start=start, margins=[16, 0, 16, 0], **QUICK)
    image = opened(server, wide["pictures"][0]["file"])
    assert image.size == (SIDE + 32, SIDE)
    assert image.crop((16, 0, 16 + SIDE, SIDE)).tobytes() == drawn().tobytes()
    thing = Image.new("RGBA", (SIDE, SIDE))
    thing.paste("red", (20, 20, 44, 44))
    scene = painted(server, operation="scene", prompt="a green meadow", start=upload(server, thing)["id"], **QUICK)
    image = opened(server, scene["pictures"][0]["file"])
    assert image.getchannel("A").getextrema() == (255, 255)
    assert image.crop((20, 20, 44, 44)).getcolors() == [(24 * 24, (255, 0, 0, 255))]


def test_variations_and_a_row_between(server: Server):
    seen = server.ended(server.order("a red apple")["id"])["pictures"][0]
    varied = painted(server, "orders/vary", picture=seen["id"], n=2, amount=0.2, seed=7)
    assert [one["recipe"]["toward"] for one in varied["pictures"]] == [
        {"seed": seed, "prompt": None, "share": 0.2} for seed in (7, 8)
    ]
    row = painted(server, "orders/between", prompt="a red apple", to="a blue car", n=3, width=64, height=64, **QUICK)
    assert [one["recipe"]["toward"]["share"] for one in row["pictures"]] == [0, 0.5, 1]


def test_finishing_steps_of_a_picture_leave_it_as_it_is(server: Server):
    seen = server.ended(server.order("a red apple")["id"])["pictures"][0]
    done = painted(server, f"pictures/{seen['id']}/finish", then=["upscale:2:plain", "crop:32x32+0+0"])
    made = done["pictures"][0]
    assert (made["width"], made["height"], made["recipe"]["prompt"]) == (32, 32, "a red apple")
    assert made["recipe"]["finish"] == ["upscale:2:plain", "crop:32x32+0+0"]
    again = painted(server, f"pictures/{seen['id']}/finish", then=["crop:64x64+0+0"])
    now, then = (opened(server, one["file"]).tobytes() for one in (again["pictures"][0], seen))
    assert now == then
    held = upload(server, drawn())["id"]
    answer = server.client.post(f"/api/v1/inputs/{held}/finish", json={"then": ["crop:8x8+0+0"]}).json()
    assert opened(server, answer["file"]).tobytes() == drawn().crop((0, 0, 8, 8)).tobytes()


def test_an_export_set_is_what_its_plan_says(server: Server):
    seen = server.ended(server.order("a red apple")["id"])["pictures"][0]
    names = {one["name"]: one for one in server.client.get("/api/v1/export-presets").json()}
    assert names["story"]["width"] == 1080
    body = {"presets": ["avatar", "x-header"], "fit": "crop", "format": "webp"}
    path = f"/api/v1/pictures/{seen['id']}"
    plan = server.client.post(f"{path}/export-plan", json=body).json()
    assert [(one["for"], one["way"]) for one in plan["files"]] == [("avatar", "whole"), ("x-header", "crop")]
    assert plan["files"][1]["box"][2] - plan["files"][1]["box"][0] == 64
    answer = server.client.post(f"{path}/export", json=body)
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        manifest = json.loads(zipped.read(zipped.namelist()[-1]))
        for said, planned in zip(manifest["files"], plan["files"], strict=True):
            image = Image.open(io.BytesIO(zipped.read(said["file"])))
            assert (said["file"], image.size) == (planned["file"], (planned["width"], planned["height"]))


def test_crops_chosen_by_hand_are_made_and_files_weighed_beforehand(server: Server):
    first, second = (server.ended(server.order("a red apple", seed=i)["id"])["pictures"][0]["id"] for i in (1, 2))
    body = {"presets": ["avatar", "story"], "boxes": {"avatar": [8, 4, 48, 44]}, "fits": {"story": "extend"}}
    plan = server.client.post(f"/api/v1/pictures/{first}/export-plan?measured=true", json=body).json()
    avatar, story = plan["files"]
    assert avatar["box"] == [8, 4, 48, 44] and "chosen by hand" in avatar["why"] and story["way"] == "extend"
    sets = {"sets": [{"picture": first, **body}, {"picture": second, "presets": ["avatar"], "format": "png"}]}
    answer = server.client.post("/api/v1/exports", json=sets)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        manifest = json.loads(zipped.read("manifest.json"))["sets"]
        assert [len(one["files"]) for one in manifest] == [2, 1]
        data = zipped.read(f"picture-{first}/{avatar['file']}")
        assert len(data) == avatar["bytes"] == manifest[0]["files"][0]["bytes"]
        assert f"picture-{second}/picture-{second}-avatar.png" in zipped.namelist()
    for boxes in ({"avatar": [8, 4, 48, 30]}, {"avatar": [8, 4, 80, 76]}, {"blog": [0, 0, 8, 8]}):
        answer = server.client.post(f"/api/v1/pictures/{first}/export-plan", json={**body, "boxes": boxes})
        assert answer.status_code == 422, boxes


def test_what_an_export_adds_is_painted_by_the_queue(server: Server):
    picture = painted(
        server, operation="image-to-image", prompt="a sun", start=upload(server, drawn())["id"], strength=0, **QUICK
    )["pictures"][0]["id"]
    body = {"presets": ["link"], "fit": "extend", "surround": "paint", "prompt": "a sun", "format": "png"}
    answer = server.client.post(f"/api/v1/pictures/{picture}/export", json=body)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        (said,) = json.loads(zipped.read(zipped.namelist()[-1]))["files"]
    assert (said["surround"], said["outside_changed_pixels"]) == ("paint", 0)


def test_operations_say_their_fields(server: Server):
    found = server.client.get("/api/v1/operations").json()
    known = {one["name"]: one for one in found["operations"]}
    assert {"margins", "start"} <= known["outpaint"]["order"]["properties"].keys()
    assert "mask" not in known["outpaint"]["order"]["properties"]
    assert "start" not in known["text-to-image"]["order"]["properties"]
    assert known["inpaint"]["masked"]
    assert known["scene"]["cut_out"]
    assert "cutout" in {one["name"] for one in found["steps"]}


NO_PICTURES: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 422, "empty"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "its content is not"),
    "gif": (as_bytes(drawn().convert("P"), "GIF"), 415, "its content is not"),
    "cut": (as_bytes(drawn())[:90], 422, "cut short"),
    "one": (as_bytes(Image.new("RGB", (1, 1))), 422, "at least 8"),
    "thin": (as_bytes(Image.new("L", (1, 30_000))), 422, "at least 8"),
    "bomb": (as_bytes(Image.new("1", (30_000, 30_000))), 422, "million are read"),
}


@pytest.mark.parametrize(("data", "status", "said"), NO_PICTURES.values(), ids=NO_PICTURES)
def test_what_is_no_picture_is_refused(server: Server, data: bytes, status: int, said: str):
    for sent in ({"content": data, "headers": {"Content-Type": "image/png"}}, {"files": {"file": ("a.png", data)}}):
        answer = server.client.post("/api/v1/inputs", **sent)
        assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text


WRONG: list[tuple[str, dict[str, Any], int, str]] = [
    ("orders", {"prompt": "a", "operation": "image-to-image"}, 422, "begins with a picture"),
    ("orders", {"prompt": "a", "operation": "image-to-image", "start": "0" * 64}, 422, "not kept here"),
    ("orders", {"prompt": "a", "operation": "image-to-image", "start": "../../etc/passwd"}, 422, "start"),
    ("orders", {"prompt": "a", "operation": "image-to-image", "start": 999_999}, 404, "no picture"),
    ("orders", {"prompt": "a", "operation": "outpainting", "start": None}, 422, "did you mean 'outpaint'"),
    ("orders", {"prompt": "a", "mask_box": [0, 0, 9, 9]}, 422, "a mask is of a picture"),
    ("orders/vary", {"picture": 999_999}, 404, "no picture"),
    ("orders/between", {"prompt": "a"}, 422, "where the row ends"),
    ("pictures/999999/finish", {"then": ["cutout"]}, 404, "no picture"),
    ("pictures/999999/export", {"presets": ["blog"]}, 404, "no picture"),
    ("inputs", {"url": "http://169.254.169.254/latest"}, 422, "private"),
    ("inputs", {"url": "http://localhost:1/x.png"}, 422, "private"),
    ("inputs", {"url": "file:///etc/passwd"}, 422, "not fetched"),
    ("inputs", {"uri": "x"}, 422, "url"),
]


@pytest.mark.parametrize(("path", "body", "status", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_is_refused_with_what_to_do(
    server: Server, path: str, body: dict[str, Any], status: int, said: str
):
    answer = server.client.post(f"/api/v1/{path}", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert said in answer.json()["detail"]


def test_a_mask_of_another_size_is_refused(server: Server):
    start, mask = upload(server, drawn())["id"], upload(server, Image.new("L", (32, 32), 255))["id"]
    body = {"operation": "inpaint", "prompt": "a", "start": start, "mask": mask}
    answer = server.client.post("/api/v1/orders", json=body)
    assert (answer.status_code, "make it the same size" in answer.json()["detail"]) == (422, True)
