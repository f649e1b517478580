"""Models in folders: found where they lie, named by what is in them, and told what is wrong with them."""

from pathlib import Path

import numpy as np
import pytest

from sfumato import Settings, Studio, catalog
from sfumato.core.errors import DamagedWeights, MissingWeights
from sfumato.testing import safetensors_file
from sfumato.weights.models import Models, Record

NAME = "sd-1.5"


def fill(folder: Path, value: float = 1.0) -> Path:
    """A folder that looks like a model's."""
    (folder / "unet").mkdir(parents=True)
    (folder / ".cache").mkdir()
    (folder / "model_index.json").write_text("{}")
    (folder / "unet" / "weights.safetensors").write_bytes(safetensors_file({"a": np.full(4, value, np.float32)}))
    (folder / "unet" / "weights.bin").write_bytes(b"a pickle, never looked at")
    (folder / ".cache" / "old.json").write_text("{}")
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(tmp_path / "models")


def test_what_is_not_here_is_missing_with_what_to_do(models: Models):
    card = catalog.card(NAME)
    assert not models.is_here(card)
    with pytest.raises(MissingWeights, match=f"sfumato pull {NAME}.*sfumato import PATH --name {NAME}"):
        models.installed(card)


def test_a_card_gets_the_files_that_are_here_and_a_digest_of_what_is_in_them(models: Models):
    card = catalog.card(NAME)
    fill(models.place(NAME))
    here = models.installed(card)
    assert [file.name for file in here.files] == ["model_index.json", "unet/weights.safetensors"]
    assert models.installed(card).weights == here.weights
    (models.place(NAME) / "unet" / "weights.safetensors").write_bytes(
        safetensors_file({"a": np.zeros(4, np.float32)})
    )  # fmt: skip
    assert models.installed(card).weights != here.weights


def test_the_same_files_elsewhere_are_the_same_weights(tmp_path: Path, models: Models):
    card = catalog.card(NAME)
    fill(models.place(NAME))
    elsewhere = Models(tmp_path / "other", {NAME: fill(tmp_path / "shared")})
    assert elsewhere.place(NAME) == tmp_path / "shared"
    assert elsewhere.installed(card).weights == models.installed(card).weights
    assert not (tmp_path / "other" / NAME).exists()


def test_files_that_are_known_are_not_read_again(models: Models, monkeypatch: pytest.MonkeyPatch):
    card = catalog.card(NAME)
    fill(models.place(NAME))
    first = models.installed(card)
    monkeypatch.setattr("sfumato.weights.models.sha256_of", lambda path: pytest.fail(f"{path} was read again"))
    assert models.installed(card) == first
    with pytest.raises(pytest.fail.Exception):
        models.known(NAME, again=True)


@pytest.mark.parametrize("spoil", ["changed", "gone"])
def test_pulled_files_that_are_not_as_they_were_are_damaged(models: Models, spoil: str):
    place = fill(models.place(NAME))
    found = models.known(NAME)
    models.record(NAME, Record(repository="a/b", revision="0" * 40, files=found.files))
    weights = place / "unet" / "weights.safetensors"
    if spoil == "changed":
        weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    else:
        weights.unlink()
        (place / "unet" / "other.safetensors").write_bytes(safetensors_file({}))
    with pytest.raises(DamagedWeights, match=f"weights.safetensors.*sfumato pull {NAME}"):
        models.known(NAME)


def test_a_spoilt_record_only_means_reading_again(models: Models, tmp_path: Path):
    fill(models.place(NAME))
    before = models.known(NAME)
    (tmp_path / "models" / f"{NAME}.json").write_text("{ not json")
    assert models.known(NAME) == before


def test_a_real_model_is_painted_with_like_any_other(tmp_path: Path):
    """All the way: settings name the folder, the studio plans, paints, keeps and replays."""
    pytest.importorskip("torch")
    from tests import tiny_models

    folder = tiny_models.stable_diffusion(tmp_path / "shared")
    studio = Studio(Settings(home=tmp_path / "home", models={NAME: folder}))
    assert NAME in studio.models_here()
    (picture,) = studio.paint("a red apple", model=NAME, seed=1, steps=2, width=256, height=320)
    assert picture.image.size == (256, 320)
    file = picture.save(tmp_path / "apple.png")
    assert studio.replay(file).changed == 0
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(DamagedWeights, match="unet"):
        Studio(Settings(home=tmp_path / "home", models={NAME: folder})).paint("a pear", model=NAME, keep=False)


def test_a_model_of_ones_own_needs_only_a_card(tmp_path: Path):
    home = tmp_path / "home"
    (home / "cards").mkdir(parents=True)
    shipped = (Path(catalog.__file__).parent / "cards" / f"{NAME}.toml").read_text()
    (home / "cards" / "my-tune.toml").write_text(shipped.replace(f'name = "{NAME}"', 'name = "my-tune"'))
    studio = Studio(Settings(home=home))
    assert studio.model("my-tune").family == "stable-diffusion"
    assert "my-tune" in {card.name for card in studio.models()} and "my-tune" not in catalog.names()
    with pytest.raises(MissingWeights, match="sfumato pull my-tune"):
        studio.plan("a pear", model="my-tune")
    fill(home / "models" / "my-tune")
    assert studio.models_here() == {"my-tune", "pocket", "pocket-turbo"}
    assert studio.plan("a pear", model="my-tune").recipes[0].model == "my-tune"
    (home / "cards" / f"{NAME}.toml").write_text("not a card")
    assert studio.model(NAME).title == "Stable Diffusion 1.5"  # ours comes first
