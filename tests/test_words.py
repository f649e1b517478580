"""Words of one's own (textual inversion) next to diffusers' load_textual_inversion: the same tiny weights, vectors."""

import gc
import pickle
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from sfumato.core.errors import RequestError, UnreadableFile  # noqa: E402
from sfumato.core.order import Order  # noqa: E402
from sfumato.embeddings import Embeddings  # noqa: E402
from sfumato.engine.families import families  # noqa: E402
from sfumato.engine.weights.words import read_word  # noqa: E402
from sfumato.planning import check, plan  # noqa: E402
from sfumato.planning.steering import NO_MEANS, Means  # noqa: E402
from sfumato.testing import safetensors_file, tiny_card  # noqa: E402
from tests import tiny_models  # noqa: E402

TOLERANCE = 1e-5  # of states about 1
SIZE = tiny_models.WIDTH
PROMPT = "a <pip> on a table"


def vectors(seed: int, pieces: int = 2, size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (pieces, size)).astype(np.float32)


def load(family: str, folder: Path) -> Any:
    card = tiny_card(
        family=family, text={"tokens": 75, "negative": True, "weights": True}, schedule="scaled-linear",
        noise={"scale": "diffusion"}, embeddings=True,
    )  # fmt: skip
    return families[family](card, folder)


def test_stable_diffusion_reads_a_word_as_diffusers_does(tmp_path: Path):
    """StableDiffusionPipeline."""
    folder = tiny_models.stable_diffusion(tmp_path / "model")
    model, data = load("stable-diffusion", folder), safetensors_file({"emb_params": vectors(1)})
    before = model.read(PROMPT).states
    found = model.knowing([read_word("pip", data)]).read(PROMPT).states
    pipe = diffusers.StableDiffusionPipeline.from_pretrained(folder)
    pipe.load_textual_inversion({"<pip>": torch.from_numpy(vectors(1))}, token="<pip>")
    wanted, _ = pipe.encode_prompt(PROMPT, "cpu", 1, False)
    np.testing.assert_allclose(found.numpy(), wanted.detach().numpy(), atol=TOLERANCE)
    assert np.abs(before.numpy() - wanted.detach().numpy()).max() > 0.1
    assert (model.read(PROMPT).states == before).all()


def test_stable_diffusion_xl_reads_a_word_by_both_of_its_readers(tmp_path: Path):
    """StableDiffusionXLPipeline."""
    folder = tiny_models.stable_diffusion_xl(tmp_path / "model")
    model = load("stable-diffusion-xl", folder)
    data = safetensors_file({"clip_g": vectors(2), "clip_l": vectors(1)})
    states, pooled = model.knowing([read_word("pip", data)]).read(PROMPT).states
    pipe = diffusers.StableDiffusionXLPipeline.from_pretrained(folder)
    for seed, nth in ((1, ""), (2, "_2")):
        pipe.load_textual_inversion(
            {"<pip>": torch.from_numpy(vectors(seed))}, token="<pip>", tokenizer=getattr(pipe, f"tokenizer{nth}"),
            text_encoder=getattr(pipe, f"text_encoder{nth}"),
        )  # fmt: skip
    wanted, _, whole, _ = pipe.encode_prompt(PROMPT, device="cpu", do_classifier_free_guidance=False)
    np.testing.assert_allclose(states.numpy(), wanted.detach().numpy(), atol=TOLERANCE)
    np.testing.assert_allclose(pooled.numpy(), whole.detach().numpy(), atol=TOLERANCE)


def test_words_may_weigh_more_and_stand_twice(tmp_path: Path):
    model = load("stable-diffusion", tiny_models.stable_diffusion(tmp_path / "model"))
    view = model.knowing([read_word("pip", safetensors_file({"x": vectors(1)}))])
    plain, heavy = (view.read(text).states for text in ("<pip> and <pip>", "(<pip>:1.5) and <pip>"))
    np.testing.assert_allclose(heavy[0, 1:3], plain[0, 1:3] * 1.5, atol=TOLERANCE)
    np.testing.assert_allclose(heavy[0, 3:], plain[0, 3:], atol=TOLERANCE)
    assert view is model.knowing([read_word("pip", safetensors_file({"x": vectors(1)}))])


def test_a_model_that_goes_is_not_held_by_the_words_it_knew(tmp_path: Path):
    model = load("stable-diffusion", tiny_models.stable_diffusion(tmp_path / "model"))
    model.knowing([read_word("pip", safetensors_file({"x": vectors(1)}))]).read(PROMPT)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


@pytest.fixture
def kept(tmp_path: Path) -> Embeddings:
    folder = tiny_models.stable_diffusion(tmp_path / "model")
    home = tmp_path / "embeddings"
    home.mkdir()
    (home / "pip.safetensors").write_bytes(safetensors_file({"emb_params": vectors(1)}))
    (home / "large.safetensors").write_bytes(safetensors_file({"emb_params": vectors(1, size=48)}))
    (home / "two.safetensors").write_bytes(safetensors_file({"a": vectors(1), "b": vectors(2)}))
    (home / "nan.safetensors").write_bytes(safetensors_file({"a": vectors(1) * np.float32("nan")}))
    (home / "pickled.safetensors").write_bytes(pickle.dumps({"a": 1}))
    (home / "old.pt").write_bytes(b"")
    return Embeddings(home, lambda name: folder)


def planned(kept: Embeddings, prompt: str, **changes: Any) -> Any:
    card = tiny_card(**{"family": "stable-diffusion", "embeddings": True, **changes})
    means = Means(NO_MEANS.find, NO_MEANS.check, NO_MEANS.made, kept.find)
    made = plan(Order(prompt=prompt, seed=1), card, means=means)
    check(made.recipes[0], card, means=means)
    return made


def test_a_recipe_names_the_words_of_its_prompt(kept: Embeddings):
    made = planned(kept, "a <pip>, <none>, a <pip>")
    (use,) = made.recipes[0].embeddings
    assert use.name == "pip" and kept.load(use).digest == use.digest
    assert made.warnings == ["<none> is read as it stands: there is no such file in the folder embeddings"]
    other = planned(kept, "a <pip>", embeddings=False)
    assert other.recipes[0].embeddings == () and "takes none" in other.warnings[0]
    (kept.folder / "pip.safetensors").write_bytes(safetensors_file({"emb_params": vectors(9)}))
    with pytest.raises(RequestError, match="now another file"):
        kept.load(use)


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("large", RequestError, "its vectors have 48 numbers, not 32"),
        ("two", UnreadableFile, "it holds no word"),
        ("nan", UnreadableFile, "fetch it again"),
        ("pickled", UnreadableFile, "not a safetensors file"),
        ("old", RequestError, "is a .pt file, which can run code"),
    ],
)
def test_what_is_no_word_for_the_model_is_refused(kept: Embeddings, name: str, kind: type[Exception], says: str):
    with pytest.raises(kind, match=says) as refused:
        planned(kept, f"a <{name}>")
    assert "\n" not in str(refused.value)
