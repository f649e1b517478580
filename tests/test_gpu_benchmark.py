"""The benchmark for GPUs runs whole on any machine, with tiny models; what fails is told, and the rest goes on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from benchmarks.gpu import __main__ as benchmark  # noqa: E402
from benchmarks.gpu import variants  # noqa: E402
from benchmarks.gpu.timing import Record  # noqa: E402

CPU = torch.device("cpu")
STEPS = {  # of each subject: variants of which a step is timed
    "FLUX.1": {*benchmark.MAIN, benchmark.BF16, benchmark.NF4},
    "SDXL": set(benchmark.OF_SDXL),
}
CACHED = ", --cache 0.5", ", --cache 0.5, --cache-kind first-block"


@pytest.fixture
def untraced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is compiled, nor followed for it, which takes long; limits that are set are taken back."""
    monkeypatch.setattr(variants, "compiled", lambda bench, network: network)
    with torch._dynamo.config.patch(disable=True, recompile_limit=64, accumulated_recompile_limit=256):
        yield


def ran(folder: Path) -> dict[str, Any]:
    """What its file says."""
    benchmark.main(["--smoke", "--out", str(folder)])
    (file,) = folder.iterdir()
    return json.loads(file.read_text())


@pytest.mark.usefixtures("untraced")
def test_every_row_runs_and_one_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def out_of_memory(*given: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 8 GiB")

    monkeypatch.setattr(variants, "by_torchao", out_of_memory)
    said = ran(tmp_path)
    rows, failed = said["rows"], said["failed"]
    of_this_machine = {name for name in failed if name.startswith("ceiling: ")}  # whose attention knows fewer ways
    assert failed.keys() - of_this_machine == {f"FLUX.1: {benchmark.TORCHAO}"}
    assert failed[f"FLUX.1: {benchmark.TORCHAO}"] == ("OutOfMemoryError: CUDA out of memory. Tried to allocate 8 GiB")
    for title, names in STEPS.items():
        there = {name for name, row in rows.items() if "step_ms" in row and name.startswith(f"{title}: ")}
        assert there == {f"{title}: {name}" for name in (*names, "bf16 product of 8192 x 8192")}
    for name in benchmark.MAIN:
        assert {"image_4_steps_ms", "image_28_steps_ms"} <= rows[f"FLUX.1: {name}"].keys()
    for name in benchmark.OF_SDXL:
        assert {"image_20_steps_ms", "image_28_steps_ms"} <= rows[f"SDXL: {name}"].keys()
    assert "image_4_steps_ms" in rows[f"FLUX.1 schnell: {benchmark.FP8}"]
    for cached in CACHED:
        row = rows[f"FLUX.1: {benchmark.FP8}{cached}"]
        assert row["full_looks"] >= 1 and "image_28_steps_ms" in row
    assert {"FLUX.1: decoding", "FLUX.1: reading", "ceiling: bf16 product", "ceiling: fp8 by the row"} <= rows.keys()
    assert said["device"] and said["date"] and said["torch"] == torch.__version__


def test_what_has_no_time_left_says_so_and_what_was_found_is_kept(tmp_path: Path):
    record = Record(tmp_path / "x.json", 1, {"device": "none"})
    record.row("first", ms=1.5)
    assert record.guarded("second", lambda: 1, 1000) is None

    def failing() -> None:
        raise ValueError("no such\nkernel")

    assert record.guarded("third", failing) is None
    assert record.guarded("fourth", lambda: record.row("fourth", ms=2.0) or 4) == 4
    said = json.loads((tmp_path / "x.json").read_text())
    assert said["rows"] == {"first": {"ms": 1.5}, "fourth": {"ms": 2.0}}
    assert said["failed"] == {"second": "left out: it wants 1000 s", "third": "ValueError: no such kernel"}


def test_a_row_that_fails_is_asked_once_and_the_others_go_on(tmp_path: Path):
    record, asked = Record(tmp_path / "x.json", 1, {}), list[str]()

    def work(name: str) -> None:
        asked.append(name)
        if name == "bad":
            raise RuntimeError("never")

    works = {name: lambda name=name: work(name) for name in ("a", "bad", "b")}
    record.rounds("ms", works, 3, lambda work, device: (work(), 2.0)[1], CPU, 30)
    assert asked == ["a", "bad", "b", "b", "a", "a", "b"]
    assert record.said["rows"]["b"]["ms"] == {"median": 2.0, "least": 2.0, "most": 2.0, "runs": 3}
    assert "bad" not in record.said["rows"] and "bad, ms" in record.said["failed"]


def test_the_most_telling_come_first_and_the_slowest_to_compile_late():
    names = list(benchmark.STAGES)
    assert names[:3] == ["the product", "FLUX.1, steps", "FLUX.1, 28 steps"]
    assert names.index("SDXL") < names.index("torchao")
    whole = sum(seconds for seconds, _ in benchmark.STAGES.values())
    assert whole <= 9 * 60  # all of them have their least time in nine minutes
