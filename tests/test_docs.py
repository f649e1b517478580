"""The README and the documents keep their word: their commands and programs run, their links lead somewhere."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forks import WHERE, Nursery
from tests.servers import Server, hurried

USUAL = "http://127.0.0.1:7860"  # where examples expect the server
ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


TRAIN = "sfumato train "  # takes minutes; here it learns as little as it can
PAINT = re.compile(r"sfumato (between|edit|erase|extend|generate|scene) (?!.*--steps)")  # in no more steps than needed
PULL = "sfumato pull "  # fetches; here stand-ins take the place of what it would


FEW_STEPS = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import hurried; hurried.hurry()\n"
FORKED, STANDINS = (str(Path(__file__).with_name(name)) for name in ("forked.py", "with_standins.py"))


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(FORKED) as nursery:
        yield nursery


def pulls(document: Path) -> bool:
    return PULL in document.read_text()


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", document.read_text(), re.DOTALL)


@pytest.mark.timeout(600)  # a page is many processes; on a busy machine each takes seconds
@pytest.mark.parametrize("document", [p for p in PAGES if blocks(p, "sh")], ids=lambda p: p.name)
def test_commands_run(document: Path, tmp_path: Path, nursery: Nursery):
    for folder in ("hearts", "cars", "sketches"):
        (tmp_path / folder).mkdir()
    lines = [line for block in blocks(document, "sh") for line in block.splitlines() if line.startswith("sfumato ")]
    if any(line.startswith(TRAIN) for line in lines):
        pytest.importorskip("peft")
    lines = [line + " --steps 2" if line.startswith(TRAIN) or PAINT.match(line) else line for line in lines]
    script = f'set -e\nsfumato() {{ {sys.executable} -S {FORKED} "$@"; }}\n' + "\n".join(lines)
    told = {**os.environ, WHERE: nursery.place, **({"STANDINS": "1"} if pulls(document) else {})}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=told, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert list(tmp_path.rglob("*.png"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("document", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_programs_run(document: Path, tmp_path: Path):
    server, python = None, [sys.executable, *([STANDINS] if pulls(document) else [])]
    for program in blocks(document, "python"):
        if ".train_lora(" in program:
            pytest.importorskip("peft")
        if USUAL in program:
            server = server or Server(tmp_path / "served", begin=hurried)
            program = program.replace(USUAL, server.url)
        done = subprocess.run([*python, "-c", FEW_STEPS + program], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
    if server is not None:
        server.stop()


@pytest.mark.parametrize("document", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(document: Path):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if not target.startswith("https://"):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
