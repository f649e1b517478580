"""A backup holds all that cannot be had again, taken while all goes on, and what is not one changes nothing."""

import io
import tarfile
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from sfumato import exports
from sfumato.backup import back_up, restore
from sfumato.core.errors import Conflict, OutputExists, RequestError, UnreadableFile
from sfumato.core.job import Made
from sfumato.core.order import Order
from sfumato.core.picture import Picture
from sfumato.jobs.claims import Claims
from sfumato.jobs.database import Database
from sfumato.jobs.keys import Keys
from sfumato.jobs.queue import Queue
from sfumato.jobs.tables import metadata
from sfumato.library import Library
from sfumato.planning import plan
from sfumato.testing import GaussianModel, tiny_card
from sfumato.worker.run import Painted, run


def paint(home: Path, origin: str | None = None, seed: int = 5) -> int:
    recipe = plan(Order(prompt="a", seed=seed), tiny_card()).recipes[0]
    model = GaussianModel()
    picture: Picture = next(e.picture for e in run([recipe], lambda _: model, exports.save) if isinstance(e, Painted))
    return Library(home).add(exports.encode(picture.image, recipe, "png"), picture, origin=origin).id


def fill(home: Path, database: Database) -> None:
    """Two pictures, a job done, one under way, a key, and a file of each other kind."""
    paint(home)
    queue, claims = Queue(database), Claims(database, "worker")
    recipes = plan(Order(prompt="a", n=2, seed=5), tiny_card()).recipes
    job = queue.submit(recipes, owner="ada", key="k", body_hash="x", warnings=["m\0"], asked={"x": "\ud800"})
    claim = claims.claim()
    assert claim is not None
    claims.publish(claim, Made(0, paint(home, f"{job.id}/0", 6), 0.1 + 0.2))
    queue.submit(recipes[:1], owner="bob", deadline=1e6)
    Keys(database).add("ada")
    kinds = (
        "loras/ink.safetensors",
        "embeddings/pip.safetensors",
        "presets/my.toml",
        "files/0a",
        "inputs/../cards/x.toml",
    )
    for name in kinds:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"bytes of " + name.encode())


def rows(database: Database) -> dict[str, list[Any]]:
    with database.reading() as connection:
        return {table.name: sorted(map(tuple, connection.execute(table.select()))) for table in metadata.sorted_tables}


def files(home: Path) -> dict[str, bytes]:
    kept = [path for path in home.rglob("*") if path.is_file() and not path.name.startswith(("library.db", "jobs.db"))]
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in kept}


@pytest.fixture
def filled(tmp_path: Path, database: Database) -> Path:
    home = tmp_path / "old"
    home.mkdir()
    (home / "inputs").mkdir()
    fill(home, database)
    return home


@pytest.fixture
def other(tmp_path: Path, clock) -> Database:
    return Database(f"sqlite:///{tmp_path / 'other.db'}", clock)


def test_all_of_it_is_there_again_also_in_another_kind_of_database(
    filled: Path, database: Database, other: Database, tmp_path: Path
):
    file = back_up(filled, database, tmp_path / "all.tar")
    assert file.stat().st_mode & 0o077 == 0
    assert restore(tmp_path / "new", other, file) == 2
    assert rows(other) == rows(database)
    assert files(tmp_path / "new") == files(filled)
    assert [entry.origin for entry in Library(tmp_path / "new").find()] == [e.origin for e in Library(filled).find()]
    queue = Queue(other)
    submitted = queue.submit(plan(Order(prompt="b"), tiny_card()).recipes)
    assert queue.events({submitted.id: 0})[0].seq > max(row[0] for row in rows(database)["job_events"])


def test_back_into_the_same_database(filled: Path, database: Database, tmp_path: Path):
    """Where there is something already, only by force; then that is put aside."""
    file, before = back_up(filled, database, tmp_path / "all.tar"), rows(database)
    kept = files(filled)
    later = Queue(database).submit(plan(Order(prompt="later"), tiny_card()).recipes)
    with pytest.raises(Conflict, match="--force"):
        restore(filled, database, file)
    assert restore(filled, database, file, force=True) == 2
    assert rows(database) == before
    now = files(filled)
    assert {name: data for name, data in now.items() if not name.startswith("before-restore-")} == kept
    assert len(now) == 2 * len(kept)
    Queue(database).submit(plan(Order(prompt="b"), tiny_card()).recipes)  # its numbers go on
    with database.reading() as connection:
        assert later.id not in connection.execute(text("SELECT id FROM jobs")).scalars().all()


def test_what_is_painted_meanwhile_is_whole_or_not_there(filled: Path, database: Database, other: Database, tmp_path):
    """Every picture that a restored job or row names is there."""
    going = threading.Event()

    def work() -> None:
        queue, claims, seed = Queue(database), Claims(database, "busy"), 100
        recipe = plan(Order(prompt="c"), tiny_card()).recipes
        while not going.is_set():
            seed += 1
            job = queue.submit(recipe, priority="interactive")
            if (claim := claims.claim()) is not None and claim.job.id == job.id:
                claims.publish(claim, Made(0, paint(filled, f"{job.id}/0", seed), 0.1))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for number in range(3):
            file = back_up(filled, database, tmp_path / f"{number}.tar")
            home = tmp_path / f"new{number}"
            restore(home, other, file, force=True)
            library = Library(home)
            for row in rows(other)["job_pictures"]:
                assert library.fetch(row[2])
    finally:
        going.set()
        thread.join()


def tar(tmp_path: Path, *members: tuple[str, bytes, bytes]) -> Path:
    path = tmp_path / "crafted.tar"
    with tarfile.open(path, "w") as out:
        for name, data, kind in [("manifest.json", b'{"jobs": "0001"}', tarfile.REGTYPE),
                                 ("jobs.jsonl", b"", tarfile.REGTYPE), *members]:  # fmt: skip
            member = tarfile.TarInfo(name)
            member.size, member.type, member.linkname = len(data), kind, "/etc/passwd"
            out.addfile(member, io.BytesIO(data))
    return path


BLOB = "pictures/aa/aa/" + "a" * 64 + ".png"


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("../evil", b"x", tarfile.REGTYPE), ("pictures/../../evil", b"x", tarfile.REGTYPE),
        ("/etc/evil", b"x", tarfile.REGTYPE), ("loras/link", b"", tarfile.SYMTYPE),
        ("loras/hard", b"", tarfile.LNKTYPE), ("settings.py", b"x", tarfile.REGTYPE),
        ("jobs.db", b"x", tarfile.REGTYPE), (BLOB, b"x", tarfile.REGTYPE),
        ("loras/pipe", b"", tarfile.FIFOTYPE), ("manifest.json", b"{}", tarfile.REGTYPE),
    ],
)  # fmt: skip
def test_what_does_not_belong_into_a_backup_is_refused_and_nothing_changes(
    other: Database, tmp_path: Path, name: str, data: bytes, kind: bytes
):
    home = tmp_path / "home"
    (home / "loras").mkdir(parents=True)
    (home / "loras" / "mine").write_bytes(b"x")
    before = files(tmp_path)
    with pytest.raises(UnreadableFile):
        restore(home, other, tar(tmp_path, (name, data, kind)), force=True)
    (tmp_path / "crafted.tar").unlink()
    assert files(tmp_path) == before


@pytest.mark.parametrize("data", [b"", b"no tar", b"\x1f\x8b" + b"x" * 600, b"x" * 2048])
def test_files_that_are_no_backup(other: Database, tmp_path: Path, data: bytes):
    (tmp_path / "x.tar").write_bytes(data)
    with pytest.raises(UnreadableFile):
        restore(tmp_path / "new", other, tmp_path / "x.tar")
    with pytest.raises(UnreadableFile, match="not there"):
        restore(tmp_path / "new", other, tmp_path / "none.tar")


def test_one_that_is_cut_off_is_refused(filled: Path, database: Database, other: Database, tmp_path: Path):
    file = back_up(filled, database, tmp_path / "all.tar")
    for part in (3, 2, 1.2):
        (tmp_path / "cut.tar").write_bytes(file.read_bytes()[: int(file.stat().st_size / part)])
        with pytest.raises(UnreadableFile):
            restore(tmp_path / "new", other, tmp_path / "cut.tar")
    assert rows(other)["jobs"] == []


def test_of_a_newer_version_and_over_a_file_that_is_there(
    filled: Path, database: Database, other: Database, tmp_path: Path
):
    newer = tar(tmp_path)
    newer.write_bytes(newer.read_bytes().replace(b"0001", b"9999"))
    with pytest.raises(RequestError, match="newer"):
        restore(tmp_path / "new", other, newer)
    with pytest.raises(OutputExists):
        back_up(filled, database, newer)
