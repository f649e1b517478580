"""Long work beside painting: models come and go, LoRA are learned from what was sent, and a killed server goes on."""

import errno
import io
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sfumato import Settings, Studio, catalog
from sfumato.errands.runner import MOST_ATTEMPTS, Runner
from sfumato.errands.shelf import Shelf
from sfumato.testing import safetensors_file
from tests.fake_hub import Hub, serving
from tests.servers import Server

pytestmark = pytest.mark.timeout(300)  # each errand is a process of its own

NAME, OWN_LICENCE = "ssd-1b", "sdxl-turbo"
BESIDE = "control-pose-sd-1.5"
LARGE = "unet/diffusion_pytorch_model.safetensors"
FILES = {
    "model_index.json": b'{"_class_name": "StableDiffusionXLPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}',
    "unet/config.json": b"{}",
    LARGE: safetensors_file({"a": np.zeros(100_000, np.float32)}),
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    beside = tmp_path_factory.mktemp("beside")
    for name, data in zip(catalog.listed()[BESIDE].takes, (b"{}", FILES[LARGE]), strict=True):
        (beside / name).write_bytes(data)
    others = {catalog.listed()[BESIDE].repository or "": beside}
    with serving(Hub(folder, catalog.card(NAME).repository or "", beside=others)) as hub:
        yield hub


@pytest.fixture(scope="module")
def own(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("own"), environment={"HF_ENDPOINT": hub.url, "HF_TOKEN": ""})
    yield server
    server.stop()


def ended(server: Server, id: str, seconds: float = 280) -> dict[str, Any]:
    """An errand, once it has ended."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        errand = next(one for one in server.client.get("/api/v1/errands").json() if one["id"] == id)
        if errand["state"] not in {"waiting", "running"}:
            return errand
        time.sleep(0.1)
    raise AssertionError("it did not end")


def drawing(seed: int) -> bytes:
    """A ring somewhere, as a PNG file."""
    image, out = Image.new("RGBA", (80, 80)), io.BytesIO()
    x, y = np.random.default_rng(seed).integers(5, 30, 2)
    ImageDraw.Draw(image).ellipse((x, y, x + 40, y + 40), outline=(10, 160, 60, 255), width=7)
    image.save(out, "PNG")
    return out.getvalue()


def sent(n: int, ending: str = "png") -> list[Any]:
    return [("pictures", (f"ring {i}.{ending}", drawing(i), "image/png")) for i in range(n)]


def test_a_model_is_fetched_and_removed(own: Server):
    def here() -> list[str]:
        return own.client.get("/api/v1/choices").json()["models_here"]

    answer = own.client.post("/api/v1/errands/pull", json={"name": NAME})
    assert answer.status_code == 201, answer.text
    errand = ended(own, answer.json()["id"])
    assert (errand["state"], errand["reason"]) == ("done", None)
    assert NAME in here()
    assert own.client.delete(f"/api/v1/models/{NAME}").json() == {"name": NAME}
    assert NAME not in here()


def test_what_goes_beside_a_model_is_told_fetched_and_removed(own: Server):
    def told() -> dict[str, Any]:
        found = own.client.get("/api/v1/listings", params={"kind": "control"}).json()
        assert {one["kind"] for one in found} == {"control"}
        return next(one for one in found if one["name"] == BESIDE)

    listing = told()
    assert (listing["here"], listing["bytes"], listing["used"], listing["controls"]) == (False, 0, True, ["pose"])
    assert "sd-1.5" in listing["goes_with"]
    answer = own.client.post("/api/v1/errands/pull", json={"name": BESIDE})
    assert (answer.status_code, "--accept" in answer.json()["detail"]) == (422, True)
    answer = own.client.post("/api/v1/errands/pull", json={"name": BESIDE, "accept": True})
    assert answer.status_code == 201, answer.text
    errand = ended(own, answer.json()["id"])
    assert (errand["state"], errand["reason"]) == ("done", None)
    assert (told()["here"], told()["bytes"]) == (True, len(FILES[LARGE]) + len(b"{}"))
    assert own.client.delete(f"/api/v1/models/{BESIDE}").json() == {"name": BESIDE}
    assert (told()["here"], told()["bytes"]) == (False, 0)


def test_what_nothing_here_works_with_is_said_to_be_so(own: Server):
    films = own.client.get("/api/v1/listings", params={"kind": "video"}).json()
    assert films
    assert not any(one["used"] for one in films)
    assert own.client.get("/api/v1/listings", params={"kind": "sculpture"}).status_code == 422


def test_a_licence_of_its_own_has_to_be_accepted(own: Server):
    answer = own.client.post("/api/v1/errands/pull", json={"name": OWN_LICENCE})
    assert (answer.status_code, "licence" in answer.json()["detail"]) == (422, True)
    answer = own.client.post("/api/v1/errands/pull", json={"name": OWN_LICENCE, "accept": True})
    errand = ended(own, answer.json()["id"])
    assert errand["state"] == "failed"  # this hub does not have it
    assert "it is not for everyone" in errand["reason"]
    assert own.client.post(f"/api/v1/errands/{errand['id']}/retry").json()["state"] == "waiting"
    ended(own, errand["id"])
    assert own.client.delete(f"/api/v1/errands/{errand['id']}").status_code == 200
    assert errand["id"] not in {one["id"] for one in own.client.get("/api/v1/errands").json()}


@pytest.mark.parametrize("name", ["pocket", "no-such-model"])
def test_what_cannot_be_fetched_is_refused_at_once(own: Server, name: str):
    assert own.client.post("/api/v1/errands/pull", json={"name": name}).status_code == 422


def test_a_lora_is_learned_from_what_was_sent_and_painted_with(own: Server):
    pytest.importorskip("peft", reason="learning needs sfumato[torch]")
    wish = {"name": "rings", "steps": "3"}
    answer = own.client.post("/api/v1/errands/teach", data=wish, files=sent(4))
    assert answer.status_code == 201, answer.text
    errand = ended(own, answer.json()["id"])
    assert (errand["state"], errand["reason"]) == ("done", None)
    assert "rings style" in errand["result"]
    (lora,) = own.client.get("/api/v1/loras").json()
    assert (lora["name"], lora["trigger"], lora["pictures"]) == ("rings", "rings style", "4")
    job = own.ended(own.order("a ring, rings style", loras=["rings:0.5"])["id"])
    assert job["pictures"][0]["recipe"]["loras"][0]["weight"] == 0.5
    again = own.client.post("/api/v1/errands/teach", data=wish, files=sent(4))
    assert "is there already" in again.json()["detail"]
    assert own.client.delete("/api/v1/loras/rings").status_code == 200


def test_what_cannot_be_learned_from_is_refused_at_once(own: Server):
    pytest.importorskip("peft", reason="learning needs sfumato[torch]")
    for files, why in ((sent(2), "at least 3"), (sent(4, "txt"), "give png")):
        answer = own.client.post("/api/v1/errands/teach", data={"name": "few"}, files=files)
        assert (answer.status_code, why in answer.json()["detail"]) == (422, True), answer.text
    names = {one["name"] for one in own.client.get("/api/v1/errands").json()}
    assert "few" not in names


def test_a_lesson_that_is_cancelled_leaves_nothing(own: Server):
    pytest.importorskip("peft", reason="learning needs sfumato[torch]")
    id = own.client.post("/api/v1/errands/teach", data={"name": "long", "steps": "100000"}, files=sent(3)).json()["id"]
    assert own.client.post(f"/api/v1/errands/{id}/cancel").json()["state"] == "cancelled"
    assert own.client.post(f"/api/v1/errands/{id}/cancel").status_code == 409
    assert own.client.get("/api/v1/loras").json() == []


def test_looks_and_the_machine_are_told(own: Server):
    looks = {look["name"]: look["prompt"] for look in own.client.get("/api/v1/styles").json()}
    assert "{prompt}" in looks["watercolour"]
    machine, studio = own.client.get("/api/v1/machine").json(), Studio(Settings(home=own.home))
    assert machine["free"] > 0
    every = [*studio.models(), *studio.listings()]
    ways = {one.name: str(one.way(machine["memory"], machine["gpu"])) for one in every}
    assert machine["fits"] == {name: way for name, way in ways.items() if way != "None"} != ways
    assert own.client.get("/api/v1/weights").json()[0]["bytes"] > 0


@pytest.mark.parametrize(("attempts", "state"), [(1, "done"), (MOST_ATTEMPTS, "failed")])
def test_what_was_under_way_when_the_server_died_is_begun_again(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attempts: int, state: str
):
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("SFUMATO_HOME", str(tmp_path))
    shelf = Shelf(tmp_path / "errands")
    under_way = shelf.make("pull", NAME, {}).model_copy(update={"state": "running", "attempts": attempts})
    shelf.keep(under_way)
    runner = Runner(Studio(Settings(home=tmp_path)), shelf)
    runner.start()
    try:
        settled(shelf, under_way.id)
        assert shelf.get(under_way.id).state == state
    finally:
        runner.stop()


def test_a_process_that_cannot_begin_is_told_and_the_next_one_begins(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("SFUMATO_HOME", str(tmp_path))
    shelf, begin, left = Shelf(tmp_path / "errands"), subprocess.Popen, [1]

    def first_fails(*command: Any, **how: Any) -> Any:
        if left:
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")
        return begin(*command, **how)

    processes = SimpleNamespace(Popen=first_fails, PIPE=subprocess.PIPE)
    monkeypatch.setattr("sfumato.errands.runner.subprocess", processes)
    runner = Runner(Studio(Settings(home=tmp_path)), shelf)
    runner.start()
    try:
        errand = runner.begin("pull", NAME, {})
        settled(shelf, errand.id)
        assert shelf.get(errand.id).state == "failed" and "cannot begin" in (shelf.get(errand.id).reason or "")
        left.clear()
        runner.retry(errand.id)
        settled(shelf, errand.id)
        assert shelf.get(errand.id).state == "done"
    finally:
        runner.stop()


def settled(shelf: Shelf, id: str) -> None:
    give_up = time.monotonic() + 60
    while shelf.get(id).is_open and time.monotonic() < give_up:
        time.sleep(0.05)


def test_two_servers_of_one_home_do_nothing_twice(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("SFUMATO_HOME", str(tmp_path))
    shelf = Shelf(tmp_path / "errands")
    runner = Runner(Studio(Settings(home=tmp_path)), shelf)
    with shelf.held() as ours:
        assert ours
        runner.start()
        errand = runner.begin("pull", NAME, {})
        time.sleep(1)
        assert shelf.get(errand.id).attempts == 0
    try:
        settled(shelf, errand.id)
        assert (shelf.get(errand.id).state, shelf.get(errand.id).attempts) == ("done", 1)
    finally:
        runner.stop()
