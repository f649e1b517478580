"""How this machine would have a model stands with its card over HTTP; the server leaves torch to another process."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from sfumato import Settings, Studio, catalog
from sfumato.http.placements import Memory, Placements, computer
from tests.servers import Server

NAME = "flux-dev"


def test_a_card_says_what_was_chosen_for_this_machine_and_why(server: Server):
    pytest.importorskip("torch", reason="placing needs sfumato[torch]")
    said = server.client.get(f"/api/v1/models/{NAME}").json()
    assert said["here"] == Studio(Settings(home=server.home)).told_place(NAME)
    assert said["here"].startswith(f"{NAME} on ") and "it needs " in said["here"]
    card = catalog.card(NAME).model_dump(mode="json")
    assert said.keys() - card.keys() == {"here"}
    assert {name for name, value in card.items() if said[name] != value} == {"steps"}, "this server is a hurried one"
    pocket = server.client.get("/api/v1/models/pocket").json()
    assert pocket["here"] == "on the processor, by ONNX Runtime"


def test_it_is_asked_once_and_again_when_files_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho $4 >> {tmp_path}/asked\necho \'[{{"here": "in nf4"}}]\'\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    placements, card = Placements({}, str), catalog.card(NAME)

    async def asked_at_once() -> list[str]:
        return await asyncio.gather(*(placements.of(card, bytes) for bytes in (0, 0, 9)))

    assert asyncio.run(asked_at_once()) == ["in nf4"] * 3
    assert (tmp_path / "asked").read_text().split() == [NAME] * 2
    assert asyncio.run(placements.of(catalog.card("pocket"), 0)) == "pocket"  # which is told without a process


def test_a_process_that_fails_is_told_and_asked_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    placements = Placements({}, str)
    assert asyncio.run(placements.of(catalog.card(NAME), 0)) == (
        f"not known: the process that looks at this machine gave no answer; sfumato models {NAME} says why"
    )
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert asyncio.run(placements.of(catalog.card(NAME), 0)).startswith("not known")


def test_one_that_does_not_come_back_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr("sfumato.http.placements.PATIENCE", 1)
    assert asyncio.run(Placements({}, str).of(catalog.card(NAME), 0)).startswith("not known")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_memory_is_asked_of_torch_once_and_only_where_there_may_be_a_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("torch", reason="asking needs sfumato[torch]")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho x >> {tmp_path}/asked\necho \'{{"memory": 24e9, "gpu": true}}\'\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr("sfumato.http.placements.DRIVERS", ("/nonexistent",))
    placements = Placements({}, str)
    assert asyncio.run(placements.memory()) == Memory(computer())
    assert not (tmp_path / "asked").exists()
    monkeypatch.setattr("sfumato.http.placements.DRIVERS", (str(python),))
    for _ in range(2):
        assert asyncio.run(placements.memory()) == Memory(24_000_000_000, gpu=True)
    assert (tmp_path / "asked").read_text() == "x\n"
