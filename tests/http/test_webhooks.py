"""Webhooks: told in the vendor's words and signed as theirs, again where nobody heard, and after a restart."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import replicate
from replicate.webhook import WebhookSigningSecret

from sfumato.core.job import JobEvent
from sfumato.http.courier import next_occasion
from sfumato.jobs.webhooks import Due, Webhook
from tests.receivers import Receiver, receiving
from tests.servers import Server

SCHNELL = {"prompt": "a red apple", "num_inference_steps": 1, "megapixels": "0.25", "seed": 3}
MODEL = "black-forest-labs/flux-schnell"
PATH = f"/replicate/v1/models/{MODEL}/predictions"
ALL = ["start", "output", "logs", "completed"]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def allowing(receiver: Receiver) -> dict[str, str]:
    return {"SFUMATO_FETCH_ALLOW": json.dumps([receiver.place])}


@pytest.fixture(scope="module")
def telling(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may reach the receiver."""
    server = Server(tmp_path_factory.mktemp("telling"), environment=allowing(receiver))
    yield server
    server.stop()


def test_the_end_is_told_and_signed(telling: Server, receiver: Receiver):
    client = replicate.Client(api_token="none", base_url=f"{telling.url}/replicate")
    made = client.predictions.create(MODEL, input=SCHNELL, webhook=receiver.url("/end"),
                                     webhook_events_filter=["completed"])  # fmt: skip
    call = receiver.told("/end")[0]
    said = call.said
    assert (said["id"], said["status"], said["input"]) == (made.id, "succeeded", SCHNELL)
    assert telling.client.get(said["output"][0]).headers["content-type"] == "image/webp"
    secret = client.webhooks.default.secret()
    assert secret.key.startswith("whsec_")
    replicate.webhooks.validate(headers=call.headers, body=call.body, secret=secret, tolerance=300)
    with pytest.raises(ValueError, match="signature"):
        replicate.webhooks.validate(headers=call.headers, body=call.body + " ", secret=secret, tolerance=300)
    with pytest.raises(ValueError, match="signature"):
        other = WebhookSigningSecret(key="whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        replicate.webhooks.validate(headers=call.headers, body=call.body, secret=other, tolerance=300)


def test_all_events_come_in_order_and_not_too_often(
    telling: Server, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(receiver, "slow", 0.7)  # longer than the server takes to look for more to tell
    body = {"input": {**SCHNELL, "num_outputs": 4}, "webhook": receiver.url("/all"), "webhook_events_filter": ALL}
    id = telling.client.post(PATH, json=body).json()["id"]
    telling.ended(id)
    until = time.monotonic() + 60
    while (calls := receiver.told("/all"))[-1].said["status"] != "succeeded":
        assert time.monotonic() < until
        time.sleep(0.05)
    said = [call.said for call in calls]
    begun = [one for one in said if one["status"] == "processing"]
    assert begun
    assert begun[0]["output"] is None
    counts = [len(one["output"] or ()) for one in said]
    assert counts == sorted(counts)
    assert counts[-1] == 4
    assert len({call.headers["webhook-id"] for call in calls}) == len(calls)


def test_what_is_usually_told_is_output_and_the_end(telling: Server, receiver: Receiver):
    telling.client.post(PATH, json={"input": SCHNELL, "webhook": receiver.url("/usual")})
    assert {call.said["status"] for call in receiver.told("/usual")} <= {"processing", "succeeded"}


def test_who_does_not_hear_is_told_again(telling: Server, receiver: Receiver):
    body = {"input": SCHNELL, "webhook": receiver.url("/deaf", 500, 302, 200), "webhook_events_filter": ["completed"]}
    telling.client.post(PATH, json=body)
    calls = receiver.told("/deaf", 3)
    assert len({call.headers["webhook-id"] for call in calls}) == 1
    assert calls[1].at - calls[0].at > 1.5
    assert calls[2].at - calls[1].at > 3.5
    time.sleep(1)
    assert len(receiver.told("/deaf")) == 3
    assert not [call for call in receiver.calls if call.path == "/elsewhere"]


def test_a_restart_forgets_nobody(receiver: Receiver, tmp_path: Path):
    url = receiver.url("/later", 503, 503, 200)
    server = Server(tmp_path / "home", environment=allowing(receiver))
    body = {"input": SCHNELL, "webhook": url, "webhook_events_filter": ["completed"]}
    id = server.client.post(PATH, json=body).json()["id"]
    server.ended(id)
    receiver.told("/later")
    time.sleep(1)  # it has noted that; else its claim would have to end first, which takes a minute
    server.process.kill()
    server.stop()
    heard = len(receiver.told("/later"))
    again = Server(tmp_path / "home", environment=allowing(receiver))
    calls = receiver.told("/later", heard + 1, seconds=90)
    assert calls[-1].said["id"] == id
    assert calls[-1].said["output"][0].startswith(server.url)  # where it was asked
    again.stop()


def test_a_slow_receiver_holds_up_nobody(telling: Server, receiver: Receiver):
    receiver.slow = 3.0
    try:
        for _ in range(10):
            telling.client.post(PATH, json={"input": SCHNELL, "webhook": receiver.url("/slow")})
        since = time.monotonic()
        job = telling.client.post(PATH, json={"input": SCHNELL}, headers={"Prefer": "wait=60"}).json()
        assert job["status"] == "succeeded"
        assert telling.client.get("/ready").status_code == 200
        assert time.monotonic() - since < 60
    finally:
        receiver.slow = 0.0


def test_what_leads_to_private_places_is_refused(server: Server):
    for url in ("http://127.0.0.1:9/x", "http://169.254.169.254/latest", "http://[::1]/", "file:///etc/passwd", "x"):
        answer = server.client.post(PATH, json={"input": SCHNELL, "webhook": url})
        assert answer.status_code == 422, url
    answer = server.client.post(PATH, json={"input": SCHNELL, "webhook": "http://127.0.0.1:9/"})
    assert "leads to a private address" in answer.json()["detail"]
    assert server.client.post(PATH, json={"input": SCHNELL, "webhook_events_filter": ["output"]}).status_code == 422
    wrong = {"input": SCHNELL, "webhook": "https://a.example/", "webhook_events_filter": ["ended"]}
    assert server.client.post(PATH, json=wrong).status_code == 422


def due(*events: str, seen: int = 0, sent: float = 0.0) -> Due:
    return Due("a", Webhook("http://x/", events, "http://here"), seen, sent, 0)


def story(*steps: tuple[float, str]) -> list[JobEvent]:
    """Events at times: running, done and so on are states, picture and log themselves."""
    return [
        JobEvent(i + 1, "a", at, kind, {}) if kind in {"picture", "log"} else JobEvent(i + 1, "a", at, "state",
                                                                                       {"state": kind})
        for i, (at, kind) in enumerate(steps)
    ]  # fmt: skip


STORY = story((0, "queued"), (1, "running"), (2, "picture"), (2.2, "picture"), (3, "picture"), (3.1, "done"))
TOLD = [
    (STORY[:1], due(*ALL), None),
    (STORY, due("start"), ("start", 2, 1)),
    (STORY, due("start", seen=2), None),
    (STORY[:4], due("output"), ("output", 3, 2)),
    (STORY[:4], due("output", seen=3, sent=2), ("output", 4, 2.5)),
    (STORY[:5], due("output", seen=3, sent=2), ("output", 4, 2.5)),
    (STORY[:5], due("output", seen=4, sent=2.2), ("output", 5, 3)),
    (STORY, due("output", "completed", seen=4, sent=2.2), ("completed", 6, 3.1)),
    (STORY, due("output", seen=4, sent=2.2), ("output", 5, 3)),
    (story((0, "queued"), (1, "running"), (2, "queued"), (3, "running")), due("start", seen=2), None),
    (story((0, "queued"), (0, "log"), (0.1, "running")), due("logs", "start"), ("logs", 2, 0.5)),
]


@pytest.mark.parametrize(("events", "due", "told"), TOLD)
def test_what_is_told_next(events: list[JobEvent], due: Due, told: tuple[str, int, float] | None):
    found = next_occasion(events, due)
    assert (found and (found[0], found[1].seq, found[2])) == told
