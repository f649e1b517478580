"""Models come from a hub whole, checked and at one commit, or with one line that says why not."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("huggingface_hub")

from sfumato import Settings, Studio, catalog
from sfumato.core.errors import CannotWrite, JobFailed, RequestError, SfumatoError
from sfumato.testing import safetensors_file
from sfumato.weights.hubs import pull_model
from sfumato.weights.models import Models
from tests.fake_hub import COMMIT, Hub, serving

NAME = "ssd-1b"  # under Apache-2.0, and not gated
LARGE = "unet/diffusion_pytorch_model.safetensors"
INDEX = """{"_class_name": "StableDiffusionXLPipeline", "scheduler": ["diffusers", "EulerDiscreteScheduler"],
"unet": ["diffusers", "UNet2DConditionModel"], "text_encoder": ["transformers", "CLIPTextModel"],
"safety_checker": ["stable_diffusion", "Checker"], "image_encoder": [null, null]}"""
SHARDED = "text_encoder/model-00001-of-00002.safetensors", "text_encoder/model-00002-of-00002.safetensors"


def numbers(value: float, n: int = 64) -> bytes:
    return safetensors_file({"a": np.full(n, value, np.float32)})


FILES = {
    "model_index.json": INDEX.encode(),
    "README.md": b"words",
    "sd_xl.safetensors": numbers(9),  # the whole in one file, not needed
    "scheduler/scheduler_config.json": b"{}",
    "unet/config.json": b"{}",
    LARGE: numbers(1, 100_000),
    "unet/diffusion_pytorch_model.fp16.safetensors": numbers(2),
    "unet/diffusion_pytorch_model.bin": b"a pickle",
    "text_encoder/config.json": b"{}",
    SHARDED[0]: numbers(3),
    SHARDED[1]: numbers(4),
    "text_encoder/model.safetensors.index.json": b"{}",
    "text_encoder/model.fp16.safetensors": numbers(5),
    "safety_checker/model.safetensors": numbers(6),
    "vae_1_0/diffusion_pytorch_model.safetensors": numbers(7),
}
WANTED = {
    "model_index.json", "scheduler/scheduler_config.json", "unet/config.json", LARGE, "text_encoder/config.json",
    *SHARDED, "text_encoder/model.safetensors.index.json",
}  # fmt: skip


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    folder = tmp_path / "hub"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    repository = catalog.card(NAME).repository
    assert repository is not None
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with serving(Hub(folder, repository)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(Settings(home=tmp_path / "home"))


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_comes_whole_and_no_more_than_is_needed(hub: Hub, studio: Studio, tmp_path: Path):
    told: list[tuple[str, int, int]] = []
    folder = studio.pull(NAME, lambda *so_far: told.append(so_far))
    assert folder == tmp_path / "home" / "models" / NAME
    assert files_in(folder) == WANTED
    assert all((folder / name).read_bytes() == FILES[name] for name in WANTED)
    assert (LARGE, len(FILES[LARGE]), len(FILES[LARGE])) in told
    assert NAME in studio.models_here()
    assert studio.verify_weights(NAME) == {NAME: "here"}


def test_writes_down_the_commit_it_got(hub: Hub, studio: Studio, tmp_path: Path):
    studio.pull(NAME)
    record = Models(tmp_path / "home" / "models").recorded(NAME)
    assert (record.repository, record.revision) == (hub.repository, COMMIT)
    assert {file.name for file in record.files} == WANTED


NEWER = "fedcba0987654321fedcba0987654321fedcba09"


def goes_on(hub: Hub, place: Path) -> None:
    """The hub's newest commit has other numbers."""
    shutil.copytree(hub.folder, place)
    (place / LARGE).write_bytes(numbers(8, 100_000))
    hub.goes_on(NEWER, place)


def test_a_later_pull_is_of_the_same_commit(hub: Hub, studio: Studio, tmp_path: Path):
    folder = studio.pull(NAME)
    goes_on(hub, tmp_path / "newer")
    (folder / LARGE).unlink()
    studio.pull(NAME)
    assert (folder / LARGE).read_bytes() == FILES[LARGE]
    assert Models(tmp_path / "home" / "models").recorded(NAME).revision == COMMIT
    studio.remove_weights(NAME)
    assert (studio.pull(NAME) / LARGE).read_bytes() == numbers(8, 100_000)
    assert Models(tmp_path / "home" / "models").recorded(NAME).revision == NEWER


def test_one_that_broke_off_goes_on_with_its_commit(hub: Hub, studio: Studio, tmp_path: Path):
    hub.lies = LARGE  # so that the pull does not end
    with pytest.raises(JobFailed, match="another digest"):
        studio.pull(NAME)
    hub.lies = None
    goes_on(hub, tmp_path / "newer")
    assert (studio.pull(NAME) / LARGE).read_bytes() == FILES[LARGE]
    assert studio.verify_weights(NAME) == {NAME: "here"}


def test_a_commit_that_is_gone_is_named_with_the_way_to_the_newest(hub: Hub, studio: Studio, tmp_path: Path):
    studio.pull(NAME)
    goes_on(hub, tmp_path / "newer")
    hub.older.clear()
    with pytest.raises(JobFailed, match=f"has no commit {COMMIT}: sfumato rm {NAME}, then") as failed:
        studio.pull(NAME)
    one_line(failed)


def test_the_cards_commit_goes_before_the_one_that_came(hub: Hub, studio: Studio, tmp_path: Path):
    studio.pull(NAME)
    goes_on(hub, tmp_path / "newer")
    models = Models(tmp_path / "home" / "models")
    card = catalog.card(NAME).model_copy(update={"revision": NEWER})
    assert (pull_model(card, models, lambda *so_far: None) / LARGE).read_bytes() == numbers(8, 100_000)
    assert models.recorded(NAME).revision == NEWER


def test_what_is_here_does_not_come_again(hub: Hub, studio: Studio):
    studio.pull(NAME)
    hub.asked.clear()
    studio.pull(NAME)
    assert not [path for _, path, _ in hub.asked if "/resolve/" in path]


def test_goes_on_where_it_was_broken_off(hub: Hub, studio: Studio, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10_000)  # what it writes at once; 10 MB
    hub.breaks_off = 150_000
    try:
        folder = studio.pull(NAME)
    except JobFailed:
        folder = studio.pull(NAME)
    assert (folder / LARGE).read_bytes() == FILES[LARGE]
    starts = [int(said[6:].split("-")[0]) for _, path, said in hub.asked if said and path.endswith(LARGE)]
    assert starts and max(starts) > 0


def test_a_file_that_is_not_what_the_hub_states_is_thrown_away(hub: Hub, studio: Studio):
    hub.lies = LARGE
    with pytest.raises(JobFailed, match="another digest") as failed:
        studio.pull(NAME)
    assert LARGE in str(failed.value) and "\n" not in str(failed.value)
    hub.lies = None
    assert (studio.pull(NAME) / LARGE).read_bytes() == FILES[LARGE]


@pytest.mark.parametrize(("own", "left"), [("unet.gguf", set(SHARDED)), ("checkpoint.safetensors", set())])
def test_weights_that_are_here_in_a_file_do_not_come(
    own: str, left: set[str], hub: Hub, studio: Studio, tmp_path: Path
):
    place = tmp_path / "home" / "models" / NAME
    place.mkdir(parents=True)
    (place / own).write_bytes(b"one's own")
    studio.pull(NAME)
    assert files_in(place) == (WANTED - {LARGE, *SHARDED}) | left | {own}


def test_a_damaged_file_is_found_and_mended(hub: Hub, studio: Studio):
    folder = studio.pull(NAME)
    data = bytearray(FILES[LARGE])
    data[-1] ^= 1
    (folder / LARGE).write_bytes(data)
    assert studio.verify_weights(NAME) == {NAME: "damaged"}
    studio.pull(NAME)
    assert studio.verify_weights() == {NAME: "here", "pocket": "here", "pocket-turbo": "here"}


def one_line(refused: pytest.ExceptionInfo[SfumatoError]) -> str:
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_gated_model_says_how_to_get_a_key(hub: Hub, studio: Studio, monkeypatch: pytest.MonkeyPatch):
    hub.token = "hf_secret"
    with pytest.raises(RequestError, match="HF_TOKEN") as refused:
        studio.pull(NAME)
    assert hub.repository in one_line(refused)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert files_in(studio.pull(NAME)) == WANTED


def test_a_hub_that_does_not_answer_is_named(studio: Studio, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(JobFailed, match=r"127\.0\.0\.1:9 cannot be reached") as failed:
        studio.pull(NAME)
    assert "HF_ENDPOINT" in one_line(failed)


@pytest.mark.parametrize("said", [b"<html>", b"[1]", b"[" * 20_000], ids=range(3))
def test_an_index_that_cannot_be_read_is_named(said: bytes, hub: Hub, studio: Studio):
    (hub.folder / "model_index.json").write_bytes(said)
    with pytest.raises(JobFailed, match=r"the model_index\.json of .* cannot be read") as failed:
        studio.pull(NAME)
    one_line(failed)


def test_no_file_is_laid_outside_the_models_folder(
    hub: Hub, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Whatever names a hub gives."""
    index = json.loads(INDEX) | {"..": ["diffusers", "UNet2DConditionModel"]}
    (hub.folder / "model_index.json").write_text(json.dumps(index))
    about = hub.about

    def more(*asked: Any) -> dict[str, Any]:
        said = about(*asked)
        said["siblings"].append({**said["siblings"][0], "rfilename": "../evil.json"})
        return said

    monkeypatch.setattr(hub, "about", more)
    assert files_in(studio.pull(NAME)) == WANTED
    assert not list(tmp_path.rglob("evil.json"))


@pytest.mark.parametrize(
    ("name", "value"), [("HF_TOKEN", "hf_schlüssel"), ("HF_ENDPOINT", "no address"), ("HF_ENDPOINT", "http://[::1")]
)
def test_settings_of_the_hub_that_cannot_be_are_told_in_a_line(
    name: str, value: str, hub: Hub, studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, value)
    with pytest.raises(SfumatoError) as failed:
        studio.pull(NAME)
    assert name in one_line(failed)


def test_a_hub_that_is_switched_off_is_no_fault_of_the_disk(hub: Hub, studio: Studio, monkeypatch: pytest.MonkeyPatch):
    """By HF_HUB_OFFLINE=1, which is read when the library is."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(JobFailed, match=r"cannot be reached \(.*offline") as failed:
        studio.pull(NAME)
    one_line(failed)


def test_a_repository_that_is_not_there_is_named(hub: Hub, studio: Studio):
    hub.repository = "somebody/else"
    with pytest.raises(RequestError, match="there is no") as refused:
        studio.pull(NAME)
    one_line(refused)


def test_pickles_are_not_fetched_where_there_is_nothing_else(hub: Hub, studio: Studio):
    (hub.folder / LARGE).unlink()
    with pytest.raises(JobFailed, match="no plain safetensors for its unet") as failed:
        studio.pull(NAME)
    one_line(failed)


def test_room_is_looked_at_before_anything_large_comes(hub: Hub, studio: Studio, monkeypatch: pytest.MonkeyPatch):
    usage = type("usage", (), {"free": 2**30 + 1000})
    monkeypatch.setattr("sfumato.weights.hubs.shutil.disk_usage", lambda path: usage)
    with pytest.raises(CannotWrite, match="free some space") as refused:
        studio.pull(NAME)
    one_line(refused)
    assert not [path for _, path, _ in hub.asked if path.endswith(".safetensors")]


@pytest.mark.parametrize("name", ["flux-dev", "sdxl", "flux-srpo"])
def test_a_licence_of_its_own_is_shown_once(name: str, hub: Hub, studio: Studio):
    card = catalog.card(name)
    assert card.repository is not None
    hub.repository = card.repository
    with pytest.raises(RequestError, match="--accept") as refused:
        studio.pull(name)
    assert card.licence in one_line(refused) and not hub.asked
    assert files_in(studio.pull(name, accept=True)) == WANTED
    studio.pull(name)  # it was accepted


def test_of_a_listing_come_the_files_that_it_names(hub: Hub, studio: Studio):
    one = catalog.listed()["adapter-canny-sdxl"]
    assert one.repository is not None
    hub.repository = one.repository
    for name, data in {"config.json": b"{}", "diffusion_pytorch_model.safetensors": numbers(3)}.items():
        (hub.folder / name).write_bytes(data)
    assert files_in(studio.pull(one.name)) == set(one.takes)
    assert one.name in studio.models_here() and studio.verify_weights(one.name) == {one.name: "here"}
    studio.remove_weights(one.name)
    (hub.folder / "config.json").unlink()
    with pytest.raises(JobFailed, match=r"has no config\.json any more") as failed:
        studio.pull(one.name)
    one_line(failed)


IN_TWO = "hidream-i1-fast"
READER = "text_encoder_4/model-00001-of-00001.safetensors"
OF_IN_TWO = {"model_index.json", "unet/config.json", LARGE, READER, "text_encoder_4/config.json",
             "text_encoder_4/generation_config.json", "tokenizer_4/tokenizer.json"}  # fmt: skip


@pytest.fixture
def in_two(hub: Hub, tmp_path: Path) -> Hub:
    """A model of which two parts are in another repository."""
    card, other = catalog.card(IN_TWO), tmp_path / "other"
    hub.repository = str(card.repository)
    hub.beside = {card.elsewhere["text_encoder_4"].repository: other}
    (hub.folder / "model_index.json").write_text("""{"_class_name": "HiDreamImagePipeline",
        "unet": ["diffusers", "A"], "text_encoder_4": ["transformers", "B"], "tokenizer_4": ["transformers", "C"]}""")
    other.mkdir()
    for name in ("config.json", "generation_config.json", "tokenizer.json", "LICENSE", "model.bin"):
        (other / name).write_bytes(b"{}")
    (other / "model-00001-of-00001.safetensors").write_bytes(numbers(5, 2000))
    return hub


def test_parts_come_from_other_repositories(in_two: Hub, studio: Studio, tmp_path: Path):
    told: list[str] = []
    folder = studio.pull(IN_TWO, lambda what, done, of: told.append(what), accept=True)
    assert files_in(folder) == OF_IN_TWO and READER in told
    record = Models(tmp_path / "home" / "models").recorded(IN_TWO)
    assert {file.name for file in record.files} == OF_IN_TWO
    assert record.elsewhere == {next(iter(in_two.beside)): COMMIT}
    in_two.asked.clear()
    studio.pull(IN_TWO)
    asked = [path for _, path, _ in in_two.asked if "/api/" in path]
    assert len(asked) == 3 and all(f"/revision/{COMMIT}" in path for path in asked)
    (folder / READER).write_bytes(numbers(6, 2000))
    assert studio.verify_weights(IN_TWO) == {IN_TWO: "damaged"}
    assert (studio.pull(IN_TWO) / READER).read_bytes() == numbers(5, 2000)
    assert studio.remove_weights(IN_TWO) == folder and not folder.exists()


def test_room_and_licence_are_of_all_parts(in_two: Hub, studio: Studio, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(RequestError, match=r"has a part under .*Llama 3\.1.*/meta-llama/.*--accept") as refused:
        studio.pull(IN_TWO)
    assert one_line(refused).count("Llama 3.1 Community License") == 1 and not in_two.asked
    large, small = len(FILES[LARGE]), len(numbers(5, 2000))
    usage = type("usage", (), {"free": 2**30 + large + small - 100})
    monkeypatch.setattr("sfumato.weights.hubs.shutil.disk_usage", lambda path: usage)
    with pytest.raises(CannotWrite, match="free some space"):
        studio.pull(IN_TWO, accept=True)
    usage.free += 1000  # and the small files
    studio.pull(IN_TWO, accept=True)


def test_the_repository_that_a_part_is_not_in_is_named(in_two: Hub, studio: Studio):
    in_two.beside.clear()
    with pytest.raises(RequestError, match=r"there is no .*/meta-llama/Llama-3\.1-8B-Instruct") as failed:
        studio.pull(IN_TWO, accept=True)
    one_line(failed)


def test_what_was_pulled_can_be_removed(hub: Hub, studio: Studio):
    folder = studio.pull(NAME)
    assert studio.remove_weights(NAME) == folder and not folder.exists()
    assert NAME not in studio.models_here()
    with pytest.raises(RequestError, match="nothing to remove"):
        studio.remove_weights(NAME)


def test_what_is_not_ours_to_remove_stays(tmp_path: Path):
    studio = Studio(Settings(home=tmp_path, models={NAME: tmp_path / "shared"}))
    with pytest.raises(RequestError, match="by hand"):
        studio.remove_weights(NAME)
    with pytest.raises(RequestError, match="stays there"):
        studio.remove_weights("pocket")
    with pytest.raises(RequestError, match="nothing to pull"):
        studio.pull("pocket")
