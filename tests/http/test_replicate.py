"""The official client, unmodified, against a running server with Pocket."""

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import replicate
from PIL import Image
from replicate.exceptions import ReplicateError

from tests.http.pictures import SIDE, as_bytes, drawn, left_half
from tests.servers import Server

SCHNELL = {"prompt": "a red apple", "num_inference_steps": 2, "megapixels": "0.25", "seed": 3}


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that takes orders, and paints none."""
    server = Server(tmp_path_factory.mktemp("idle"), "--workers", "0")
    yield server
    server.stop()


@pytest.fixture
def client(server: Server) -> replicate.Client:
    return replicate.Client(api_token="none", base_url=f"{server.url}/replicate")


def opened(output: str) -> Image.Image:
    """The client gives links that are not https as they are."""
    return Image.open(io.BytesIO(httpx2.get(output).content))


def test_a_model_is_run_and_its_outputs_read(client: replicate.Client):
    outputs = client.run("black-forest-labs/flux-schnell", input={**SCHNELL, "num_outputs": 2, "aspect_ratio": "3:2"})
    images = [opened(output) for output in outputs]
    assert [(image.format, image.size) for image in images] == [("WEBP", (608, 416))] * 2
    assert images[0].tobytes() != images[1].tobytes()


CASES: list[tuple[str, dict[str, Any], tuple[int, int], str]] = [
    ("flux-dev", {"num_inference_steps": 2, "guidance": 2.5, "output_format": "jpg"}, (1024, 1024), "JPEG"),
    ("flux-1.1-pro", {"aspect_ratio": "custom", "width": 300, "height": 500}, (288, 512), "WEBP"),
    ("ideogram-v2", {"aspect_ratio": "16:10", "negative_prompt": "b"}, (1280, 800), "PNG"),
    ("stable-diffusion", {"width": 256, "height": 384, "scheduler": "K_EULER"}, (256, 384), "PNG"),
]
OWNERS = {"flux-dev": "black-forest-labs", "flux-1.1-pro": "black-forest-labs", "ideogram-v2": "ideogram-ai",
          "stable-diffusion": "stability-ai"}  # fmt: skip


@pytest.mark.parametrize(("name", "given", "size", "format"), CASES, ids=[case[0] for case in CASES])
def test_every_models_input_gives_its_size_and_format(
    client: replicate.Client, name: str, given: dict[str, Any], size: tuple[int, int], format: str
):
    output = client.run(f"{OWNERS[name]}/{name}", input={"prompt": "a", **given})
    single = name in {"flux-1.1-pro", "ideogram-v2"}
    assert isinstance(output, list) is not single
    image = opened(output if single else output[0])
    assert (image.size, image.format) == (size, format)


def test_a_prediction_goes_its_way_and_says_what_paints(client: replicate.Client):
    model = client.models.get("black-forest-labs/flux-schnell")
    assert model.latest_version is not None
    made = client.predictions.create(version=model.latest_version.id, input={**SCHNELL, "go_fast": True})
    assert made.status in {"starting", "processing"}
    made.wait()
    assert made.status == "succeeded"
    assert made.logs is not None
    for said in ("the usual model paints it", "go_fast has no effect", "Using seed: 3"):
        assert said in made.logs
    assert made.input == {**SCHNELL, "go_fast": True}
    assert made.id in [one.id for one in client.predictions.list().results]
    assert made.metrics is not None
    assert made.metrics["predict_time"] > 0


def test_waiting_for_an_answer(server: Server):
    path = "/replicate/v1/models/black-forest-labs/flux-schnell/predictions"
    waited = server.client.post(path, json={"input": SCHNELL}, headers={"Prefer": "wait=60"})
    assert (waited.status_code, waited.json()["status"]) == (201, "succeeded")
    slow = {"input": {"prompt": "a", "num_inference_steps": 50, "num_outputs": 4}}
    path = "/replicate/v1/models/black-forest-labs/flux-dev/predictions"
    before = server.order(n=200, steps=100)["id"]
    early = server.client.post(path, json=slow, headers={"Prefer": "wait=1"})
    assert (early.status_code, early.json()["output"]) == (202, None)
    server.client.post(f"/replicate/v1/predictions/{early.json()['id']}/cancel")
    server.client.post(f"/api/v1/jobs/{before}/cancel")
    assert server.client.post(path, json=slow, headers={"Prefer": "wait=99"}).status_code == 422


def test_cancelling(client: replicate.Client):
    made = client.models.predictions.create(
        "black-forest-labs/flux-dev", input={"prompt": "a", "num_inference_steps": 50, "num_outputs": 4}
    )
    made.cancel()
    made.wait()
    assert made.status == "canceled"


def test_what_nobody_began_in_time_is_aborted(server: Server):
    long = server.order(n=30, steps=50)["id"]
    path = "/replicate/v1/models/black-forest-labs/flux-schnell/predictions"
    body = {"input": SCHNELL}
    made = server.client.post(path, json=body, headers={"Cancel-After": "1s"}).json()
    server.client.post(f"/api/v1/jobs/{long}/pause")
    server.client.post(f"/api/v1/jobs/{long}/cancel")
    for _ in range(200):
        now = server.client.get(f"/replicate/v1/predictions/{made['id']}").json()
        if now["status"] not in {"starting", "processing"}:
            break
        time.sleep(0.1)
    assert now["status"] in {"aborted", "canceled", "succeeded"}
    assert server.client.post(path, json=body, headers={"Cancel-After": "soon"}).status_code == 422


def test_streaming(client: replicate.Client):
    made = client.models.predictions.create("black-forest-labs/flux-schnell", input={**SCHNELL, "num_outputs": 2})
    events = list(made.stream())
    assert [event.event.value for event in events if event.event.value == "output"] == ["output"] * 2
    assert events[-1].event.value == "done"
    assert httpx2.get(next(event.data for event in events if event.event.value == "output")).status_code == 200


WRONG = [
    ("black-forest-labs/flux-schnell", {"prompt": "a", "guidance": 3}, "guidance"),
    ("black-forest-labs/flux-schnell", {"prompt": "a", "num_inference_steps": 5}, "num_inference_steps"),
    ("black-forest-labs/flux-schnell", {}, "prompt"),
    ("black-forest-labs/flux-schnell", {"prompt": ""}, "prompt is empty"),
    ("black-forest-labs/flux-dev", {"prompt": "a", "image": "http://127.0.0.1/"}, "image: '127.0.0.1' leads to"),
    ("black-forest-labs/flux-dev", {"prompt": "a", "image": "data:,x"}, "image"),
    ("ideogram-ai/ideogram-v2", {"prompt": "a", "image": "data:,x"}, "both an image and a mask"),
    ("black-forest-labs/flux-1.1-pro", {"prompt": "a", "width": 512}, "custom"),
    ("stability-ai/stable-diffusion", {"width": 1024, "height": 1024}, "1024x768"),
    ("stability-ai/stable-diffusion", {"scheduler": "PNDM"}, "pndm"),
    ("ideogram-ai/ideogram-v2", {"prompt": "a", "resolution": "x"}, "resolution"),
]


@pytest.mark.parametrize(("name", "given", "said"), WRONG)
def test_what_cannot_be_is_refused(client: replicate.Client, name: str, given: dict[str, Any], said: str):
    with pytest.raises(ReplicateError) as raised:
        client.models.predictions.create(name, input=given)
    assert raised.value.status == 422
    assert said in str(raised.value.detail)


def test_other_models_are_not_known(client: replicate.Client):
    with pytest.raises(ReplicateError, match="no model"):
        client.models.get("someone/something")
    assert {model.name for model in client.models.list().results} >= {"flux-dev", "ideogram-v2"}


VERSIONS = [
    ("stability-ai/stable-diffusion:" + "ac732df8" * 8, None),
    ("ac732df8" * 8, None),
    ("stability-ai/stable-diffusion", None),
    ("stability-ai/stable-diffusion:" + "0" * 64, "is not here: its input is read as"),
]


@pytest.mark.parametrize(("version", "said"), VERSIONS, ids=lambda value: str(value)[:40])
def test_versions_of_theirs_are_known(idle: Server, version: str, said: str | None):
    body = {"version": version, "input": {"prompt": "a", "width": 256, "height": 256}}
    made = idle.client.post("/replicate/v1/predictions", json=body).json()
    assert made["model"] == "stability-ai/stable-diffusion"
    assert (said is None) or said in made["logs"]
    idle.client.post(f"/replicate/v1/predictions/{made['id']}/cancel")


@pytest.mark.parametrize("version", ["0" * 64, "", "someone/something", "\x00"])
def test_versions_that_are_nobodys_are_refused(idle: Server, version: str):
    answer = idle.client.post("/replicate/v1/predictions", json={"version": version, "input": {"prompt": "a"}})
    assert answer.status_code in {404, 422}
    assert "flux-dev" in answer.json()["detail"]


def test_a_list_goes_by_pages_there_and_back(idle: Server):
    client = replicate.Client(api_token="none", base_url=f"{idle.url}/replicate")
    path = "/replicate/v1/models/black-forest-labs/flux-schnell/predictions"
    made = [idle.client.post(path, json={"input": SCHNELL}).json() for _ in range(205)]
    newest_first = [one["id"] for one in reversed(made)]
    pages = [client.predictions.list()]
    while pages[-1].next:
        pages.append(client.predictions.list(pages[-1].next))
    assert [one.id for page in pages for one in page.results][:205] == newest_first
    assert [len(page.results) for page in pages[:2]] == [100, 100]
    assert pages[0].previous is None
    back = client.predictions.list(pages[2].previous)
    assert [one.id for one in back.results] == newest_first[100:200]
    first = client.predictions.list(back.previous)
    assert ([one.id for one in first.results], first.previous) == (newest_first[:100], None)
    since = {"created_after": made[200]["created_at"]}
    later = idle.client.get("/replicate/v1/predictions", params=since).json()["results"]
    assert [one["id"] for one in later] == newest_first[:5]
    before = idle.client.get("/replicate/v1/predictions", params={"created_before": made[200]["created_at"]}).json()
    assert before["results"][0]["id"] == newest_first[5]
    assert "created_before" in before["next"]
    assert idle.client.get("/replicate/v1/predictions", params={"source": "web"}).json()["results"] == []


def test_files_are_kept_until_they_are_deleted(client: replicate.Client, server: Server, tmp_path: Path):
    path = tmp_path / "dot.png"
    Image.new("RGB", (8, 8), "red").save(path)
    before = set((server.home / "files").glob("*"))
    kept = client.files.create(path, metadata={"from": "a test"})
    assert (kept.name, kept.content_type, kept.size) == ("dot.png", "image/png", path.stat().st_size)
    assert (kept.metadata, kept.expires_at is not None) == ({"from": "a test"}, True)
    assert client.files.get(kept.id).checksums == kept.checksums
    assert kept.id in [one.id for one in client.files.list()]
    assert httpx2.get(f"{kept.urls['get']}/download").content == path.read_bytes()
    assert client.files.delete(kept.id)
    with pytest.raises(ReplicateError, match="no file"):
        client.files.get(kept.id)
    assert set((server.home / "files").glob("*")) == before


def test_files_that_are_no_pictures_are_refused(client: replicate.Client):
    with pytest.raises(ReplicateError, match="cannot be read"):
        client.files.create(io.BytesIO(b"MZ not a picture"))


def test_a_picture_is_begun_with_however_the_client_sends_it(client: replicate.Client, tmp_path: Path):
    """The client puts a small file into the input as data, and by a large one's URL after it has uploaded it."""
    path = tmp_path / "start.png"
    drawn().save(path)
    given = {"prompt": "a", "prompt_strength": 0, "num_inference_steps": 2, "output_format": "png", "num_outputs": 2}
    ways: list[Any] = [path.open("rb"), client.files.create(path).urls["get"]]
    for way in ways:
        outputs = client.run("black-forest-labs/flux-dev", input={**given, "image": way})
        assert [opened(output).convert("RGBA").tobytes() for output in outputs] == [drawn().tobytes()] * 2
    made = client.models.predictions.create(
        "black-forest-labs/flux-dev", input={**given, "image": ways[1], "aspect_ratio": "16:9"}
    )
    made.cancel()
    assert "aspect_ratio has no effect beside image" in str(made.logs)


POLARITIES = [
    ("ideogram-ai/ideogram-v2", left_half(0, 255), {}),
    ("black-forest-labs/flux-fill-dev", left_half(255, 0), {"num_inference_steps": 2, "output_format": "png"}),
]


@pytest.mark.parametrize(("name", "mask", "given"), POLARITIES, ids=["black", "white"])
def test_each_model_means_its_masks_in_its_own_way(
    client: replicate.Client, name: str, mask: Image.Image, given: dict[str, Any]
):
    pictures = {"image": io.BytesIO(as_bytes(drawn())), "mask": io.BytesIO(as_bytes(mask.resize((32, 32))))}
    output = client.run(name, input={"prompt": "a red sun", "seed": 1, **pictures, **given})
    now = np.asarray(opened(output if isinstance(output, str) else output[0]).convert("RGBA"))
    changed = (now != np.asarray(drawn())).any(-1)
    assert not changed[:, SIDE // 2 + 2 :].any()  # the mask was brought to twice its size
    assert changed[:, : SIDE // 2 - 2].mean() > 0.5


def test_what_else_clients_look_up(server: Server, client: replicate.Client):
    for name in ("collections", "deployments", "trainings"):
        assert server.client.get(f"/replicate/v1/{name}").json()["results"] == []
    assert client.hardware.list()[0].sku == "local"
    found = server.client.request("QUERY", "/replicate/v1/models", content="ideogram").json()
    assert [one["name"] for one in found["results"]] == ["ideogram-v2"]
    answer = server.client.post("/replicate/v1/deployments/a/b/predictions", json={"input": {}})
    assert answer.status_code == 404
