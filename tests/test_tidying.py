"""What nobody needs any more is deleted, and nothing else."""

import os
import time
from pathlib import Path

import pytest
from PIL import Image

from sfumato import Studio, cli, exports
from sfumato.core.order import Order
from sfumato.library import Entry, Library
from tests.servers import Server

DAY = 24 * 3600.0


@pytest.fixture
def studio() -> Studio:
    return Studio()


def painted(studio: Studio, **fields: object) -> Entry:
    size = {} if "start" in fields else {"width": 64, "height": 64}
    (picture,) = studio.paint(Order(prompt="a red apple", steps=1, **size, **fields), keep=False)
    return studio.keep(picture)


def files(home: Path, folder: str) -> set[str]:
    return {path.name for path in (home / folder).rglob("*") if path.is_file()}


def aged(home: Path) -> None:
    """Every upload was brought two days ago."""
    for path in (home / "inputs").rglob("*.png"):
        os.utime(path, (time.time() - 2 * DAY,) * 2)


def test_the_trash_is_emptied_with_its_files_and_nothing_else_is(studio: Studio, home: Path):
    kept, gone = painted(studio, seed=1), painted(studio, seed=2)
    board = studio.library.boards.make("b")
    studio.library.boards.change(board.id, [kept.id, gone.id], [])
    studio.library.mark(gone.id, trashed=True)
    size = gone.picture.stat().st_size + gone.thumbnail.stat().st_size
    emptied = studio.library.trash.empty()
    assert (emptied.pictures, emptied.bytes) == (1, size)
    assert [entry.id for entry in studio.library.find(board=board.id)] == [kept.id]
    assert files(home, "pictures") == {kept.picture.name}
    assert files(home, "thumbnails") == {kept.thumbnail.name}
    assert studio.library.trash.empty().pictures == 0


def test_a_file_that_another_picture_has_too_stays(studio: Studio):
    one, other = painted(studio, seed=3), painted(studio, seed=3)
    assert one.picture == other.picture
    studio.library.mark(one.id, trashed=True)
    emptied = studio.library.trash.empty()
    assert (emptied.pictures, emptied.bytes) == (1, 0)
    assert exports.read(studio.library.fetch(other.id))


def test_who_adds_the_same_picture_while_the_trash_is_emptied_has_its_file(
    studio: Studio, home: Path, monkeypatch: pytest.MonkeyPatch
):
    old = painted(studio, seed=4)
    data = studio.library.fetch(old.id)
    studio.library.mark(old.id, trashed=True)
    (picture,) = studio.paint(Order(prompt="a red apple", steps=1, width=64, height=64, seed=4), keep=False)
    library = Library(home)
    add = library._rows.add

    def emptied_before(row: dict[str, object]) -> int:
        studio.library.trash.empty()
        return add(row)

    monkeypatch.setattr(library._rows, "add", emptied_before)
    assert library.fetch(library.add(data, picture).id) == data


def test_only_what_was_thrown_away_long_ago_goes(studio: Studio):
    entry = painted(studio)
    studio.library.mark(entry.id, trashed=True)
    assert studio.tidy(trash_days=1).pictures == 0
    assert studio.tidy().pictures == 0
    assert studio.tidy(trash_days=0, look=True).pictures == 1
    assert studio.library.entry(entry.id).trashed
    assert studio.tidy(trash_days=0).pictures == 1


def test_uploads_that_a_recipe_names_stay(studio: Studio, home: Path):
    shade = {name: studio.hold(Image.new("RGBA", (64, 64), name)) for name in ("red", "blue", "green", "white")}
    painted(studio, operation="image-to-image", start=shade["red"], strength=0)
    order = Order(prompt="a", operation="image-to-image", start=shade["blue"], strength=0)
    studio.queue.cancel(studio.submit(order).id)  # it may be tried again
    aged(home)
    studio.hold(Image.new("RGBA", (64, 64), "green"))  # brought again
    assert studio.tidy(look=True).uploads == 1
    tidied = studio.tidy()
    assert (tidied.uploads, tidied.bytes > 0) == (1, True)
    assert files(home, "inputs") == {f"{shade[name]}.png" for name in ("red", "blue", "green")}


def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    monkeypatch.setattr("sys.argv", ["sfumato", *words])
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    return capsys.readouterr().out


def test_the_command_says_what_it_did(
    studio: Studio, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    studio.hold(Image.new("RGBA", (64, 64), "red"))
    aged(home)
    studio.library.mark(painted(studio).id, trashed=True)
    tidy = ("tidy", "--trash", "0")
    assert "would delete 1 from the trash, 1 uploads" in said(monkeypatch, capsys, *tidy, "--dry-run")
    assert "\ndeleted 1 from the trash, 1 uploads" in "\n" + said(monkeypatch, capsys, *tidy)
    assert studio.library.count() == 0


def test_over_http_each_empties_their_own_and_a_job_outlives_its_pictures(server: Server):
    job = server.ended(server.order(prompt="a thing to throw away")["id"])
    (picture,) = job["pictures"]
    server.client.patch(f"/api/v1/pictures/{picture['id']}", json={"trashed": True})
    answer = server.client.post("/api/v1/trash/empty")
    assert answer.status_code == 200
    assert answer.json()["pictures"] >= 1
    assert server.client.get(f"/api/v1/pictures/{picture['id']}").status_code == 404
    assert server.client.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "done"
