"""What a client of a Cog container asks, against a running server with Pocket."""

import base64
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.http.pictures import SIDE, as_bytes, drawn
from tests.receivers import Receiver, receiving
from tests.servers import Server, hurried

SMALL: dict[str, Any] = {"prompt": "a red apple", "num_inference_steps": 2, "megapixels": "0.25", "seed": 3}
DRAWN = "data:image/png;base64," + base64.b64encode(as_bytes(drawn())).decode()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture(scope="module")
def cog(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Server]:
    """One that may tell the receiver."""
    server = Server(
        tmp_path_factory.mktemp("cog"), environment={"SFUMATO_FETCH_ALLOW": json.dumps([receiver.place])}, begin=hurried
    )
    yield server
    server.stop()


def opened(url: str) -> Image.Image:
    head, _, data = url.partition(",")
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert head == f"data:image/{str(image.format).lower()};base64"
    return image


def test_an_answer_comes_when_it_is_done(server: Server):
    answer = server.client.post("/predictions", json={"input": {**SMALL, "num_outputs": 2}})
    said = answer.json()
    assert (answer.status_code, said["status"], said["error"]) == (200, "succeeded", None)
    assert [opened(url).size for url in said["output"]] == [(512, 512)] * 2
    assert said["metrics"]["predict_time"] > 0
    assert "Using seed: 3" in said["logs"]
    assert server.client.get("/health-check").json()["status"] == "READY"


def test_under_one_id_it_is_made_once(server: Server):
    body, path = {"input": {**SMALL, "num_inference_steps": 20}}, "/predictions/wjx3whax6rf4vphkegkhcvpv6a"
    begun = server.client.put(path, json=body, headers={"Prefer": "respond-async"})
    assert (begun.status_code, begun.json()["id"]) == (202, path.rpartition("/")[2])
    assert begun.json()["status"] in {"starting", "processing"}
    done, again = server.client.put(path, json=body).json(), server.client.put(path, json=body).json()
    assert done == again
    assert (done["status"], done["created_at"]) == ("succeeded", begun.json()["created_at"])
    assert server.client.put(path, json={"input": {**SMALL, "seed": 4}}).status_code == 422


def test_what_is_under_way_is_cancelled_by_its_id(server: Server):
    slow = {"input": {"prompt": "a", "num_inference_steps": 50, "num_outputs": 4}}
    found: list[dict[str, Any]] = []
    call = threading.Thread(target=lambda: found.append(server.client.put("/predictions/slow-one", json=slow).json()))
    call.start()
    for _ in range(200):
        if server.client.post("/predictions/slow-one/cancel").status_code == 200:
            break
    call.join(60)
    assert found[0]["status"] == "canceled"
    assert server.client.post("/predictions/slow-one/cancel").status_code == 404


def test_events_tell_of_it_as_it_goes(server: Server):
    with server.client.stream(
        "POST", "/predictions", json={"input": SMALL}, headers={"Accept": "text/event-stream"}
    ) as answer:
        lines = [line for line in answer.iter_lines() if line]
    events = [(kind.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
              for kind, data in zip(lines[::2], lines[1::2], strict=True)]  # fmt: skip
    kinds = [kind for kind, _ in events]
    assert (kinds.count("start"), kinds.count("output"), kinds[-1]) == (1, 1, "completed")
    assert "log" in kinds
    assert next(data for kind, data in events if kind == "output")["chunk"] == events[-1][1]["output"][0]


def test_a_picture_is_begun_with_by_data_and_by_url(cog: Server, receiver: Receiver):
    given = {"prompt": "a red apple", "seed": 1, "prompt_strength": 0, "num_inference_steps": 2, "output_format": "png"}
    said = cog.client.post("/predictions", json={"input": {**given, "image": DRAWN}}).json()
    assert opened(said["output"][0]).convert("RGBA").tobytes() == drawn().tobytes()
    assert said["input"]["image"].startswith(f"{cog.url}/api/v1/inputs/")  # not the data again
    again = cog.client.post("/predictions", json={"input": said["input"]}).json()
    assert (again["output"], opened(again["output"][0]).size) == (said["output"], (SIDE, SIDE))


def test_a_webhook_is_told(cog: Server, receiver: Receiver):
    url = receiver.url("/hook")
    body = {"input": SMALL, "webhook": url, "webhook_events_filter": ["completed"]}
    cog.client.put("/predictions/told", json=body, headers={"Prefer": "respond-async"})
    (call,) = receiver.told("/hook")
    assert (call.said["id"], call.said["status"]) == ("told", "succeeded")
    assert opened(call.said["output"][0]).size == (512, 512)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"input": {"prompt": ""}}, "prompt is empty"),
    ({"input": {}}, "prompt"),
    ({"input": {"prompt": "a", "colour": "red"}}, "colour"),
    ({"input": {"prompt": "a", "image": "http://127.0.0.1:9/x"}}, "image: '127.0.0.1' leads to a private address"),
    ({"input": {"prompt": "a", "image": "gs://bucket/x"}}, "image: 'gs://bucket/x' is not fetched"),
    ({"input": {"prompt": "a", "image": "data:image/png;base64,AAAA"}}, "image cannot be read"),
    ({"input": {"prompt": "a"}, "output_file_prefix": "http://x.example"}, "output_file_prefix"),
    ({"input": {"prompt": "a"}, "webhook": "http://127.0.0.1:9"}, "private"),
    ({"input": {"prompt": "a"}, "version": "x"}, "version"),
    ({"prompt": "a"}, "input"),
]


@pytest.mark.parametrize(("body", "said"), WRONG, ids=lambda value: str(value)[:50])
def test_what_cannot_be_is_refused(server: Server, body: dict[str, Any], said: str):
    answer = server.client.post("/predictions", json=body)
    assert (answer.status_code, said in answer.json()["detail"]) == (422, True), answer.text


def test_ids_that_are_none_are_refused(server: Server, tmp_path: Path):
    for id in ("a" * 129, "..%2fx", "a b"):
        assert server.client.put(f"/predictions/{id}", json={"input": SMALL}).status_code in {404, 422}
    assert server.client.put("/predictions/a", json={"input": SMALL, "id": "b"}).status_code == 422
