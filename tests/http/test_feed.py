"""One stream of all that happens to the caller's jobs; and moving jobs."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.servers import Server, hurried

Told = list[tuple[str, dict[str, Any], str | None]]


@contextmanager
def listening(server: Server, **options: Any) -> Iterator[Told]:
    """What is told meanwhile: kind, data, id."""
    told: Told = []
    begun, stop = threading.Event(), threading.Event()

    def listen() -> None:
        with (
            httpx2.Client(base_url=server.url, timeout=60) as client,
            client.stream("GET", "/api/v1/events", **options) as answer,
        ):
            event: dict[str, str] = {}
            for line in answer.iter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    event[name] = value
                elif "event" in event:
                    told.append((event["event"], json.loads(event["data"]), event.get("id")))
                    event = {}
                    begun.set()
                if stop.is_set():
                    return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert begun.wait(30)
    yield told
    stop.set()


def until(true: Any, seconds: float = 90) -> None:
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def states(told: Told, job: str) -> list[str]:
    return [data["state"] for kind, data, _ in told if kind == "state" and data["job"] == job]


def test_one_stream_tells_of_every_job(server: Server):
    with listening(server, params={"previews": True}) as told:
        jobs = [server.order(n=2, steps=6)["id"] for _ in range(3)]
        until(lambda: all(states(told, job)[-1:] == ["done"] for job in jobs))
    assert told[0][0] == "begin"
    for job in jobs:
        assert states(told, job) == ["queued", "running", "done"]
        assert sum(kind == "picture" and data["job"] == job for kind, data, _ in told) == 2
    assert any(kind == "step" for kind, _, _ in told)
    images = [data["image"] for kind, data, _ in told if kind == "preview"]
    assert images
    assert images[0].startswith("data:image/webp;base64,")
    kept = [int(id) for kind, _, id in told if id and kind != "begin"]
    assert kept == sorted(set(kept))


def test_it_goes_on_where_it_broke(server: Server):
    with listening(server) as told:
        job = server.ended(server.order()["id"])["id"]
        until(lambda: states(told, job)[-1:] == ["done"])
    seen = [one for one in told if one[1].get("job") == job and one[2]]
    with listening(server, headers={"Last-Event-ID": str(seen[0][2])}) as again:
        until(lambda: states(again, job)[-1:] == ["done"])
    assert [one for one in again if one[1].get("job") == job and one[2]] == seen[1:]


def test_nobody_hears_of_the_jobs_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SFUMATO_HOME", str(tmp_path))
    from sfumato import Studio

    keys = {name: Studio().keys.add(name) for name in ("ada", "ben")}
    server = Server(tmp_path, begin=hurried)
    try:
        server.client.headers["Authorization"] = f"Bearer {keys['ada']}"
        bens = {"headers": {"Authorization": f"Bearer {keys['ben']}"}, "params": {"previews": True}}
        with listening(server, **bens) as told:
            adas = server.ended(server.order(steps=20)["id"])["id"]
            server.client.headers["Authorization"] = f"Bearer {keys['ben']}"
            mine = server.ended(server.order(steps=20)["id"])["id"]
            until(lambda: states(told, mine)[-1:] == ["done"])
        assert {data["job"] for kind, data, _ in told if kind != "begin"} == {mine}
        assert adas != mine
        assert server.client.patch("/api/v1/queue", json={"paused": True}).status_code == 403
    finally:
        server.stop()


def test_a_waiting_job_is_moved_and_told_of(server: Server):
    assert server.client.patch("/api/v1/queue", json={"paused": True}).json()["paused"]
    try:
        first, second = server.order()["id"], server.order()["id"]
        with listening(server) as told:
            moved = server.client.post(f"/api/v1/jobs/{second}/move", json={"before": first}).json()
            assert moved["place"] < server.client.get(f"/api/v1/jobs/{first}").json()["place"]
            until(lambda: ("moved", {"job": second}) in [one[:2] for one in told])
        assert server.client.get("/api/v1/queue").json()["count"]["queued"] == 2
        assert server.client.post(f"/api/v1/jobs/{second}/move", json={}).status_code == 422
    finally:
        assert not server.client.patch("/api/v1/queue", json={"paused": False}).json()["paused"]
    began = [server.ended(job)["started"] for job in (second, first)]
    assert began == sorted(began)
    assert server.client.post(f"/api/v1/jobs/{second}/move", json={"before": first}).status_code == 409
