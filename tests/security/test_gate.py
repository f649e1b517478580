"""Nobody comes in who should not: Host, Origin and key, on every route."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.servers import Server

ORDER = b'{"prompt":"a","width":64,"height":64,"steps":1}'
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "", "a@localhost", "localhost/x"]
)
def test_a_name_that_is_not_ours_is_refused(server: Server, host: str):
    answer = server.client.get("/api/v1/models", headers={"Host": host})
    assert answer.status_code in {400, 403}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:7860", "[::1]", "LOCALHOST:1"])
def test_our_own_names_are_let_in(server: Server, host: str):
    assert server.client.get("/api/v1/models", headers={"Host": host}).status_code == 200


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
def test_pages_of_other_sites_can_order_nothing(server: Server, headers: dict[str, str], kind: str):
    answer = server.client.post("/api/v1/orders", content=ORDER, headers={**headers, "Content-Type": kind})
    assert answer.status_code == 403


@pytest.mark.parametrize("headers", FOREIGN[:-1], ids=str)
def test_pages_of_other_sites_can_read_nothing(server: Server, headers: dict[str, str]):
    assert server.client.get("/api/v1/pictures", headers=headers).status_code == 403
    job = server.order()["id"]
    assert server.client.get(f"/api/v1/jobs/{job}/events", headers=headers).status_code == 403


def test_our_own_pages_are_let_in(server: Server):
    for headers in ({"Origin": server.url}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        assert server.client.get("/api/v1/models", headers=headers).status_code == 200


def test_every_answer_tells_browsers_to_run_nothing(server: Server):
    for path in ("/api/v1/models", "/health", "/nothing", "/openapi.json"):
        headers = server.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_it_listens_to_this_machine_alone(server: Server):
    sockets = [c for c in psutil.Process(server.process.pid).net_connections("inet") if c.status == "LISTEN"]
    assert {c.laddr.ip for c in sockets} == {"127.0.0.1"}
    for worker in server.workers():
        assert not [c for c in worker.net_connections("inet") if c.status == "LISTEN"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_beyond_this_machine_it_does_not_start_without_a_key(tmp_path: Path, host: str):
    done = subprocess.run(
        [sys.executable, "-m", "sfumato", "serve", "--host", host, "--port", "0"],
        env={**os.environ, "SFUMATO_HOME": str(tmp_path)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "sfumato key add" in done.stderr


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    """A server with a master key and two users' keys."""
    home = tmp_path_factory.mktemp("keyed")
    keys = {"master": "m" * 20}
    for user in ("ada", "bob", "eve"):
        line = [sys.executable, "-m", "sfumato", "key", "add", user, "--most", "2"]
        keys[user] = subprocess.run(
            line, env={**os.environ, "SFUMATO_HOME": str(home)}, capture_output=True, text=True, check=True
        ).stdout.strip()
    server = Server(home, environment={"SFUMATO_KEY": keys["master"]})
    yield server, keys
    server.stop()


def routes(server: Server, key: str) -> list[tuple[str, str]]:
    document = server.client.get("/openapi.json", headers={"Authorization": f"Bearer {key}"}).json()
    found = [(method, path) for path, methods in document["paths"].items() for method in methods]
    assert len(found) > 15
    return found


def test_without_the_right_key_nothing_is_answered(keyed: tuple[Server, dict[str, str]]):
    server, keys = keyed
    wrong = [{}, {"Authorization": "Bearer"}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic !!"},
             {"Authorization": f"Bearer {keys['ada'][:-1]}x"}, {"x-key": "sfu_00000000_x"}]  # fmt: skip
    for method, path in routes(server, keys["master"]):
        if path in {"/health", "/ready"}:
            assert server.client.request(method, path).status_code == 200
            continue
        if path.startswith("/files/"):  # a link is its own key, and this one is not signed
            unsigned = {"until": 2**40, "sign": "0" * 64}
            assert server.client.request(method, "/files/1.png", params=unsigned).status_code == 403
            continue
        for headers in wrong:
            answer = server.client.request(method, path, headers=headers)
            assert (answer.status_code, bool(answer.headers["www-authenticate"])) == (401, True), (method, path)
    assert server.client.get("/openapi.json").status_code == 401


def test_a_key_is_taken_wherever_a_client_puts_it(keyed: tuple[Server, dict[str, str]]):
    server, keys = keyed
    key = keys["ada"]
    ways = [{"Authorization": f"Bearer {key}"}, {"Authorization": f"Token {key}"}, {"Authorization": f"Key {key}"},
            {"x-key": key}, {"Api-Key": key}, {"X-Api-Key": key}]  # fmt: skip
    for headers in ways:
        assert server.client.get("/api/v1/models", headers=headers).status_code == 200
    assert server.client.get("/api/v1/models", auth=("anyone", key)).status_code == 200


def test_one_user_sees_nothing_of_the_other(keyed: tuple[Server, dict[str, str]]):
    server, keys = keyed
    clients = {
        user: httpx2.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=30)
        for user, key in keys.items()
    }
    ada, bob, master = clients["ada"], clients["bob"], clients["master"]
    job = ada.post("/api/v1/orders", content=ORDER, headers=JSON).json()["id"]
    with ada.stream("GET", f"/api/v1/jobs/{job}/events") as answer:
        answer.read()
    picture = ada.get(f"/api/v1/jobs/{job}").json()["pictures"][0]["id"]
    for method, path in [
        ("GET", f"jobs/{job}"), ("GET", f"jobs/{job}/events"), ("POST", f"jobs/{job}/cancel"),
        ("POST", f"jobs/{job}/pause"), ("POST", f"jobs/{job}/resume"), ("POST", f"jobs/{job}/retry"),
        ("GET", f"pictures/{picture}"), ("GET", f"pictures/{picture}/file"), ("GET", f"pictures/{picture}/thumbnail"),
        ("PATCH", f"pictures/{picture}"),
    ]:  # fmt: skip
        answer = bob.request(method, f"/api/v1/{path}", json={"trashed": True} if method == "PATCH" else None)
        assert answer.status_code == 404, (method, path, answer.text)
    assert bob.get("/api/v1/jobs").json() == bob.get("/api/v1/pictures").json() == []
    star = ada.get(f"/api/v1/pictures/{picture}/file").content
    file = ada.post("/v1/files", files={"file": ("a.png", star)}, data={"purpose": "vision"}).json()["id"]
    own = f"{server.url}/api/v1/pictures/{picture}/file"
    begun = {"prompt": "a", "operation": "image-to-image", "start": picture, "steps": 1}
    for path, body in [
        ("/api/v1/orders", begun), ("/api/v1/orders/vary", {"picture": picture}),
        (f"/api/v1/pictures/{picture}/finish", {"then": ["crop:8x8+0+0"]}),
        (f"/api/v1/pictures/{picture}/export", {"presets": ["avatar"]}),
        ("/api/v1/inputs", {"url": own}), ("/v1/images/edits", {"prompt": "a", "images": [{"file_id": file}]}),
        ("/v1/images/edits", {"prompt": "a", "images": [{"image_url": f"{server.url}/v1/files/{file}/content"}]}),
        ("/predictions", {"input": {"prompt": "a", "image": own}}), ("/bfl/v1/flux-2-pro", {"input_image": own}),
    ]:  # fmt: skip
        answer = bob.post(path, json=body)
        assert answer.status_code == 404, (path, answer.text)
    assert ada.post("/api/v1/inputs", json={"url": own}).status_code == 201
    assert ada.get(f"/api/v1/pictures/{picture}").json()["trashed"] is None
    assert [one["id"] for one in master.get("/api/v1/pictures").json()] == [picture]


def test_a_user_has_their_quota_and_a_key_that_is_revoked_opens_nothing(keyed: tuple[Server, dict[str, str]]):
    server, keys = keyed
    eve = httpx2.Client(base_url=server.url, headers={"Authorization": f"Bearer {keys['eve']}"}, timeout=30)
    slow = {"prompt": "a", "width": 64, "height": 64, "steps": 100, "n": 50}
    jobs = [eve.post("/api/v1/orders", json=slow).json()["id"] for _ in range(2)]
    refused = eve.post("/api/v1/orders", json=slow)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    for job in jobs:
        eve.post(f"/api/v1/jobs/{job}/cancel")
    environment = {**os.environ, "SFUMATO_HOME": str(server.home)}
    id = keys["eve"].split("_")[1]
    subprocess.run([sys.executable, "-m", "sfumato", "key", "revoke", id], env=environment, check=True)
    assert eve.get("/api/v1/models").status_code == 401


def test_keys_are_kept_as_hashes_only(keyed: tuple[Server, dict[str, str]]):
    server, keys = keyed
    kept = b"".join(path.read_bytes() for path in server.home.rglob("jobs.db*"))
    logged = "".join(server.lines)
    for key in keys.values():
        secret = key.split("_", 2)[-1]
        assert secret.encode() not in kept
        assert secret not in logged
    for worker in server.workers():
        assert keys["master"] not in str(worker.environ())
