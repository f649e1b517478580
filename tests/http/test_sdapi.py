"""webuiapi, unmodified, against a running server with Pocket."""

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import webuiapi

from sfumato import Order, Settings, Studio
from sfumato.core.job import Made
from sfumato.http.desk import Desk
from sfumato.http.hub import Hub
from sfumato.http.sdapi import Painting, answer
from tests.servers import Server

SMALL: dict[str, Any] = {"width": 64, "height": 64, "steps": 2, "seed": 5}


@pytest.fixture
def client(server: Server) -> webuiapi.WebUIApi:
    where = urlsplit(server.url)
    return webuiapi.WebUIApi(host=where.hostname, port=where.port)


def test_pictures_of_a_prompt(client: webuiapi.WebUIApi):
    found = client.txt2img(prompt="a red apple", negative_prompt="blue", batch_size=2, cfg_scale=3, **SMALL)
    assert [image.size for image in found.images] == [(64, 64)] * 2
    assert found.info["all_seeds"] == [5, 6]
    assert "Steps: 2" in found.info["infotexts"][0]
    assert found.images[0].tobytes() != found.images[1].tobytes()
    read = client.png_info(found.images[0])
    assert read.info is not None


def test_a_picture_says_how_it_was_made(server: Server):
    made = server.client.post("/sdapi/v1/txt2img", json={"prompt": "a sun", **SMALL}).json()
    read = server.client.post("/sdapi/v1/png-info", json={"image": made["images"][0]}).json()
    assert read["info"].startswith("a sun")
    assert read["parameters"]["seed"] == 5


def test_any_size_and_seed_minus_one(client: webuiapi.WebUIApi):
    found = client.txt2img(prompt="a sun", width=600, height=900, steps=1)
    assert found.image.size == (600, 900)
    assert any("painted at" in text for text in found.info["warnings"])
    assert found.info["seed"] >= 0


def test_what_clients_look_up(client: webuiapi.WebUIApi):
    assert {"Euler a", "DPM++ 2M", "DDIM"} <= {one["name"] for one in client.get_samplers()}
    assert "pocket" in [one["model_name"] for one in client.get_sd_models()]
    assert client.get_options()["sd_model_checkpoint"] == "pocket"
    assert client.get_schedulers()[0]["name"] == "automatic"
    assert {"None", "Lanczos", "drawing"} <= {one["name"] for one in client.get_upscalers()}
    assert "watercolour" in [one["name"] for one in client.get_prompt_styles()]
    assert client.get_memory()["ram"]["total"] > 0
    assert client.get_progress()["progress"] == 0


def test_interrupting_gives_what_is_finished_and_progress_says_how_far_it_is(client: webuiapi.WebUIApi):
    found: list[Any] = []
    slow = {**SMALL, "steps": 40}
    call = threading.Thread(target=lambda: found.append(client.txt2img(prompt="a sun", n_iter=40, **slow)))
    call.start()
    for _ in range(600):
        if (now := client.get_progress())["state"]["job_no"] >= 1:
            break
        time.sleep(0.05)
    assert 0 < now["progress"] < 1
    client.interrupt()
    call.join(30)
    assert 1 <= len(found[0].images) < 40


WRONG = [
    ({"sampler_name": "Nonsense"}, 404, "Sampler not found"),
    ({"scheduler": "nonsense"}, 404, "Scheduler not found"),
    ({"enable_hr": True}, 422, "enable_hr"),
    ({"restore_faces": True}, 422, "restore_faces"),
    ({"alwayson_scripts": {"x": {"args": ["/etc/passwd"]}}}, 422, "alwayson_scripts"),
    ({"override_settings": {"outdir_samples": "/"}}, 422, "outdir_samples"),
    ({"override_settings": {"sd_model_checkpoint": "../../x"}}, 422, "no model named"),
    ({"colour": "red"}, 422, "colour"),
    ({"steps": 0}, 422, "steps 0 is outside"),
    ({"width": 0}, 422, "size 0x512"),
    ({"prompt": ""}, 422, "empty"),
]


@pytest.mark.parametrize(("body", "status", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_is_refused(server: Server, body: dict[str, Any], status: int, said: str):
    answer = server.client.post("/sdapi/v1/txt2img", json={"prompt": "a", **body})
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text


def test_settings_cannot_be_changed(server: Server):
    for body in ({"sd_model_checkpoint": "x"}, {"outdir_samples": "/"}):
        assert server.client.post("/sdapi/v1/options", json=body).status_code == 422
    for bad in ("!!", "AAAA", "data:image/svg+xml;base64,PHN2Zy8+"):
        assert server.client.post("/sdapi/v1/png-info", json={"image": bad}).status_code == 422
    assert json.loads(server.client.get("/sdapi/v1/options").text) == {"sd_model_checkpoint": "pocket"}


def test_pictures_deleted_before_they_are_answered_with_are_left_out(tmp_path: Path):
    settings = Settings(home=tmp_path)
    studio = Studio(settings)
    job = studio.queue.submit(studio.plan(Order(prompt="an apple", seed=7)).recipes)
    ended = replace(job, state="done", made=(Made(number=0, picture=1, seconds=1.0),))
    said = answer(Desk(studio, Hub(studio.queue), settings), ended, Painting(prompt="an apple"))
    info = json.loads(said["info"])
    assert (said["images"], info["all_subseeds"], info["subseed"], info["seed"]) == ([], [], -1, 7)
