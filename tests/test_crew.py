"""The crew of a door: its workers leave together."""

import sys
import time
from pathlib import Path

import pytest

from sfumato.http.crew import Crew
from sfumato.settings import Settings
from sfumato.studio import Studio
from sfumato.worker import supervisor

TWO = 2
LEAVE = """
import pathlib, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[-1]
(folder / f"{name}.here").touch()
sys.stdin.read()
(folder / f"{name}.leaving").touch()
until = time.monotonic() + 5
while len(list(folder.glob("*.leaving"))) < 2 and time.monotonic() < until:
    time.sleep(0.02)
if len(list(folder.glob("*.leaving"))) == 2:
    (folder / f"{name}.together").touch()
"""


def test_no_worker_waits_to_be_dismissed_until_another_has_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervisor, "COMMAND", (sys.executable, "-c", LEAVE, str(tmp_path)))
    settings = Settings(home=tmp_path / "home")
    with Crew(Studio(settings), settings, TWO, lambda **_: None):
        while len(list(tmp_path.glob("*.here"))) < TWO:
            time.sleep(0.02)
    assert len(list(tmp_path.glob("*.together"))) == TWO
