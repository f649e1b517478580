"""Saving: a file is there whole or not at all, nothing is overwritten unasked, and a failure says what to do."""

import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from sfumato import exports
from sfumato.core.errors import CannotWrite, OutputExists, RequestError, SfumatoError, UnknownName
from sfumato.core.picture import Picture
from sfumato.core.recipe import Recipe
from sfumato.exports import publish


def picture(colour: str = "red", seed: int = 1, size: tuple[int, int] = (8, 8)) -> Picture:
    recipe = Recipe(
        model="pocket", weights="0123456789abcdef", prompt="a pear", seed=seed, steps=4, guidance=3.5, sampler="heun",
        schedule="karras", width=size[0], height=size[1], painted_width=64, painted_height=64,
    )  # fmt: skip
    return Picture(Image.new("RGBA", size, colour), recipe, 0.1, exports.save)


def refused(kind: type[SfumatoError], path: Path | str, says: str, *, force: bool = False) -> None:
    with pytest.raises(kind, match=says) as error:
        picture().save(path, force=force)
    assert type(error.value) is kind
    assert "\n" not in str(error.value)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@contextlib.contextmanager
def nothing_left(folder: Path) -> Iterator[None]:
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    yield
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Our own helpers in a process of its own, which limits and signals may end."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n{code}"]
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", ["a.png", "b.JPG", "c.jpeg", "d.webp", "e f ü 漢.png"])
def test_a_saved_file_is_what_encode_makes_and_nothing_else_is_left(tmp_path: Path, name: str):
    one = picture()
    assert one.save(tmp_path / name) == tmp_path / name
    assert (tmp_path / name).read_bytes() == exports.encode(one.image, one.recipe, Path(name).suffix)
    assert names_in(tmp_path) == [name]
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o666 & ~_umask()


def test_a_relative_path_is_taken_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    picture().save("a.png")
    assert (tmp_path / "a.png").exists()


def test_the_format_comes_from_the_ending_or_is_named_and_never_both_ways(tmp_path: Path):
    picture().save(tmp_path / "plain", format="jpeg")
    assert exports.writers["jpg"].recognises((tmp_path / "plain").read_bytes())
    with pytest.raises(RequestError, match="make the two agree"):
        picture().save(tmp_path / "x.png", format="webp")
    with pytest.raises(UnknownName, match="did you mean 'webp'"):
        picture().save(tmp_path / "x.wepb")
    with pytest.raises(RequestError, match=r"end it with .*\.png"):
        picture().save(tmp_path / "plain2")
    with pytest.raises(RequestError, match="png has no quality"):
        picture().save(tmp_path / "x.png", quality=90)


def test_what_stands_there_is_overwritten_only_if_asked(tmp_path: Path):
    path = tmp_path / "a.png"
    path.write_bytes(b"mine")
    with nothing_left(tmp_path):
        refused(OutputExists, path, "add --force to overwrite, or choose another --out")
    picture().save(path, force=True)
    assert exports.read(path).seed == 1
    assert names_in(tmp_path) == ["a.png"]


def test_a_link_is_not_written_through(tmp_path: Path):
    (tmp_path / "precious").write_bytes(b"mine")
    for target in ("precious", "nowhere"):
        link = tmp_path / "a.png"
        link.symlink_to(target)
        refused(OutputExists, link, "--force")
        picture().save(link, force=True)
        assert not link.is_symlink()
        link.unlink()
    assert (tmp_path / "precious").read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("force", [False, True])
def test_paths_that_cannot_be_are_refused_with_what_to_do(tmp_path: Path, force: bool):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "loop").symlink_to("loop")
    with nothing_left(tmp_path):
        refused(RequestError, tmp_path / "folder.png", "is a folder: add a file name", force=force)
        refused(CannotWrite, tmp_path / "none" / "a.png", "no folder .*: make it first", force=force)
        refused(CannotWrite, tmp_path / "file" / "a.png", "is not a folder", force=force)
        refused(CannotWrite, tmp_path / "loop" / "a.png", "choose another --out", force=force)
        refused(RequestError, tmp_path / ("n" * 300 + ".png"), "too long a name", force=force)
        refused(RequestError, f"{tmp_path}/a\0b.png", "NUL", force=force)
        refused(RequestError, f"{tmp_path}/a\ud83cb.png", "letters that no path can have", force=force)
        refused(CannotWrite, "/proc/a.png", "choose another --out", force=force)


def test_the_longest_name_that_the_folder_takes_is_saved(tmp_path: Path):
    picture().save(tmp_path / ("n" * 251 + ".png"))


def test_names_in_messages_stay_on_one_line(tmp_path: Path):
    path = tmp_path / "a\n\x1b[31m\u202egnp.png"
    picture().save(path)
    with pytest.raises(OutputExists) as error:
        picture().save(path)
    assert str(error.value).isprintable()


def test_a_folder_without_the_right_to_write_is_said_so(tmp_path: Path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for parent in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        if parent.stat().st_uid == os.geteuid():
            parent.chmod(0o755)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        refused(CannotWrite, folder / "a.png", "no right to write")
    finally:
        if root:
            os.seteuid(0)
    assert names_in(folder) == []


def test_a_disk_that_takes_no_more_leaves_nothing_behind(tmp_path: Path):
    """A real limit of the system on the size of files, met in the middle of writing."""
    done = run(
        "import resource\n"
        "from test_saving import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))\n"
        "for force in (False, True):\n"
        "    try: picture().save(sys.argv[1], force=force)\n"
        "    except CannotWrite as error: print(error)",
        tmp_path / "a.png",
    )
    assert done.stdout.count("is larger than files may be here") == 2, done.stderr
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "says"), [(errno.ENOSPC, "no room"), (errno.EROFS, "only be read"), (errno.EIO, "could not be written")]
)
@pytest.mark.parametrize("where", ["fsync", "link", "replace"])
def test_the_systems_no_at_any_point_keeps_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, says: str, where: str
):
    def fails(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "a.png"
    if where == "replace":
        path.write_bytes(b"mine")
    monkeypatch.setattr(publish.os, where, fails)
    with nothing_left(tmp_path):
        refused(CannotWrite, path, says, force=where == "replace")


@pytest.mark.parametrize("where", ["fsync", "link", "replace"])
def test_control_c_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(publish.os, where, interrupted)
    with pytest.raises(KeyboardInterrupt), nothing_left(tmp_path):
        picture().save(tmp_path / "a.png", force=where == "replace")
    assert names_in(tmp_path) == []


def test_a_kill_in_mid_writing_leaves_no_file_of_that_name(tmp_path: Path):
    done = run(
        "import os\n"
        "from test_saving import *\n"
        "publish.os.fsync = lambda _: os.kill(os.getpid(), 9)\n"
        "picture().save(sys.argv[1])",
        tmp_path / "a.png",
    )
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "a.png").exists()


def test_where_links_are_impossible_nothing_is_overwritten_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no links")

    monkeypatch.setattr(publish.os, "link", no_links)
    picture("red", seed=5).save(tmp_path / "a.png")
    assert exports.read(tmp_path / "a.png").seed == 5
    monkeypatch.setattr(publish, "check", lambda *_, **__: None)  # as if another came between
    with nothing_left(tmp_path):
        refused(OutputExists, tmp_path / "a.png", "--force")


def test_of_many_threads_that_save_the_same_path_one_wins(tmp_path: Path):
    for _ in range(5):
        path, won, ready = tmp_path / "a.png", [], threading.Barrier(8)

        def save(seed: int, path: Path = path, won: list[int] = won, ready: threading.Barrier = ready) -> None:
            one = picture(seed=seed)
            ready.wait()
            with contextlib.suppress(OutputExists):
                one.save(path)
                won.append(seed)

        threads = [threading.Thread(target=save, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [exports.read(path).seed] == won
        assert names_in(tmp_path) == ["a.png"]
        path.unlink()


def test_of_many_processes_that_save_the_same_path_one_wins(tmp_path: Path):
    children = []
    for seed in range(8):
        child = os.fork()
        if child == 0:
            code = 2
            try:
                picture(seed=seed).save(tmp_path / "a.png")
                code = 0
            except OutputExists:
                code = 1
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert sorted(codes) == [0, *[1] * 7]
    assert exports.read(tmp_path / "a.png").seed == codes.index(0)
    assert names_in(tmp_path) == ["a.png"]


def test_check_says_beforehand_what_saving_would(tmp_path: Path):
    (tmp_path / "there.png").write_bytes(b"")
    assert exports.check(tmp_path / "a.jpg").alpha is False
    for path, options in [
        (tmp_path / "there.png", {}),
        (tmp_path / "none" / "a.png", {}),
        (tmp_path / "a.gif", {}),
        (tmp_path / "a.png", {"quality": 5}),
        (tmp_path / "a.png", {"metadata": "some"}),
    ]:
        with pytest.raises(SfumatoError):
            exports.check(path, **options)
    assert names_in(tmp_path) == ["there.png"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
