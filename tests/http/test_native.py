"""Our own API, against a running server with Pocket."""

import io
import json
import time
from typing import Any

import pytest
from PIL import Image

from tests.servers import Server


def events(server: Server, job: str, **options: Any) -> list[tuple[str, dict[str, Any], str | None]]:
    """Everything until the job has ended: (event, data, id)."""
    found = []
    with server.client.stream("GET", f"/api/v1/jobs/{job}/events", **options) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for block in answer.read().decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "event" in fields:
                found.append((fields["event"], json.loads(fields["data"]), fields.get("id")))
    return found


def test_an_order_becomes_pictures(server: Server):
    job = server.order(n=2, seed=7)
    assert job["state"] == "queued"
    done = server.ended(job["id"])
    assert done["state"] == "done"
    assert [picture["recipe"]["seed"] for picture in done["pictures"]] == [7, 8]
    for picture in done["pictures"]:
        answer = server.client.get(picture["file"])
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert Image.open(io.BytesIO(answer.content)).size == (64, 64)
        assert Image.open(io.BytesIO(server.client.get(picture["thumbnail"]).content)).format == "WEBP"
    alone = server.ended(server.order(seed=8)["id"])
    first, second = (server.client.get(one["file"]).content for one in (done["pictures"][1], alone["pictures"][0]))
    assert first == second


@pytest.mark.parametrize(("format", "kind"), [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP")])
def test_a_picture_comes_in_every_format_and_without_metadata_if_wished(server: Server, format: str, kind: str):
    picture = server.ended(server.order(prompt="a secret word")["id"])["pictures"][0]
    full = server.client.get(picture["file"], params={"format": format})
    bare = server.client.get(picture["file"], params={"format": format, "metadata": "none"})
    assert Image.open(io.BytesIO(full.content)).format == kind
    assert b"secret" in full.content.replace(b"\0", b"")
    assert b"secret" not in bare.content.replace(b"\0", b"")


def test_every_event_is_told_in_order_and_can_be_read_again_from_any_point(server: Server):
    job = server.order(n=2, steps=2)
    told = events(server, job["id"], params={"previews": True})
    kept = [(kind, data.get("state")) for kind, data, id in told if id is not None]
    assert kept == [("state", "queued"), ("state", "running"), ("picture", None), ("picture", None), ("state", "done")]
    again = events(server, job["id"])
    assert [id for *_, id in again] == [id for *_, id in told if id is not None]
    since = events(server, job["id"], headers={"Last-Event-ID": str(again[2][2])})
    assert since == again[3:]


def test_one_key_is_one_job(server: Server):
    def order(key: str, prompt: str) -> Any:
        return server.client.post("/api/v1/orders", json={"prompt": prompt, "width": 64, "height": 64, "steps": 1},
                                  headers={"Idempotency-Key": key})  # fmt: skip

    first, second = order("one", "a star"), order("one", "a star")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
    other = order("one", "a moon")
    assert (other.status_code, other.headers["content-type"]) == (422, "application/problem+json")
    assert other.json()["type"] == "urn:sfumato:problem:idempotency-key-reused"


def test_jobs_are_cancelled_paused_resumed_and_retried(server: Server):
    job = server.order(n=50, steps=50)["id"]
    time.sleep(0.5)
    server.client.post(f"/api/v1/jobs/{job}/cancel")
    stopped = server.ended(job)
    assert stopped["state"] == "cancelled"
    assert len(stopped["pictures"]) < 50
    again = server.client.post(f"/api/v1/jobs/{job}/retry").json()
    assert again["state"] == "queued"
    server.client.post(f"/api/v1/jobs/{job}/pause")
    for _ in range(100):
        if (state := server.client.get(f"/api/v1/jobs/{job}").json()["state"]) == "paused":
            break
        time.sleep(0.05)
    assert state == "paused"
    assert server.client.post(f"/api/v1/jobs/{job}/resume").json()["state"] == "queued"
    server.client.post(f"/api/v1/jobs/{job}/cancel")
    assert server.ended(job)["state"] == "cancelled"
    done = server.ended(server.order()["id"])["id"]
    assert server.client.post(f"/api/v1/jobs/{done}/retry").status_code == 409


def test_pictures_are_tagged_rated_put_into_the_trash_and_found(server: Server):
    picture = server.ended(server.order(prompt="a very purple heart")["id"])["pictures"][0]
    path = f"/api/v1/pictures/{picture['id']}"

    def found(**filters: Any) -> list[int]:
        return [one["id"] for one in server.client.get("/api/v1/pictures", params=filters).json()]

    assert found(text="PURPLE very") == [picture["id"]]
    marked = server.client.patch(path, json={"tags": ["l'amour", "ü%_"], "rating": 4}).json()
    assert (marked["tags"], marked["rating"]) == (["l'amour", "ü%_"], 4)
    assert found(tag="ü%_", rating=4) == [picture["id"]]
    assert found(tag="ü%_", rating=5) == found(tag="%") == []
    assert server.client.patch(path, json={"trashed": True}).json()["trashed"] is not None
    assert found(tag="ü%_") == []
    assert found(tag="ü%_", trashed=True) == [picture["id"]]
    assert server.client.patch(path, json={"trashed": False}).json()["tags"] == ["l'amour", "ü%_"]
    assert found(tag="ü%_") == [picture["id"]]


def test_an_order_can_be_planned_without_being_painted(server: Server):
    plan = server.client.post("/api/v1/plan", json={"prompt": "<lora:x:1> a sun", "n": 2, "seed": 0}).json()
    assert [recipe["seed"] for recipe in plan["recipes"]] == [0, 1]
    assert "read as words" in plan["warnings"][0]


WRONG = [
    ({"prompt": "a", "steps": 1000}, 422, "steps 1000 is outside 1 to 100; the nearest is 100"),
    ({"prompt": "a", "stepps": 1}, 422, "there is no field 'stepps' here"),
    ({"prompt": ""}, 422, "the prompt is empty"),
    ({"prompt": "a", "model": "../../etc/passwd"}, 422, "no model named"),
    ({"prompt": "a", "sampler": "eulr"}, 422, "did you mean 'euler'"),
    ({"prompt": "a\u0000b"}, 422, "control character"),
    ({"prompt": "a", "seed": 2**64}, 422, "outside 0 to"),
    ({"prompt": "a", "n": 0}, 422, "n 0 is outside"),
    ({"prompt": "a", "priority": "royal"}, 422, "priority"),
    ({}, 422, "prompt"),
    ([], 422, "the request"),
]


@pytest.mark.parametrize(("body", "status", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_is_refused_with_what_to_do(server: Server, body: Any, status: int, said: str):
    answer = server.client.post("/api/v1/orders", json=body)
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in problem["detail"]
    assert problem["status"] == status


RAW = {
    "deep": b'{"prompt":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "digits": b'{"prompt":"a","seed":' + b"9" * 5000 + b"}",
    "NaN": b'{"prompt":"a","guidance":NaN}',
    "infinite": b'{"prompt":"a","guidance":1e999}',
    "half": b'{"prompt":"a',
    "surrogate": b'{"prompt":"\\ud800"}',
    "empty": b"",
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("body", RAW.values(), ids=RAW)
def test_bodies_that_are_no_orders_are_refused(server: Server, body: bytes):
    answer = server.client.post("/api/v1/orders", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["detail"]


def test_a_body_that_is_not_sent_as_json_is_refused(server: Server):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = server.client.post("/api/v1/orders", content=b'{"prompt":"a"}', headers={"Content-Type": kind})
        assert 400 <= answer.status_code < 500


def test_a_body_that_is_too_large_is_refused_while_it_comes(server: Server):
    def endless():
        for _ in range(80):
            yield b" " * 2**20

    answer = server.client.post("/api/v1/orders", content=endless(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["jobs/" + "0" * 32, "jobs/..%2f..%2fjobs.db", "jobs/%00", "pictures/999999",
                                  "pictures/../../jobs.db", "models/..%2fx", "pictures/9999999999999999999999",
                                  "jobs.db", "nothing"])  # fmt: skip
def test_what_is_not_there_is_not_there(server: Server, path: str):
    answer = server.client.get(f"/api/v1/{path}")
    assert answer.status_code in {404, 422}
    assert answer.json()["detail"]
    assert "/" not in answer.json()["detail"].replace("://", "")


def test_the_document_describes_every_route(server: Server):
    document = server.client.get("/openapi.json").json()
    assert "/api/v1/orders" in document["paths"]
    assert {"200", "404", "422"} <= document["paths"]["/api/v1/jobs/{job}"]["get"]["responses"].keys()


def test_the_state_of_things_for_those_who_run_it(server: Server):
    assert server.client.get("/health").json() == {"status": "ok"}
    assert server.client.get("/ready").json() == {"status": "ready"}
    metrics = server.client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert 'sfumato_jobs{state="done"}' in metrics.text


def test_what_was_asked_is_logged_without_what_was_said(server: Server):
    server.ended(server.order(prompt="a most private wish")["id"])
    lines = [json.loads(line) for line in list(server.lines) if line.startswith("{")]
    assert any(line.get("path") == "/api/v1/orders" and line["status"] == 201 for line in lines)
    assert "private wish" not in "".join(server.lines)


def test_one_picture_of_an_order_is_cancelled_and_the_others_come(server: Server):
    job = server.order(n=3, seed=7, steps=60)
    answer = server.client.post(f"/api/v1/jobs/{job['id']}/pictures/1/cancel")
    assert answer.json()["dropped"] == [1]
    done = server.ended(job["id"])
    assert done["state"] == "done"
    assert [picture["number"] for picture in done["pictures"]] == [0, 2]
    assert ("dropped", {"number": 1}) in [(kind, data) for kind, data, _ in events(server, job["id"])]
    wrong = server.client.post(f"/api/v1/jobs/{job['id']}/pictures/3/cancel")
    assert (wrong.status_code, "outside 0 to 2" in wrong.json()["detail"]) == (422, True)
