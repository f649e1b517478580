"""The library: what is added is found and fetched again, by many processes at once, and whatever is killed."""

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from sfumato import exports
from sfumato.core.errors import CannotWrite, JobFailed, RequestError, UnknownName, UnreadableFile
from sfumato.core.picture import Picture
from sfumato.core.recipe import Recipe
from sfumato.library import Entry, Library


def picture(prompt: str = "a pear", model: str = "pocket", seed: int = 1, size: tuple[int, int] = (8, 8)) -> Picture:
    recipe = Recipe(
        model=model, weights="0123456789abcdef", prompt=prompt, seed=seed, steps=4, guidance=3.5, sampler="heun",
        schedule="karras", width=size[0], height=size[1], painted_width=64, painted_height=64,
    )  # fmt: skip
    return Picture(Image.new("RGBA", size, "red"), recipe, 1.5, exports.save)


def add(library: Library, one: Picture) -> Entry:
    return library.add(exports.encode(one.image, one.recipe, "png"), one)


@pytest.fixture
def library(tmp_path: Path):
    with Library(tmp_path / "home") as made:
        yield made


def run(code: str, home: Path) -> subprocess.Popen[str]:
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom test_library import *\n{code}"
    return subprocess.Popen([sys.executable, "-c", code, str(home)], stderr=subprocess.PIPE, text=True)


def prompts(entries: list[Entry]) -> list[str]:
    return [entry.recipe.prompt for entry in entries]


def test_what_is_added_is_kept_to_the_byte_and_the_field(library: Library):
    one = picture("a pear\n<b> 漢 \x00", seed=2**64 - 1, size=(20, 10))
    data = exports.encode(one.image, one.recipe, "png")
    before = datetime.now(UTC)
    entry = library.add(data, one)
    assert entry.recipe == one.recipe
    assert (entry.width, entry.height, entry.seconds) == (20, 10, 1.5)
    assert entry.content == hashlib.sha256(data).hexdigest()
    assert before <= entry.created <= datetime.now(UTC)
    assert library.fetch(entry.id) == data == entry.picture.read_bytes()
    assert library.find() == [entry]
    assert library.count() == 1


def test_it_is_all_there_when_opened_again(library: Library):
    entries = [add(library, picture(seed=seed)) for seed in range(3)]
    library.close()
    with Library(library.home) as again:
        assert again.find() == entries[::-1]


@pytest.mark.parametrize(("size", "expected"), [((800, 200), (256, 64)), ((1, 600), (1, 256)), ((100, 50), (100, 50))])
def test_thumbnails_are_webp_of_at_most_256_pixels(library: Library, size: tuple[int, int], expected: tuple[int, int]):
    entry = add(library, picture("a SECRET pear", size=size))
    with Image.open(entry.thumbnail) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("WEBP", expected)
    assert b"SECRET" not in entry.thumbnail.read_bytes()


def test_the_same_bytes_are_kept_once_and_never_written_again(library: Library):
    first = add(library, picture())
    stamp = first.picture.stat()
    second = add(library, picture())
    assert (second.picture, second.thumbnail) == (first.picture, first.thumbnail)
    assert second.picture.stat().st_ino == stamp.st_ino
    assert library.count() == 2


def test_every_word_is_found_in_any_order_and_case(library: Library):
    for prompt in ["A red Pear", "a green pear", "ÄPFEL und Straße", "100% pear_tree", r"back\slash"]:
        add(library, picture(prompt))
    assert prompts(library.find("PEAR red")) == ["A red Pear"]
    assert prompts(library.find("pear green red")) == []
    assert prompts(library.find("äpfel STRASSE")) == ["ÄPFEL und Straße"]
    assert prompts(library.find("%")) == ["100% pear_tree"]
    assert prompts(library.find("r_t")) == ["100% pear_tree"]
    assert prompts(library.find("_")) == ["100% pear_tree"]
    assert prompts(library.find("\\")) == [r"back\slash"]
    assert len(library.find("  ")) == len(library.find()) == 5


@given(st.text(max_size=40))
@example("\0")
@example("a\0")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_search_is_sql(library: Library, text: str):
    if library.count() == 0:
        add(library, picture("a pear"))
    assert len(library.find(text)) == all(word in "a pear" for word in text.casefold().split())
    assert len(library.find(model=text)) == (text == "pocket")


def test_newest_come_first_in_pages(library: Library):
    for seed in range(7):
        add(library, picture(seed=seed))
    pages = [library.find(limit=3, offset=offset) for offset in (0, 3, 6, 9)]
    assert [[entry.recipe.seed for entry in page] for page in pages] == [[6, 5, 4], [3, 2, 1], [0], []]


def test_since_and_until_bound_the_moment_in_any_time_zone(library: Library):
    from datetime import timezone

    first, second = add(library, picture(seed=1)), add(library, picture(seed=2))
    tokyo = timezone(timedelta(hours=9))
    assert library.find(since=second.created) == [second]
    assert library.find(until=second.created.astimezone(tokyo)) == [first]
    assert library.find(since=first.created.astimezone(tokyo), until=second.created) == [first]
    assert library.find(since=datetime.now() - timedelta(hours=1)) == [second, first]  # local time
    assert library.find(since=datetime.now() + timedelta(hours=1)) == []


def test_models_are_told_apart(library: Library):
    add(library, picture(model="pocket"))
    flux = add(library, picture(model="flux"))
    assert library.find(model="flux") == [flux]
    assert library.find(model="' OR 1=1 --") == []


def test_what_cannot_be_asked_is_refused_in_one_line(library: Library):
    crowd = " ".join(f"w{i}" for i in range(200))
    asked: list[dict[str, Any]]
    asked = [{"limit": 0}, {"limit": 10**9}, {"offset": -1}, {"offset": 2**64}, {"text": crowd}, {"model": "\ud83c"}]
    for one in asked:
        with pytest.raises(RequestError) as refused:
            library.find(**one)
        assert "\n" not in str(refused.value)
    for id in (0, -1, 99, 2**70):
        with pytest.raises(UnknownName, match="no picture"):
            library.fetch(id)
    with pytest.raises(UnreadableFile):
        library.add(b"no picture", picture())
    assert library.count() == 0


def test_a_damaged_or_missing_picture_is_said_so(library: Library):
    entry = add(library, picture())
    entry.picture.write_bytes(entry.picture.read_bytes()[:-1])
    with pytest.raises(JobFailed, match="damaged"):
        library.fetch(entry.id)
    entry.picture.unlink()
    with pytest.raises(JobFailed, match="gone"):
        library.fetch(entry.id)


@pytest.mark.parametrize("written", [b"this is no database " * 50, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_database_is_said_so(tmp_path: Path, written: bytes):
    (tmp_path / "library.db").write_bytes(written)
    with pytest.raises(JobFailed, match=r"is damaged: .*move it away") as failed:
        Library(tmp_path)
    assert "\n" not in str(failed.value)


def test_a_newer_library_is_left_alone(tmp_path: Path):
    with sqlite3.connect(tmp_path / "library.db") as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(JobFailed, match="update Sfumato"):
        Library(tmp_path)


def test_a_home_that_cannot_be_is_said_so(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "home" / "library.db").mkdir(parents=True)
    for home in (tmp_path / "file", tmp_path / "file" / "home", tmp_path / "home", Path("/proc/none")):
        with pytest.raises(CannotWrite) as failed:
            Library(home)
        assert "\n" not in str(failed.value)


def test_a_full_disk_fails_in_one_line_and_leaves_the_rest_readable(tmp_path: Path):
    """A real limit on the size of files, which the database's journal meets first."""
    with Library(tmp_path) as library:
        kept = add(library, picture())
    child = run(
        "import resource\n"
        "library = Library(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try:\n"
        "    for seed in range(100): add(library, picture('pear ' * 400, seed=seed, size=(300, 300)))\n"
        "except CannotWrite as error:\n"
        "    assert '\\n' not in str(error); sys.exit(7)",
        tmp_path,
    )
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 7, errors
    with Library(tmp_path) as library:
        assert kept in library.find(limit=1000)
        for entry in library.find(limit=1000):
            library.fetch(entry.id)


def test_many_processes_add_at_once_and_nothing_is_lost(tmp_path: Path):
    """They also make the database at once."""
    children = []
    for who in range(6):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with Library(tmp_path / "home") as library:
                    for seed in range(8):
                        add(library, picture(f"by {who}", seed=seed))
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 6
    with Library(tmp_path / "home") as library:
        assert library.count() == 48
        for who in range(6):
            assert {entry.recipe.seed for entry in library.find(f"by {who}")} == set(range(8))


@pytest.mark.parametrize("how", ["BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_database_that_another_program_holds_is_waited_for(tmp_path: Path, how: str):
    held = sqlite3.connect(tmp_path / "library.db", check_same_thread=False, isolation_level=None)
    held.execute("CREATE TABLE theirs (a)")
    held.execute("INSERT INTO theirs VALUES (1)")
    held.execute(how)
    held.execute("SELECT * FROM theirs").fetchall()
    letting_go = threading.Timer(0.3, held.execute, ["ROLLBACK"])
    letting_go.start()
    with Library(tmp_path) as library:
        assert library.count() == 0
    letting_go.join()
    held.close()


def test_a_kill_leaves_no_row_without_its_picture(tmp_path: Path):
    Library(tmp_path).close()
    for moment in range(3):
        child = run(
            "library = Library(sys.argv[1])\n"
            "for seed in range(10**6): add(library, picture(seed=seed, size=(64, 64))); print(flush=True)",
            tmp_path,
        )
        with Library(tmp_path) as library:
            have = library.count()
            while library.count() < have + 2 + moment and child.poll() is None:
                pass
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert child.returncode == -signal.SIGKILL
    with Library(tmp_path) as library:
        entries = library.find(limit=1000)
        assert len(entries) == library.count() >= 6
        for entry in entries:
            library.fetch(entry.id)
            Image.open(entry.thumbnail).load()


def test_found_ones_are_counted_and_their_tags(library: Library):
    entries = [add(library, picture("a red pear", seed=seed)) for seed in range(5)]
    add(library, picture("a green apple"))
    library.mark(entries[0].id, tags=["picked", "fruit"], rating=4)
    library.mark(entries[1].id, tags=["fruit"])
    library.mark(entries[2].id, trashed=True)
    assert library.count_found() == 5
    assert library.count_found(text="red") == 4
    assert library.count_found(text="red", tag="fruit", rating=4) == 1
    assert library.count_found(trashed=True) == 1
    assert library.count_found(until=entries[2].created) == 2
    assert library.count_found(owner="ada") == 0
    assert library.tags() == {"fruit": 2, "picked": 1}
    assert library.tags(limit=1, text="pear") == {"fruit": 2}
    assert library.tags(text="apple") == {}


def test_a_jump_far_into_the_library_reads_no_row_on_the_way(library: Library):
    import sqlite3

    from sfumato.library.rows import FIND, SHOWN

    add(library, picture())
    asked = {"trashed": 0, "rating": 0, "limit": 100, "offset": 90_000}
    for shown in (SHOWN, f"{SHOWN} AND NOT EXISTS (SELECT 1 FROM json_each('[]') WHERE instr(folded, value) = 0)"):
        with sqlite3.connect(library.home / "library.db") as database:
            plan = [row[3] for row in database.execute("EXPLAIN QUERY PLAN " + FIND.format(shown=shown), asked)]
        assert "SCAN pictures USING COVERING INDEX pictures_in_order" in plan
        assert not any("TEMP B-TREE" in step for step in plan if "ORDER" in step)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_library_of_an_older_version_is_brought_up_to_date(tmp_path: Path, version: int):
    import sqlite3

    with Library(tmp_path) as library:
        entry = add(library, picture())
    with sqlite3.connect(tmp_path / "library.db") as database:
        for name in ("INDEX pictures_by_start", "INDEX pictures_by_seed", "TABLE begun"):
            database.execute(f"DROP {name}")
        database.execute("ALTER TABLE pictures DROP COLUMN start")
        if version < 3:
            for statement in ("DROP INDEX pictures_in_order", "DROP TABLE board_pictures", "DROP TABLE boards"):
                database.execute(statement)
        if version == 1:
            database.execute("DROP INDEX pictures_by_origin")
            for column in ("owner", "origin", "tags", "rating", "trashed"):
                database.execute(f"ALTER TABLE pictures DROP COLUMN {column}")
        database.execute(f"PRAGMA user_version = {version}")
    for _ in range(2):
        with Library(tmp_path) as library:
            assert library.find() == [entry]
            assert library.count_found(rating=0) == 1
            assert library.boards.all() == []
            assert library.lineage.became(entry) == []


def test_variations_and_finished_pictures_came_of_the_one_before_them(library: Library):
    from sfumato.core.recipe import Toward

    one = add(library, first := picture())
    turned = first.recipe.model_copy(update={"toward": Toward(seed=5, share=0.3)})
    larger = first.recipe.model_copy(update={"finish": ("upscale:2",), "width": 2 * first.recipe.width})
    other = first.recipe.model_copy(update={"prompt": "another", "toward": Toward(seed=5, share=0.3)})
    like, large, _ = [add(library, replace(first, recipe=recipe)) for recipe in (turned, larger, other)]
    assert library.lineage.became(one) == [large, like]
    assert library.lineage.made_from(like) == library.lineage.made_from(large) == [one]
    assert library.lineage.became(one, owner="ada") == library.lineage.made_from(one) == []


def test_boards_hold_pictures_under_a_name(library: Library):
    one, two, three = [add(library, picture(seed=seed)) for seed in range(3)]
    pears = library.boards.make("  Pears  of mine ")
    assert (pears.name, pears.number, pears.cover) == ("Pears of mine", 0, None)
    assert library.boards.change(pears.id, lay=[one.id, two.id, one.id]).number == 2
    assert library.boards.change(pears.id, lay=[three.id, two.id], take=[one.id]).cover == three.id
    assert library.find(board=pears.id) == [three, two]
    assert library.count_found(board=pears.id) == 2
    library.mark(three.id, trashed=True)
    assert (library.boards.get(pears.id).number, library.boards.get(pears.id).cover) == (1, two.id)
    assert library.boards.rename(pears.id, "Apples").name == "Apples"
    assert library.boards.remove(pears.id).name == "Apples"
    assert library.boards.all() == []
    assert library.count() == 3


def test_what_boards_refuse_changes_nothing(library: Library):
    from sfumato.core.errors import Conflict, NotFound, RequestError

    entry = add(library, picture())
    board = library.boards.make("one", "ada")
    with pytest.raises(Conflict):
        library.boards.make("one", "ada")
    other = library.boards.make("one", "ben")
    with pytest.raises(NotFound):
        library.boards.get(other.id, "ada")
    with pytest.raises(NotFound):  # the picture is nobody's, not ada's
        library.boards.change(board.id, lay=[entry.id], owner="ada")
    with pytest.raises(NotFound):
        library.boards.change(board.id, lay=[entry.id, entry.id + 1])
    assert library.boards.get(board.id).number == 0
    for name in ("", "  ", "x" * 101, "a\x07b"):
        with pytest.raises(RequestError):
            library.boards.make(name)
