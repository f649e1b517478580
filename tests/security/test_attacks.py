"""Attacks tried at every door there is, found in the OpenAPI document; README.md says where each kind is tried."""

import ast
import io
import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from PIL import Image

import sfumato
from sfumato.jobs.database import Database
from sfumato.jobs.keys import Keys
from tests.servers import Server

pytestmark = pytest.mark.timeout(300)  # a server begins in the first of them
MASTER = "m" * 20
JSON = {"Content-Type": "application/json"}


class Doors:
    """A server that paints nothing, with two users. master, ada, bob: clients."""

    def __init__(self, home: Path):
        self.home, keys = home, {"master": MASTER}
        database = Database(f"sqlite:///{home / 'jobs.db'}")
        keys |= {user: Keys(database).add(user) for user in ("ada", "bob")}
        database.close()
        self.server = Server(home, "--workers", "0", environment={"SFUMATO_KEY": MASTER})
        self.secrets = [MASTER, *(key.rpartition("_")[2] for key in keys.values()), str(home)]
        self.master, self.ada, self.bob = (self.client(key) for key in keys.values())
        self.document = self.master.get("/openapi.json").json()

    def client(self, key: str) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx2.Client(base_url=self.server.url, headers=headers, timeout=30, verify=False)

    def routes(self, *methods: str) -> list[tuple[str, str]]:
        """Those that end, with `{name}` in their paths."""
        return [
            (method, path)
            for path, verbs in self.document["paths"].items()
            for method in verbs
            if method in methods and not path.endswith(("/events", "/stream"))
        ]

    def try_it(self, client: httpx2.Client, method: str, path: str, **options: Any) -> httpx2.Response:
        """Never a fault of ours, never a way out, and nothing told that is nobody's business."""
        answer = client.request(method, path, **options)
        assert answer.status_code < 500 or answer.status_code == 501, (method, path, options, answer.text)
        assert "evil.example" not in answer.headers.get("location", "")
        for secret in self.secrets:
            assert secret.encode() not in answer.content, (method, path, options)
        return answer


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    doors = Doors(tmp_path_factory.mktemp("doors"))
    yield doors
    doors.server.stop()


def filled(path: str, value: str = "1") -> str:
    parts = [value if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


WRONG = b'"n":0,"steps":0,"batch_size":0,"num_outputs":0,"seed":-7'  # so that nobody waits for a picture
BODIES = {
    "deep": b'{"prompt":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "digits": b'{"prompt":"a","seed":' + b"9" * 5000 + b"}",
    "nan": b'{"prompt":"a","steps":NaN,"guidance":Infinity}',
    "twice": b'{"prompt":"a","prompt":{"x":1},"prompt":[]}',
    "bom": b'\xef\xbb\xbf{"prompt":"\\u0007","input":{"prompt":"\\u0007"}}',
    "utf-16": '{"prompt":"\\u0007"}'.encode("utf-16"),
    "half": b'{"prompt":"\\ud800","input":{"prompt":"\\udfff"},"image_request":{"prompt":"\\ud800"}}',
    "nul": b'{"prompt":"a\\u0000b","model":"\\u0000","input":{"prompt":"\\u0000"}}',
    "kinds": b'{"prompt":{"$ne":1},"model":[],"n":"1e9","input":[],"size":{},"image":{},"init_images":[{}],"mask":[1]}',
    "paths": b'{"prompt":"a <lora:../../x:1>","model":"../../x","sd_model_checkpoint":"/etc/passwd","name":"../x",'
    + WRONG + b',"input":{"prompt":"\\u0007"}}',
    "urls": b'{"prompt":"a","image":"file:///etc/passwd","url":"http://169.254.169.254/","webhook":"http://[::1]/",'
    + WRONG + b',"input":{"prompt":"a","image":"http://metadata.google.internal/","num_outputs":0}}',
    "list": b"[[[]]]",
    "null": b"null",
    "settings": b'{"override_settings":{"outdir_samples":"/etc"},"alwayson_scripts":{"x":{"args":[1]}},"prompt":"a",'
    + WRONG + b"}",
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_no_door_falls_over_a_wicked_body(doors: Doors, name: str):
    routes = doors.routes("post", "put", "patch")
    assert len(routes) > 25
    for method, path in routes:
        doors.try_it(doors.master, method, filled(path), content=BODIES[name], headers=JSON)


NAMES = ["..%2f..%2fjobs.db", "..%5c..%5cjobs.db", "%252e%252e%252fjobs.db", "%00", "%2fetc%2fpasswd", "C:%5cx",
         "CON", "a" * 5000, "e%CC%81", "%E2%80%AEx", "x%0d%0aSet-Cookie:a=b", "library.db", "%ff%fe", "-1",
         "1e400", "."]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:20])
def test_no_name_in_a_path_leads_anywhere(doors: Doors, name: str):
    (doors.home / "secret.txt").write_text("do not read")
    for method, path in doors.routes("get", "delete"):
        if "{" in path:
            answer = doors.try_it(doors.master, method, filled(path, name))
            assert not answer.content.startswith(b"SQLite") and b"do not read" not in answer.content
            assert "set-cookie" not in answer.headers


ADDRESSES = ["jobs.db", "library.db", "keys", "secret.txt", ".env", "static/../jobs.db", "..//jobs.db", "files/jobs.db",
             "studio/../../jobs.db", "?next=//evil.example", "studio?next=javascript:alert(1)",
             "//evil.example/"]  # fmt: skip


@pytest.mark.parametrize("path", ADDRESSES)
def test_no_address_gives_what_is_kept_or_leads_elsewhere(doors: Doors, path: str):
    (doors.home / "secret.txt").write_text("do not read")
    answer = doors.try_it(doors.master, "GET", f"{doors.server.url}/{path}")
    assert not answer.content.startswith(b"SQLite") and b"do not read" not in answer.content


def test_no_connection_is_turned_into_another_kind(doors: Doors):
    """There is no WebSocket here, from whichever page one is asked for."""
    place = doors.server.url.removeprefix("http://")
    for path in ("/", "/api/v1/events", "/mcp", "/queue/join"):
        with socket.create_connection(tuple(place.rsplit(":", 1)), timeout=10) as raw:  # type: ignore[arg-type]
            raw.sendall(
                f"GET {path} HTTP/1.1\r\nHost: {place}\r\nOrigin: https://evil.example\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                f"Authorization: Bearer {MASTER}\r\n\r\n".encode()
            )
            assert raw.recv(100).split(b" ")[1] in {b"403", b"404", b"400"}


def made_by(doors: Doors) -> dict[str, str]:
    """Things of Ada's: addresses of each."""
    small = {"width": 64, "height": 64, "steps": 1}
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(picture, "PNG")
    ada = doors.ada
    job = ada.post("/api/v1/orders", json={"prompt": "hers", **small}).json()["id"]
    board = ada.post("/api/v1/boards", json={"name": "hers"}).json()["id"]
    file = ada.post("/replicate/v1/files", files={"content": ("hers.png", picture.getvalue(), "image/png")}).json()[
        "id"
    ]
    return {"job": f"/api/v1/jobs/{job}", "board": f"/api/v1/boards/{board}", "file": f"/replicate/v1/files/{file}",
            "prediction": f"/replicate/v1/predictions/{job}"}  # fmt: skip


def test_nothing_of_one_user_is_the_others(doors: Doors):
    hers = made_by(doors)
    for kind, address in hers.items():
        under = [(method, path) for method, path in doors.routes("get", "post", "patch", "put", "delete")
                 if path.startswith(address.rpartition("/")[0] + "/{")]  # fmt: skip
        assert under, kind
        for method, path in under:
            parts = address.split("/") + filled(path).split("/")[len(address.split("/")) :]
            answer = doors.try_it(doors.bob, method, "/".join(parts), content=b"{}", headers=JSON)
            assert answer.status_code in {403, 404, 405, 409, 422}, (kind, method, path, answer.text)
            assert "hers" not in answer.text
    for path in (
        "/api/v1/jobs",
        "/api/v1/boards",
        "/api/v1/pictures",
        "/replicate/v1/files",
        "/replicate/v1/predictions",
    ):
        assert "hers" not in doors.try_it(doors.bob, "GET", path).text
    assert doors.ada.get(hers["job"]).json()["state"] == "queued"


def test_what_concerns_all_is_the_keepers(doors: Doors):
    for method, path, body in [("PATCH", "/api/v1/queue", {"paused": True})]:
        assert doors.try_it(doors.bob, method, path, json=body).status_code == 403


DISGUISED = ["TIFF", "BMP", "GIF", "ICO", "PPM", "PCX", "TGA", "PDF", "EPS", "SGI", "DDS", "ICNS", "AVIF", "JPEG2000"]
HEADS = [b"8BPS\0\1", b"SIMPLE  =                    T", b"gd2\0", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\0\0\0\x1cftypavif",
         b"<svg onload=alert(1)>", b"PK\3\4", b"\x80\4\x95", b"MZ"]  # fmt: skip


def test_other_formats_named_as_pictures_are_not_opened(doors: Doors):
    contents = [head + bytes(3000) for head in HEADS]
    for format in DISGUISED:
        out = io.BytesIO()
        try:
            Image.new("RGB", (64, 64), "red").save(out, format)
        except (KeyError, OSError):  # this Pillow writes none
            continue
        contents.append(out.getvalue())
    assert len(contents) > 15
    for content in contents:
        answer = doors.try_it(doors.ada, "POST", "/api/v1/inputs", files={"file": ("a.png", content, "image/png")})
        assert answer.status_code in {415, 422}, content[:8]


def test_pictures_with_any_byte_turned_are_read_or_refused(doors: Doors):
    dice = random.Random(6)
    for format in ("PNG", "JPEG", "WEBP"):
        out = io.BytesIO()
        Image.effect_noise((64, 64), 90).convert("RGB").save(out, format)
        whole = out.getvalue()
        for place in range(0, len(whole), len(whole) // 25):
            broken = bytearray(whole)
            broken[place] ^= 1 << dice.randrange(8)
            doors.try_it(
                doors.ada, "POST", "/api/v1/inputs", content=bytes(broken), headers={"Content-Type": "image/png"}
            )
            cut = whole[:place]
            doors.try_it(doors.ada, "POST", "/api/v1/inputs", content=cut, headers={"Content-Type": "image/png"})


def test_a_picture_that_would_fill_the_memory_costs_none(doors: Doors):
    process = psutil.Process(doors.server.process.pid)
    out = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    before = process.memory_info().rss
    for _ in range(3):
        answer = doors.try_it(
            doors.ada, "POST", "/api/v1/inputs", content=out.getvalue(), headers={"Content-Type": "image/png"}
        )
        assert answer.status_code in {413, 422}
    assert process.memory_info().rss - before < 100 * 2**20


PROMPTS = ["(" * 10_000, "[a:b:" * 2000, "a" * 40_000 + "!", "<lora:" * 5000, "((((a:1.1)" * 3000, "\\(" * 10_000,
           "a AND " * 5000, "{a|" * 5000, "__" * 20_000, " " * 50_000 + "x", "a" * 1_000_000]  # fmt: skip


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt[:8])
def test_prompts_take_time_by_their_length_only(doors: Doors, prompt: str):
    """Each within the client's thirty seconds; what backtracks on these would take days."""
    doors.try_it(doors.ada, "POST", "/api/v1/plan", json={"prompt": prompt})
    doors.try_it(doors.ada, "POST", "/api/v1/plan", json={"prompt": "a", "negative": prompt})
    doors.try_it(doors.master, "POST", "/sdapi/v1/png-info", json={"image": prompt[:100_000]})


def test_who_never_reads_holds_up_nobody(doors: Doors):
    place = doors.server.url.removeprefix("http://")
    ask = (
        f"GET /api/v1/events?previews=true HTTP/1.1\r\nHost: {place}\r\nAuthorization: Bearer {MASTER}\r\n\r\n".encode()
    )
    readers = [socket.create_connection(tuple(place.rsplit(":", 1)), timeout=10) for _ in range(100)]  # type: ignore[arg-type]
    try:
        for reader in readers:
            reader.sendall(ask)
        for _ in range(10):
            answer = doors.ada.post(
                "/api/v1/orders", json={"prompt": "p" * 2000, "width": 64, "height": 64, "steps": 1}
            )
            assert answer.status_code == 201
            doors.ada.post(f"/api/v1/jobs/{answer.json()['id']}/cancel")
    finally:
        for reader in readers:
            reader.close()


def test_nothing_that_is_read_can_be_a_program():
    """No pickle, marshal, eval or exec in all of the package: what processes tell each other, and rows, are JSON."""
    forbidden_modules, forbidden_calls = (
        {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"},
        {"eval", "exec"},
    )
    for path in Path(str(sfumato.__file__)).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & forbidden_modules, path
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            assert called not in forbidden_calls, path


def test_the_log_and_the_pictures_hold_no_secret(doors: Doors):
    doors.ada.get("/api/v1/models", params={"api_key": MASTER}, headers={"Referer": MASTER})
    lines = "".join(doors.server.lines)
    for secret in doors.secrets[:-1]:
        assert secret not in lines
    json.loads(doors.server.lines[-1])
