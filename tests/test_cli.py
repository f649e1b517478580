"""The command line: data on stdout, all else on stderr; exit 0, 1, 2 or 130; one line for whatever is wrong.

Most tests call main() here; what only a process shows (signals, limits, terminals, imports) is tested in one.
"""

import contextlib
import io
import json
import os
import pty
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sfumato import Studio, catalog, cli, exports
from sfumato.core.picture import Picture
from sfumato.core.ratios import RATIOS
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import schedules
from sfumato.engine.weights.lora import modules
from sfumato.engine.weights.tensors import mapped
from sfumato.library import Library
from sfumato.testing import random_lora
from sfumato.wiring import Parts

CARD = catalog.card()
SIDE = CARD.sizes.low
QUICK = ["--steps", "1", "--size", f"{SIDE}x{SIDE}"]
REFUSED = [name for name in samplers.names() if samplers[name].refuses(CARD.noise.scale)]


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Run = Callable[..., Result]


@pytest.fixture
def sfumato(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in an empty folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run(*words: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "argv", ["sfumato", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Result(ended.value.code, said.out, said.err)

    return run


@pytest.fixture
def nothing_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Parts, "model", lambda self, name: pytest.fail("a model was loaded"))


def process(*words: str, **options: Any) -> subprocess.Popen[str]:
    def hearing() -> None:  # who tests in the background has Ctrl-C ignored, and hands that down
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "preexec_fn": hearing, **options}
    return subprocess.Popen([sys.executable, "-m", "sfumato", *words], **pipes)


def names_here() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def size_of(path: str | Path) -> tuple[int, int]:
    with Image.open(path) as image:
        image.load()
        return image.size


# ---- generate: where pictures go


def test_a_prompt_becomes_a_file_here_whose_path_is_all_of_stdout(tmp_path: Path, home: Path):
    """The real command, as a person runs it."""
    made = process("generate", "A red apple!", "--seed", "0", *QUICK, cwd=tmp_path)
    out, err = made.communicate(timeout=60)
    assert (made.returncode, out) == (0, "a-red-apple-0.png\n")
    assert err.splitlines() == ["1/1 'A red apple!': step 1 of 1, 0 s left"]
    assert [path.name for path in tmp_path.iterdir()] == ["a-red-apple-0.png"]
    assert size_of(tmp_path / "a-red-apple-0.png") == (SIDE, SIDE)
    assert Library(home).find()[0].recipe.seed == 0
    assert Studio().replay(tmp_path / "a-red-apple-0.png").changed == 0  # what another process painted


def test_a_seed_that_was_drawn_is_reported(sfumato: Run):
    result = sfumato("generate", "a", "-n", "2", *QUICK)
    first, last = (int(Path(line).stem.rpartition("-")[2]) for line in result.lines)
    assert last == first + 1
    assert f"sfumato: seed {first} to {last}" in result.err.splitlines()


@pytest.mark.parametrize(
    ("out", "made"),
    [
        ("x.png", ["x.png"]),
        ("x.JPG", ["x.JPG"]),
        ("x", ["x.png"]),
        ("x.2", ["x.2.png"]),
        ("sub/", ["sub/a-cat-5.png"]),
        ("sub", ["sub/a-cat-5.png"]),
        ("sub/{model}-{n}-{seed}-{prompt}.webp", ["sub/pocket-1-5-a-cat.webp"]),
    ],
)
def test_out_is_a_file_a_folder_or_a_pattern(sfumato: Run, out: str, made: list[str]):
    Path("sub").mkdir()
    result = sfumato("generate", "A cat", "--seed", "5", *QUICK, "--out", out)
    assert (result.code, result.lines) == (0, made)
    assert all(size_of(path) == (SIDE, SIDE) for path in made)


@pytest.mark.parametrize(
    ("out", "made"),
    [
        ([], ["a-5.png", "a-6.png", "a-7.png"]),
        (["--out", "x.png"], ["x-1.png", "x-2.png", "x-3.png"]),
        (["--out", "{n}"], ["1.png", "2.png", "3.png"]),
        (["--format", "jpg"], ["a-5.jpg", "a-6.jpg", "a-7.jpg"]),
    ],
)
def test_several_pictures_have_several_names(sfumato: Run, out: list[str], made: list[str]):
    result = sfumato("generate", "a", "-n", "3", "--seed", "5", *QUICK, *out)
    assert (result.code, result.lines) == (0, made)
    assert names_here() == made


@pytest.mark.parametrize(("format", "kind"), [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP")])
def test_formats(sfumato: Run, format: str, kind: str):
    quality = [] if format == "png" else ["--quality", "70"]
    result = sfumato("generate", "a", "--seed", "1", *QUICK, "--format", format, *quality)
    assert result.lines == [f"a-1.{format}"]
    with Image.open(result.lines[0]) as image:
        assert image.format == kind
    assert ("jpg has no transparency" in result.err) == (format == "jpg")
    assert "--background" not in sfumato("generate", "b", "--background", "white", *QUICK, "--format", format).err


def test_a_prompt_comes_from_stdin(sfumato: Run):
    assert sfumato("generate", "-", "--seed", "1", *QUICK, stdin="ein Apfel, größer\n".encode()).lines == [
        "ein-apfel-größer-1.png"
    ]
    assert "the prompt is empty" in sfumato("generate", "-").err
    assert "not UTF-8" in sfumato("generate", "-", stdin=b"\xff\xfe").err


def test_prompts_come_from_a_file_one_a_line(sfumato: Run, tmp_path: Path):
    file = tmp_path / "prompts.txt"
    file.write_bytes(b"\xef\xbb\xbfa cat\r\n\r\n  a dog  \na cat!\n")
    result = sfumato("generate", "--prompts", str(file), *QUICK)
    seed = int(result.lines[0].removeprefix("a-cat-").removesuffix(".png"))
    assert result.lines == [f"a-cat-{seed}.png", f"a-dog-{seed}.png", f"a-cat-{seed}-3.png"]
    assert f"sfumato: seed {seed}" in result.err.splitlines()
    assert names_here() == sorted(result.lines)


def test_json_is_all_of_stdout_and_holds_the_recipes(sfumato: Run):
    result = sfumato("generate", "a", "-n", "2", "--seed", "1", "--guidance", "1", "--negative", "b", *QUICK, "--json")
    found = json.loads(result.out)
    assert [row["path"] for row in found["pictures"]] == ["a-1.png", "a-2.png"]
    assert [row["recipe"]["seed"] for row in found["pictures"]] == [1, 2]
    assert len(found["warnings"]) == 1
    assert "--negative has no effect" in found["warnings"][0]


def test_a_path_of_any_letters_is_printed_as_it_is(tmp_path: Path):
    name = b"caf\xe9 \xe6\xbc\xa2.png"  # not UTF-8 as a whole
    made = subprocess.run(
        [sys.executable, "-m", "sfumato", "generate", "a", *QUICK, "--out", name],  # type: ignore[list-item]
        cwd=tmp_path, capture_output=True, timeout=60,
    )  # fmt: skip
    assert (made.returncode, made.stdout) == (0, name + b"\n")
    assert [os.fsencode(path.name) for path in tmp_path.iterdir()] == [name]


# ---- generate: what stands in the way


@pytest.mark.usefixtures("nothing_loads")
def test_an_existing_output_is_refused_before_painting(sfumato: Run):
    for name in ("a-1.png", "a-2.png"):
        Path(name).write_text("mine")
    result = sfumato("generate", "a", "--seed", "0", "-n", "3")
    assert (result.code, result.out) == (2, "")
    assert result.err == "sfumato: 'a-1.png' is there already: add --force to overwrite, or choose another --out\n"
    assert Path("a-1.png").read_text() == "mine"
    assert names_here() == ["a-1.png", "a-2.png"]


def test_force_overwrites(sfumato: Run):
    Path("a-1.png").write_text("mine")
    assert sfumato("generate", "a", "--seed", "1", *QUICK, "--force").code == 0
    assert size_of("a-1.png") == (SIDE, SIDE)


WRONG: list[tuple[list[str], str]] = [
    (["--sampler", "eulr"], "did you mean 'euler'?"),
    *((["--sampler", name], f"cannot use sampler '{name}': ") for name in REFUSED),
    (["--schedule", "flo"], "did you mean 'flow'?"),
    (["--model", "pokcet"], "did you mean 'pocket'?"),
    (["--style", "nope"], "no style of"),
    (["--size", "250x256"], "the nearest is 256x256"),
    (["--size", "0x0"], f"the nearest is {SIDE}x{SIDE}"),
    (["--size", "9" * 15 + "x1"], "the nearest is"),
    (["--size", "256"], "write it as 256x256"),
    (["--size", "²x²"], "write it as 256x256"),
    (["--size", "-1x5"], "write it as 256x256"),
    (["--size", "256x256", "--aspect-ratio", "1:1"], "not both"),
    (["--aspect-ratio", "2:1"], "the nearest is '16:9'"),
    (["--megapixels", "nan"], "megapixels nan"),
    (["--megapixels", "much"], "'much' is not a number"),
    (["--steps", "0"], "the nearest is 1"),
    (["--steps", "1.5"], "'1.5' is not a whole number"),
    (["--steps", "9" * 5000], "is not a whole number"),
    (["--guidance", "nan"], "guidance is not a number"),
    (["--guidance", "inf"], "the nearest is"),
    (["--guidance", "abc"], "'abc' is not a number"),
    (["--rescale", "2"], "the nearest is 1"),
    (["--seed", "-1"], "the nearest is 0"),
    (["--seed", str(2**64)], "the nearest is 18446744073709551615"),
    (["--seed", str(2**64 - 1), "-n", "2"], "the nearest is 18446744073709551614"),
    (["--seed", "a\x1b[31m"], r"'a\x1b[31m' is not a whole number"),
    (["-n", "0"], "the nearest is 1"),
    (["-n", "x"], "'x' is not a whole number"),
    (["--background", "blue"], "use transparent, white, black or a colour"),
    (["--format", "gif"], "no format named 'gif'"),
    (["--quality", "101", "--format", "jpg"], "quality 101"),
    (["--quality", "50"], "png has no quality"),
    (["--metadata", "al"], "no metadata level named 'al'; "),
    (["--out", ""], "--out is empty"),
    (["--out", "x.gif"], "no format named 'gif'"),
    (["--out", "{sed}.png"], "--out has no field {sed}; it has model, n, prompt, seed"),
    (["--out", "x" * 5000], "too long a name"),
    (["--out", "x.png", "--format", "jpg"], "make the two agree"),
    (["--out", "a\0b.png"], "NUL"),
    (["--lora", "ink"], "no LoRA named 'ink', nor any other: learn one with sfumato train lora"),
    (["--lora", "ink:much"], "'ink:much' has no number behind its colon"),
    (["--lora", "../ink"], "'../ink' is no name for a LoRA"),
    (["--upscale", "4"], "the weights upscale-drawing are not here yet: sfumato pull upscale-drawing"),
    (["--upscale", "4:much"], "no kind of upscaling named 'much'"),
    (["--cutout"], "the weights cutout are not here yet: sfumato pull cutout"),
    (["--then", "cut-out"], "no finishing step named 'cut-out'; did you mean 'cutout'?"),
    (["--bogus"], "No such option: --bogus"),
    (["another"], "another"),
    (["--prompts", "nowhere.txt"], "give either a prompt"),
    (["--negative", "\x07"], "the negative prompt holds a control character, U+0007"),
    (["--negative", "\udc80"], "half a character"),
]


@pytest.mark.usefixtures("nothing_loads")
@pytest.mark.parametrize(("words", "says"), WRONG, ids=[f"{words}"[:40].replace("\0", "0") for words, _ in WRONG])
def test_a_wrong_value_is_told_in_one_line_before_anything_loads(sfumato: Run, words: list[str], says: str):
    result = sfumato("generate", "a pear", *words)
    assert (result.code, result.out) == (2, "")
    assert says in result.err
    (line,) = result.err.splitlines()
    assert line.startswith("sfumato: ")
    assert len(line) < 500
    assert line.isprintable()
    assert names_here() == []


@pytest.mark.usefixtures("nothing_loads")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["generate"], "give either a prompt"),
        (["generate", ""], "the prompt is empty"),
        (["generate", "a" * 2**17], "at most 10,000 are taken"),
        (["generate", "a\udcff"], "half a character"),
        (["generate", "--prompts", "nowhere.txt"], "nowhere.txt cannot be read: "),
        (["generate", "--prompts", "."], ". cannot be read: "),
        (["generate", "--prompts", "/dev/null"], "/dev/null holds 0 prompts"),
        (["replay"], "Missing argument"),
        (["replay", "nowhere.png"], "'nowhere.png' cannot be read: no such file or directory"),
        (["replay", "/dev/null"], "cannot be read"),
        (["info", "."], "cannot be read"),
        (["models", "pokcet"], "did you mean 'pocket'?"),
        (["models", ""], "no model named ''"),
        (["history", "--since", "yesterday"], "since 'yesterday' is not a day: write it as 2026-11-30"),
        (["history", "--until", "9999-12-31"], "until '9999-12-31' is not a day"),
        (["history", "--since", "0001-01-01x"], "is not a day"),
        (["history", "--limit", "0"], "limit is 1 to 1000"),
        (["loras", "rm", "ink"], "no LoRA named 'ink'"),
        (["loras", "rm", "../ink"], "'../ink' is no name for a LoRA"),
        (["train", "lora", "--name", "ink"], "Missing argument"),
        (["train", "lora", "."], "Missing option"),
        (["train", "lora", ".", "--name", "ink"], "0 pictures can be learned from, and at least 3 are needed"),
        (["train", "lora", "nowhere", "--name", "ink"], "'nowhere' cannot be read (no such file or directory)"),
        (["train", "lora", ".", "--name", "in k"], "'in k' is no name for a LoRA"),
        (["train", "lora", ".", "--name", "ink", "--minutes", "x"], "'x' is not a number"),
        (["export", "nowhere.png", "--for", "blog"], "'nowhere.png' cannot be read: no such file or directory"),
        (["export", "nowhere.png"], "say what to export for, as blog; there are: avatar, "),
        (["export", "nowhere.png", "--for", "blog,storry"], "no export preset named 'storry'; did you mean 'story'?"),
        (["generate", "a", "--preset", "inc"], "no style preset named 'inc'; did you mean 'ink'?"),
        (["histroy"], "No such command 'histroy'"),
        (["upscale", "nowhere.png", "--out", "x" * 5000], "too long a name"),
        (["upscale", "nowhere.png", "--out", "{seed}.png"], "--out has no field {seed}; it has n, name"),
        (["tidy", "--trash", "-1"], "trash days -1 is outside 0 to 36500; the nearest is 0"),
        (["tidy", "--trash", "1e12"], "the nearest is 36500"),
        (["tidy", "--trash", "nan"], "trash days is not a number"),
    ],
)
def test_so_it_is_with_every_command(sfumato: Run, words: list[str], says: str):
    result = sfumato(*words)
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert says in line


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        (
            "MOST_JOBS",
            "many",
            "SFUMATO_MOST_JOBS: input should be a valid integer, unable to parse string as an integer, ",
        ),
        ("MOST_JOBS", "0", "greater than or equal to 1, not '0': set it right or unset it (Jobs that may wait or run"),
        (
            "MODELS",
            "flux",
            "SFUMATO_MODELS: it is not JSON: set it right or unset it (Models that lie elsewhere, by name",
        ),
        ("TRASH_DAYS", "1000000000", "less than or equal to 36500, not '1000000000'"),
        ("PRECISION", "fp7", "did you mean 'fp"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line(
    sfumato: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
):
    monkeypatch.setenv(f"SFUMATO_{name}", value)
    result = sfumato("history")
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert says in line


@pytest.mark.usefixtures("nothing_loads")
def test_a_folder_that_is_missing_or_cannot_be_written_is_told_before_painting(sfumato: Run, tmp_path: Path):
    result = sfumato("generate", "a", "--out", "nowhere/x.png")
    assert (result.code, result.out) == (1, "")
    assert result.err == "sfumato: there is no folder 'nowhere': make it first, or choose another --out\n"
    if os.geteuid() != 0:  # root may write anywhere
        (tmp_path / "locked").mkdir(mode=0o500)
        result = sfumato("generate", "a", "--out", str(tmp_path / "locked/x.png"))
        assert result.code == 1
        assert "no right to write in" in result.err


def test_a_library_that_cannot_be_written_does_not_cost_the_picture(sfumato: Run, monkeypatch: pytest.MonkeyPatch):
    Path("file").write_text("here is a file")
    monkeypatch.setenv("SFUMATO_HOME", "file")
    result = sfumato("generate", "a", "--seed", "1", *QUICK)
    assert (result.code, result.lines) == (0, ["a-1.png"])
    assert "sfumato: not kept in the history: " in result.err


# ---- generate: what only a process shows


def on_a_terminal(words: list[str], folder: Path) -> tuple[int, str]:
    """What a person sees: stdout and stderr are one terminal of 100 columns."""
    leader, follower = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    made = process(*words, cwd=folder, env=env, stdout=follower, stderr=follower)
    os.close(follower)
    seen = b""
    with contextlib.suppress(OSError):  # raised when the other side has closed
        while select.select([leader], [], [], 60)[0] and (part := os.read(leader, 65536)):
            seen += part
    os.close(leader)
    return made.wait(timeout=60), seen.decode()


def test_a_terminal_shows_a_bar_with_what_is_made_the_step_and_the_time_left(tmp_path: Path):
    code, seen = on_a_terminal(["generate", "a [red] apple", "--seed", "1", "--steps", "40"], tmp_path)
    assert code == 0
    assert "━" in seen
    assert "1/1 a [red] apple" in seen
    assert "/40 steps" in re.sub(r"\x1b\[[0-9;]*m", "", seen)  # without its colours
    assert "0:00:" in seen
    assert "a-red-apple-1.png" in seen
    assert "step 40 of 40" not in seen  # that is for files


def lines_of(made: subprocess.Popen[str]) -> Iterator[str]:
    assert made.stderr is not None
    return iter(made.stderr.readline, "")


def interrupt(made: subprocess.Popen[str]) -> tuple[str, str]:
    made.send_signal(signal.SIGINT)
    return made.communicate(timeout=60)


def test_ctrl_c_in_the_middle_of_a_picture_leaves_nothing(tmp_path: Path, home: Path):
    made = process(
        "generate", "a", "--seed", "1", "--negative", "b", "--steps", str(int(CARD.steps.high)), "--sampler", "heun",
        cwd=tmp_path,
    )  # fmt: skip
    assert "step 1 of" in next(lines_of(made))
    out, err = interrupt(made)
    assert (made.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "sfumato: stopped; no half file is left"
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
    assert Library(home).count() == 0


def test_ctrl_c_between_pictures_leaves_whole_ones(tmp_path: Path, home: Path):
    made = process("generate", "a", "--seed", "1", "-n", "500", "--steps", "1", cwd=tmp_path)
    assert made.stdout is not None
    shown = [made.stdout.readline().strip() for _ in range(3)]
    out, err = interrupt(made)
    assert made.returncode == 130
    assert "Traceback" not in err
    shown += out.split()
    assert 3 <= len(shown) < 500
    left = {path.name for path in tmp_path.iterdir()}
    assert left - {f"a-{len(shown) + 1}.png"} == set(shown)  # one more may be saved and not yet told
    assert all(size_of(tmp_path / name) for name in left)
    entries = Library(home).find(limit=1000)
    assert len(left) - 1 <= len(entries) <= len(left)
    assert all(size_of(entry.picture) and size_of(entry.thumbnail) for entry in entries)


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, home: Path):
    """No file may grow beyond 1,000 bytes: the same to a program as no room on the disk."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    made = process("generate", "a", "--seed", "1", *QUICK, cwd=tmp_path, env=env, preexec_fn=limited)
    out, err = made.communicate(timeout=60)
    assert (made.returncode, out) == (1, "")
    assert "is larger than files may be here" in err.splitlines()[-1]
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
    assert {path.name for path in home.iterdir()} <= {"library.db"}, "which is opened meanwhile"


# ---- replay, info


def test_replay_says_whether_it_is_the_same(sfumato: Run):
    for name in ("x.png", "x.jpg", "x.webp"):
        sfumato("generate", "a", "--seed", "1", *QUICK, "--out", name)
    result = sfumato("replay", "x.png", "x.jpg", "x.webp")
    assert result.code == 0
    assert result.lines[0] == f"x.png: the same, 0 of {SIDE * SIDE} pixels differ"
    assert all(": the same, " in line for line in result.lines)
    rows = json.loads(sfumato("replay", "x.png", "x.jpg", "--json").out)
    assert [(row["path"], row["same"], row["pixels"]) for row in rows] == [
        ("x.png", True, SIDE * SIDE),
        ("x.jpg", True, SIDE * SIDE),
    ]


def test_finishing_steps_are_done_and_replayed(sfumato: Run):
    steps = ["--then", "upscale:2:plain", "--then", "pad:300x200", "--background", "#0000ff"]
    sfumato("generate", "a", "--seed", "1", *QUICK, *steps, "--out", "x.png")
    with Image.open("x.png") as image:
        assert image.size == (300, 200)
        assert image.convert("RGB").getpixel((0, 0)) == (0, 0, 255)
    assert sfumato("replay", "x.png").lines == ["x.png: the same, 0 of 60000 pixels differ"]


def test_what_is_enlarged_afterwards_is_replayed_too(sfumato: Run):
    sfumato("generate", "a", "--seed", "1", *QUICK, "--background", "white", "--out", "x.png")
    sfumato("upscale", "x.png", "--times", "2", "--kind", "plain")
    assert sfumato("replay", "x-x2.png").lines == [f"x-x2.png: the same, 0 of {4 * SIDE * SIDE} pixels differ"]


def test_replay_of_changed_pixels_says_so_and_exits_1(sfumato: Run):
    sfumato("generate", "a", "--seed", "1", *QUICK, "--out", "x.png")
    with Image.open("x.png") as image:
        image.load()
        text = dict(image.info)
        red = Image.new(image.mode, (8, 8), "red")
        image.paste(red, (10, 10))
    info = PngInfo()
    info.add_itxt("sfumato", text["sfumato"])
    image.save("x.png", pnginfo=info)
    result = sfumato("replay", "x.png")
    assert result.code == 1
    assert result.lines[0].startswith("x.png: NOT the same, ")
    assert result.err == ""


def test_replay_can_keep_what_it_painted_and_never_over_the_original(sfumato: Run):
    sfumato("generate", "a", "--seed", "1", *QUICK, "--out", "x.png")
    assert sfumato("replay", "x.png", "--out", "again.png").code == 0
    assert Path("again.png").read_bytes() == Path("x.png").read_bytes()
    result = sfumato("replay", "x.png", "--out", "x.png")
    assert result.code == 2
    assert "is there already" in result.err


@pytest.mark.usefixtures("nothing_loads")
def test_where_a_replayed_picture_is_to_go_is_checked_before_it_is_painted(sfumato: Run):
    (recipe,) = Studio().plan("a", width=SIDE, height=SIDE).recipes
    Picture(Image.new("RGBA", recipe.size), recipe, 0, exports.save).save("x.png")
    for out, code, says in (("x.png", 2, "is there already"), ("nowhere/y.png", 1, "nowhere")):
        result = sfumato("replay", "x.png", "--out", out)
        assert (result.code, result.out) == (code, "") and says in result.err


def test_a_damaged_file_or_one_without_a_recipe_is_not_replayed(sfumato: Run):
    sfumato("generate", "a", "--seed", "1", *QUICK, "--out", "x.png")
    data = Path("x.png").read_bytes()
    Path("half.png").write_bytes(data[: data.index(b"IDAT") + 30])
    sfumato("generate", "a", "--seed", "1", *QUICK, "--out", "none.png", "--metadata", "none")
    for name, says in {"half.png": "'half.png' cannot be read", "none.png": "none.png holds no recipe of ours"}.items():
        result = sfumato("replay", name)
        assert (result.code, result.out) == (2, "")
        assert says in result.err


@pytest.mark.usefixtures("nothing_loads")
def test_a_stranger_s_recipe_is_held_to_what_an_order_may_ask(sfumato: Run):
    (good,) = Studio().plan("a", width=SIDE, height=SIDE).recipes
    for change in ({"steps": 10**9}, {"painted_width": 10**6}, {"model": "../x"}, {"finish": ("resize:16384x16384",)}):
        picture = Picture(Image.new("RGBA", good.size), good.model_copy(update=change), 0, exports.save)
        result = sfumato("replay", str(picture.save("x.png", force=True)))
        assert (result.code, result.out) == (2, "")
        assert len(result.err.splitlines()) == 1


def test_info_shows_the_recipe(sfumato: Run):
    sfumato("generate", "a\npear", "--seed", "7", *QUICK, "--out", "x.png")
    result = sfumato("info", "x.png")
    assert result.lines[0] == "made by sfumato"
    assert "prompt\ta pear" in result.lines
    assert "seed\t7" in result.lines
    found = json.loads(sfumato("info", "x.png", "--json").out)
    assert found["fields"]["prompt"] == "a\npear"
    Image.new("RGB", (8, 8)).save("plain.png")
    result = sfumato("info", "plain.png")
    assert (result.code, result.out) == (0, "")
    assert result.err == "sfumato: plain.png says nothing of how it was made\n"


# ---- models, history, doctor


def test_steps_follow_every_kind_of_painting_and_are_replayed(sfumato: Run):
    sfumato("generate", "a pear", "--seed", "3", *QUICK, "--background", "white", "--out", "pear.png")
    box, then = ["--mask-box", "9,9,40,40"], ["--steps", "1", "--seed", "1", "--then", "upscale:2:plain"]
    commands = {
        "edit.png": ["edit", "pear.png", "a plum", *box],
        "erase.png": ["erase", "pear.png", *box],
        "wide.png": ["extend", "pear.png", "--left", "20"],
        "row.png": ["between", "a pear", "a plum", "-n", "2"],
        "like.png": ["vary", "pear.png", "-n", "1"],
    }
    for name, words in commands.items():
        steps = then[2:] if words[0] == "vary" else then
        assert sfumato(*words, *steps, "--then", "background:#ff0000", "--out", name).code == 0
    names = ["edit.png", "erase.png", "wide.png", "row-1.png", "like.png"]
    twice = 2 * SIDE, 2 * SIDE
    assert [size_of(name) for name in names] == [twice, twice, (2 * SIDE + 40, 2 * SIDE), (512, 512), twice]
    for name in names:
        assert exports.read(Path(name)).recipe.finish[-2:] == ("upscale:2:plain", "background:#ff0000")
    assert sfumato("replay", *names).out.count("the same, 0 of") == 5


def test_steps_are_done_to_files_and_those_of_ours_are_replayed(sfumato: Run):
    sfumato("generate", "a pear", "--seed", "3", *QUICK, "--out", "pear.png")
    Image.new("RGB", (30, 20), "red").save("photo.jpg")
    steps = ["--then", "crop:20x20+3+0", "--then", "upscale:2:plain"]
    done = sfumato("finish", "pear.png", "photo.jpg", *steps)
    assert done.lines == ["pear-finished.png", "photo-finished.png"]
    assert size_of("pear-finished.png") == size_of("photo-finished.png") == (40, 40)
    assert "the same, 0 of 1600" in sfumato("replay", "pear-finished.png").out
    assert exports.read(Path("photo-finished.png")).recipe is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--then", "crop:90x90+3+0"], "crop 90x90+3+0 does not lie within the picture, which is 30x20"),
        (["--then", "upscal:2"], "no finishing step named 'upscal'; did you mean 'upscale'?"),
        (["--then", "upscale:4:photo"], "upscale-photo"),
        ([], "Missing option '--then'"),
    ],
)
def test_steps_that_cannot_be_are_refused_before_a_file_is_made(sfumato: Run, words: list[str], said: str):
    Image.new("RGB", (30, 20), "red").save("photo.jpg")
    done = sfumato("finish", "photo.jpg", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert [path.name for path in Path().iterdir()] == ["photo.jpg"]


@pytest.mark.parametrize("words", [["edit", "photo.jpg", "a plum"], ["erase", "photo.jpg"]])
def test_masks_from_words_are_refused(sfumato: Run, words: list[str]):
    Image.new("RGB", (30, 20), "red").save("photo.jpg")
    done = sfumato(*words, "--mask-text", "the sky")
    assert (done.code, done.out) == (2, "")
    assert "masks cannot be made from words yet: give --mask FILE or --mask-box" in done.err


def test_a_model_that_only_paints_from_words_refuses_an_edit_before_it_is_to_be_pulled(sfumato: Run):
    Image.new("RGB", (64, 64), "red").save("photo.jpg")
    whole = next(name for name in catalog.names() if catalog.card(name).operations == ["text-to-image"])
    done = sfumato("edit", "photo.jpg", "a plum", "--model", whole)
    assert done.code == 2
    assert f"{whole} cannot do image-to-image: it does scene, text-to-image; choose another --model" in done.err
    assert "pull" not in done.err


def test_a_model_that_is_told_what_to_change_refuses_a_strength_before_it_is_to_be_pulled(sfumato: Run):
    Image.new("RGB", (64, 64), "red").save("photo.jpg")
    done = sfumato("edit", "photo.jpg", "a plum", "--model", "flux-kontext", "--strength", "0.5")
    assert done.code == 2 and "leave --strength out" in done.err and "pull" not in done.err


@pytest.mark.parametrize("alpha", [255, 0])
def test_an_edit_says_that_it_is_laid_on_white_only_where_it_is(sfumato: Run, alpha: int):
    Image.new("RGBA", (64, 64), (255, 0, 0, alpha)).save("photo.png")
    done = sfumato("edit", "photo.png", "a plum", "--strength", "0", "--out", "a.jpg")
    assert done.code == 0 and "--background" not in done.err
    assert ("a.jpg cannot be transparent" in done.err) == (alpha == 0)


def test_an_edit_whose_beginning_is_gone_says_so(sfumato: Run, home: Path):
    sfumato("generate", "a pear", "--seed", "3", *QUICK, "--out", "pear.png")
    sfumato("edit", "pear.png", "a plum", "--steps", "2", "--strength", "0.5", "--out", "plum.png")
    assert sfumato("replay", "plum.png").code == 0
    shutil.rmtree(home / "inputs")
    gone = sfumato("replay", "plum.png")
    assert gone.code == 2
    assert re.fullmatch(
        r"sfumato: the picture that this starts from \([0-9a-f]{16}\) is not kept here: begin with its file again\n",
        gone.err,
    )


def test_what_an_export_adds_is_painted_by_who_is_named_and_said_first(sfumato: Run):
    Image.radial_gradient("L").rotate(30).resize((64, 64)).save("photo.png")
    words = ["export", "photo.png", "--for", "x-header", "--fit", "extend"]
    shown = sfumato(*words, "--dry-run")
    assert "its border goes on as a blur, for no recipe says who painted it: --model NAME paints" in shown.err
    (row,) = json.loads(sfumato(*words, "--model", "pocket-turbo", "--json").out)["files"]
    assert (row["surround"], row["painted_by"], row["outside_changed_pixels"]) == ("paint", "pocket-turbo", 0)


def test_a_number_of_the_history_can_be_exported(sfumato: Run):
    sfumato("generate", "a pear", "--seed", "3", *QUICK)
    number = sfumato("history").lines[1].split("\t")[4]
    done = sfumato("export", number, "--for", "avatar")
    assert done.lines[0] == f"picture-{number}-export/picture-{number}-avatar.png"


def test_an_export_is_shown_before_it_is_done(sfumato: Run):
    few = ["--steps", "4", "--size", f"{SIDE}x{SIDE}"]
    sfumato("generate", "a red heart", "--seed", "1", *few, "--background", "white", "--out", "x.png")
    words = ["export", "x.png", "--for", "avatar, link", "--fit", "extend"]
    shown = sfumato(*words, "--dry-run")
    assert (shown.code, shown.out) == (0, "")
    assert "avatar, 400x400 png: nothing is cut; it has this shape" in shown.err
    assert (
        "link, 1200x630 jpg: added 285 px left, 285 px right: its ground goes on; asked for with --fit extend"
        in shown.err
    )
    assert not Path("x-export").exists()
    dry = json.loads(sfumato(*words, "--dry-run", "--json").out)
    done = sfumato(*words)
    names = ["x-avatar.png", "x-link.jpg", "x-manifest.json"]
    assert done.lines == [f"x-export/{name}" for name in names]
    assert sorted(path.name for path in Path("x-export").iterdir()) == names
    made = json.loads(Path("x-export/x-manifest.json").read_text())
    assert [{key: row[key] for key in dry[0]} for row in made["files"]] == dry
    assert json.loads(sfumato(*words, "--force", "--json").out) == made


def test_presets_are_listed(sfumato: Run):
    rows = [line.split("\t")[:2] for line in sfumato("presets").lines]
    assert ["style", "watercolour"] in rows
    assert ["export", "story"] in rows
    assert {"styles", "exports"} == set(json.loads(sfumato("presets", "--json").out))


def test_a_preset_and_an_expansion_are_shown_before_painting(sfumato: Run):
    result = sfumato("generate", "a cat", "--preset", "ink", "--expand", "--seed", "1", *QUICK)
    assert "sfumato: prompt: ink drawing of a cat, " in result.err
    assert result.lines == ["a-cat-1.png"]


def test_models_are_listed_and_shown(sfumato: Run):
    assert sfumato("models").lines[1].startswith("pocket\t")
    shown = dict(line.split("\t") for line in sfumato("models", "pocket").lines)
    assert shown["what it is"] == CARD.about
    assert shown["sampler, schedule"] == f"{CARD.sampler}, {CARD.schedule}"
    assert shown["lacks"] == CARD.lacks
    assert [card["name"] for card in json.loads(sfumato("models", "--json").out)] == catalog.names()


def test_history_finds_by_words_model_and_day(sfumato: Run):
    for prompt in ("a red apple", "a green apple", "a red [bold]car[/bold]"):
        assert sfumato("generate", prompt, "--seed", "1", *QUICK).code == 0
    today = datetime.now().astimezone().date()  # a test that runs over midnight looks at both days
    days = {"yesterday": str(today - timedelta(days=1)), "tomorrow": str(today + timedelta(days=1))}

    def prompts(*words: str) -> list[str]:
        return [line.split("\t")[3] for line in sfumato("history", *words).lines[1:]]

    assert prompts() == ["a red [bold]car[/bold]", "a green apple", "a red apple"]
    assert prompts("APPLE", "red") == ["a red apple"]
    assert prompts("--model", "pocket", "-n", "1") == ["a red [bold]car[/bold]"]
    assert prompts("--model", "other") == []
    assert prompts("--since", days["yesterday"], "--until", days["tomorrow"]) == prompts()
    assert prompts("--since", days["tomorrow"]) == []
    assert prompts("--until", str(today - timedelta(days=2))) == []
    assert len(prompts("--since", str(today))) == len(prompts("--until", str(today))) == 3
    entries = json.loads(sfumato("history", "car", "--json").out)
    assert entries[0]["recipe"]["prompt"] == "a red [bold]car[/bold]"
    assert size_of(entries[0]["picture"]) == size_of(entries[0]["thumbnail"]) == (SIDE, SIDE)


def test_tables_on_a_terminal_hold_all_there_is(tmp_path: Path):
    code, seen = on_a_terminal(["models", "pocket"], tmp_path)
    assert code == 0
    assert all(word in seen for word in CARD.lacks.split())


# ---- LoRA


def test_a_lora_is_listed_painted_with_replayed_and_removed(sfumato: Run, home: Path):
    (home / "loras").mkdir()
    shapes = modules(mapped(catalog.folder(CARD.name) / str(CARD.adaptable)))
    data = random_lora(
        {"proj_out": shapes["proj_out"]}, base_model="pocket", trigger="ink style", created="2026-11-30T10:00"
    )
    (home / "loras" / "ink.safetensors").write_bytes(data)
    (home / "loras" / "odd.safetensors").write_bytes(b"no LoRA")
    listed = sfumato("loras")
    assert listed.lines[:2] == ["name\tfor\tsay\trank\tpictures\tlearned", "ink\tpocket\tink style\t2\t\t2026-11-30"]
    assert "'odd' cannot be used: it is not a safetensors file" in listed.err
    assert json.loads(sfumato("loras", "--json").out)[0]["trigger"] == "ink style"
    for wish in ("ink", "ink:0.5", "ink:-1"):
        made = sfumato("generate", "a pear", "--seed", "1", *QUICK, "--lora", wish, "--out", "{seed}.png", "--force")
        assert made.code == 0
    assert sfumato("replay", "1.png").lines == [f"1.png: the same, 0 of {SIDE * SIDE} pixels differ"]
    assert "'digest': " in sfumato("info", "1.png").out
    assert sfumato("loras", "rm", "ink").lines == [str(home / "loras" / "ink.safetensors")]
    assert sfumato("replay", "1.png").code == 2
    assert "\nink\t" not in sfumato("loras").out


def test_a_lora_is_learned_from_the_command_line(sfumato: Run, home: Path):
    pytest.importorskip("peft")
    pytest.importorskip("diffusers")
    for i in range(3):
        Image.new("RGBA", (64, 64), (40 * i, 0, 90, 255)).save(f"square-{i}.png")
    Path("broken.png").write_text("no picture")
    learned = sfumato("train", "lora", ".", "--name", "flatly", "--steps", "2", "--rank", "1", "--seed", "3")
    assert (learned.code, learned.lines) == (0, [str(home / "loras" / "flatly.safetensors")])
    told = learned.err.splitlines()
    assert "1/1 'flatly': step 2 of 2, 0 s left" in told
    assert any(line.startswith("sfumato: skipped broken.png: its content is not") for line in told)
    assert told[-1] == 'sfumato: sfumato generate "a red apple, flatly style" --lora flatly'
    again = sfumato("train", "lora", ".", "--name", "flatly", "--subject", "--steps", "1")
    assert (again.code, again.err) == (
        2, "sfumato: LoRA 'flatly' is there already: add --force to learn it anew, or choose another --name\n",
    )  # fmt: skip
    anew = sfumato("train", "lora", ".", "--name", "flatly", "--subject", "--steps", "1", "--force", "--json")
    found = json.loads(anew.out)
    assert (found["trigger"], found["learned"], found["skipped"][0]["path"]) == ("flatly", 3, "broken.png")


def test_the_doctor_says_what_is_missing_and_how_to_mend_it(sfumato: Run, monkeypatch: pytest.MonkeyPatch, home: Path):
    result = sfumato("doctor")
    assert result.code == 0
    rows = {line.split("\t")[1]: line.split("\t") for line in result.lines}
    assert rows["Pocket"][0] == "ok"
    assert rows["library"][:3] == ["ok", "library", str(home)]

    def broken(self: Parts, name: str) -> None:
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(Parts, "model", broken)
    monkeypatch.setenv("SFUMATO_HOME", __file__)
    result = sfumato("doctor", "--json")
    findings = {row["what"]: row for row in json.loads(result.out)}
    assert result.code == 1
    assert (findings["Pocket"]["state"], findings["Pocket"]["found"]) == ("bad", "no such instruction")
    assert findings["Pocket"]["mend"].startswith("pip install")
    assert "SFUMATO_HOME" in findings["library"]["mend"]


# ---- help


def test_help_names_every_sampler_schedule_and_ratio(sfumato: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "500")  # else names are broken into lines
    result = sfumato("generate", "--help")
    assert result.code == 0
    for name in [*samplers.names(), *schedules.names(), *RATIOS]:
        assert name in result.out


def test_version_and_no_command(sfumato: Run):
    import sfumato as package

    assert sfumato("--version").out == f"sfumato {package.__version__}\n"
    assert sfumato().code == 2


HELP = """
import sys
from sfumato.cli import main

heavy = {"numpy", "onnxruntime", "PIL", "pydantic", "sqlalchemy", "tokenizers"}
for words in (["--help"], ["generate", "--help"]):
    sys.argv = ["sfumato", *words]
    try:
        main()
    except SystemExit as end:
        assert end.code == 0
    print(heavy & sys.modules.keys(), file=sys.stderr)
    heavy.discard("pydantic")  # Typer itself may bring it where a command has options
"""


def test_help_loads_nothing_heavy():
    ran = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, timeout=60)
    assert ran.stderr.splitlines() == ["set()", "set()"]
    assert "generate" in ran.stdout
    assert "--sampler" in ran.stdout


def test_a_command_that_is_named_is_the_only_one_that_is_read():
    def names(*words: str) -> list[str | None]:
        app = cli.build(words)
        return [command.name for command in [*app.registered_commands, *app.registered_groups]]

    assert names("generate", "--help") == ["generate"] and names("key", "add") == ["key"]
    assert names() == names("--help") == names("nonsense") and len(names()) > 30


def test_completion_can_be_had_and_knows_the_samplers(tmp_path: Path):
    def completed(**env: str) -> str:
        made = process("", env={**os.environ, **env}, cwd=tmp_path)
        return made.communicate(timeout=60)[0]

    assert "sfumato" in completed(_SFUMATO_COMPLETE="source_bash")
    words = "sfumato generate --sampler eu"
    found = completed(_SFUMATO_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD="3")
    assert found.split() == [name for name in samplers.names() if name.startswith("eu")]


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path):
    """As in `sfumato models | head -1`."""
    made = process("models", "--json", cwd=tmp_path)
    assert made.stdout is not None and made.stderr is not None
    made.stdout.close()
    assert made.stderr.read() == ""
    deadline = time.monotonic() + 60
    while made.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert made.returncode is not None
