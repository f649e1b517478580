"""Models that paint whole, beside the pipelines of diffusers that they are: the same tiny weights, seed and prompt."""

import inspect
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from sfumato import catalog, exports  # noqa: E402
from sfumato.core.canvas import Canvas  # noqa: E402
from sfumato.core.errors import DamagedWeights, JobFailed, MissingPackage, RequestError  # noqa: E402
from sfumato.core.order import Order  # noqa: E402
from sfumato.engine.families import Model, families  # noqa: E402
from sfumato.engine.families.pipeline import AS_IT_WAS_ASKED, Pipeline  # noqa: E402
from sfumato.planning import plan  # noqa: E402
from sfumato.testing import tiny_card  # noqa: E402
from sfumato.worker.run import Failed, Painted, Progress, run  # noqa: E402
from tests import tiny_encoder_models, tiny_language_models, tiny_models, tiny_seeing_models  # noqa: E402

PROMPT = "a red apple"
TOKENS = 48
SIDES = 64, 32  # width, height: pixels
SIDES_OF = {
    "HiDreamImagePipeline": (256, 256),
    "Kandinsky3Pipeline": (64, 64),
    "Kandinsky5T2IPipeline": (1408, 640),
}

WHOLE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "StableDiffusion3Pipeline": (tiny_models.stable_diffusion_3, "guidance_scale"),
    "SanaPipeline": (tiny_models.sana, "guidance_scale"),
    "PixArtSigmaPipeline": (tiny_models.pixart, "guidance_scale"),
    "ZImagePipeline": (tiny_models.z_image, "guidance_scale"),
    "QwenImagePipeline": (tiny_models.qwen_image, "true_cfg_scale"),
    "ChromaPipeline": (tiny_encoder_models.chroma, "guidance_scale"),
    "BriaPipeline": (tiny_encoder_models.bria, "guidance_scale"),
    "Flux2KleinPipeline": (tiny_language_models.flux_2_klein, "guidance_scale"),
    "CogView3PlusPipeline": (tiny_encoder_models.cogview_3, "guidance_scale"),
    "CogView4Pipeline": (tiny_language_models.cogview_4, "guidance_scale"),
    "Lumina2Pipeline": (tiny_language_models.lumina_2, "guidance_scale"),
    "Kandinsky3Pipeline": (tiny_encoder_models.kandinsky_3, "guidance_scale"),
    "HunyuanImagePipeline": (tiny_language_models.hunyuan_image, ""),
    "Krea2Pipeline": (tiny_language_models.krea_2, "guidance_scale"),
    "ErnieImagePipeline": (tiny_language_models.ernie_image, "guidance_scale"),
    "Flux2Pipeline": (tiny_language_models.flux_2, "guidance_scale"),
    "Ideogram4Pipeline": (tiny_language_models.ideogram_4, "guidance_scale"),
    "AuraFlowPipeline": (tiny_encoder_models.aura_flow, "guidance_scale"),
    "PixArtAlphaPipeline": (partial(tiny_models.pixart, kind="PixArtAlphaPipeline"), "guidance_scale"),
    "SanaSprintPipeline": (tiny_language_models.sana_sprint, "guidance_scale"),
    "HunyuanDiTPipeline": (tiny_encoder_models.hunyuan_dit, "guidance_scale"),
    "LuminaPipeline": (tiny_language_models.lumina_next, "guidance_scale"),
    "OvisImagePipeline": (tiny_language_models.ovis, "guidance_scale"),
    "PRXPipeline": (tiny_encoder_models.prx, "guidance_scale"),
    "Kandinsky5T2IPipeline": (tiny_language_models.kandinsky_5, "guidance_scale"),
    "LongCatImagePipeline": (tiny_language_models.longcat, "guidance_scale"),
    "HiDreamImagePipeline": (tiny_language_models.hidream, "guidance_scale"),
    "GlmImagePipeline": (tiny_language_models.glm_image, "guidance_scale"),
    "PRXPixelPipeline": (partial(tiny_encoder_models.prx, pixels=True), "guidance_scale"),
    "LatentConsistencyModelPipeline": (tiny_encoder_models.latent_consistency, "guidance_scale"),
    "BriaFiboPipeline": (tiny_language_models.fibo("BriaFiboPipeline"), "guidance_scale"),
    "KolorsPipeline": (tiny_language_models.kolors, "guidance_scale"),
    "NucleusMoEImagePipeline": (tiny_seeing_models.nucleus, "guidance_scale"),
    "QwenImage21Pipeline": (tiny_seeing_models.qwen_2_1, "true_cfg_scale"),
}


def load(pipeline: str, folder: Path) -> Model:
    sides = SIDES_OF.get(pipeline, SIDES)
    card = tiny_card(
        name=pipeline.lower(), family="pipeline", pipeline=pipeline, sampler="own", schedule="own",
        text={"tokens": TOKENS, "negative": True},
        sizes={"multiple": 32, "low": 32, "high": max(sides), "best": max(sides), "default": sides},
    )  # fmt: skip
    return families["pipeline"](card, WHOLE[pipeline][0](folder))


def events_of(model: Model, n: int = 1, **fields: Any) -> list[Any]:
    recipes = plan(Order(prompt=PROMPT, n=n, seed=5, steps=3, **fields), model.card).recipes
    return list(run(recipes, lambda name: model, exports.save))


@pytest.mark.parametrize("pipeline", WHOLE)
def test_paints_what_the_pipeline_paints(pipeline: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The test's name names the class of diffusers."""
    tiny_seeing_models.read_no_films(monkeypatch)
    model = load(pipeline, tmp_path)
    width, height = model.card.sizes.default
    events = events_of(model, guidance=4, negative="a pear")
    assert isinstance(events[-1], Painted), events[-1]
    assert [(e.step, e.steps) for e in events[:-1]] == [(1, 3), (2, 3), (3, 3)]
    pipe = getattr(diffusers, pipeline).from_pretrained(tmp_path)
    options = {
        "negative_prompt": "a pear",
        "max_sequence_length": TOKENS,
        "guidance_schedule": None,
        "intermediate_timesteps": None,
        **AS_IT_WAS_ASKED,
    }
    takes = inspect.signature(pipe.__call__).parameters
    made = pipe(
        prompt=PROMPT, width=width, height=height, num_inference_steps=3, output_type="np",
        generator=torch.Generator().manual_seed(5), **({WHOLE[pipeline][1]: 4.0} if WHOLE[pipeline][1] else {}),
        **{name: value for name, value in options.items() if name in takes},
    )[0][0]  # fmt: skip
    tiny_models.assert_same_pixels(np.asarray(events[-1].picture.image), made)


@pytest.fixture(scope="module")
def sana(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load("SanaPipeline", tmp_path_factory.mktemp("sana"))


def pixels(events: list[Any]) -> list[np.ndarray]:
    return [np.asarray(event.picture.image) for event in events if isinstance(event, Painted)]


def test_pictures_side_by_side_are_what_they_are_alone(sana: Model, monkeypatch: pytest.MonkeyPatch):
    alone = [pixels(events_of(sana, guidance=4))[0]]
    monkeypatch.setattr(sana, "rows_at_once", 4)  # so that two are under way at once
    first, second = pixels(events_of(sana, n=2, guidance=4))
    np.testing.assert_array_equal(first, alone[0])
    assert (first != second).any()


def test_cancelling_stops_within_a_step_and_the_next_picture_is_whole(sana: Model):
    recipes = plan(Order(prompt=PROMPT, n=2, seed=5, steps=3), sana.card).recipes
    seen: list[Any] = []
    seen.extend(run(recipes, lambda name: sana, exports.save, lambda recipe: recipe.seed == 5 and len(seen) >= 1))
    kinds = [type(event) for event in seen]
    assert kinds == [Progress, Failed, Progress, Progress, Progress, Painted]
    assert seen[1].error is None


def test_a_pipelines_own_failure_is_told(sana: Model, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sana._pipe.transformer, "forward", lambda *_, **__: 1 / 0)  # type: ignore[attr-defined]
    (failed,) = events_of(sana)
    assert isinstance(failed, Failed) and isinstance(failed.error, ZeroDivisionError)


def test_what_came_to_no_numbers_is_told(sana: Model, monkeypatch: pytest.MonkeyPatch):
    """It would be a black picture."""
    forward = sana._pipe.transformer.forward  # type: ignore[attr-defined]

    def beyond(*given: Any, **named: Any) -> Any:
        return (forward(*given, **named)[0] * float("nan"),)

    monkeypatch.setattr(sana._pipe.transformer, "forward", beyond)  # type: ignore[attr-defined]
    failed = events_of(sana)[-1]
    assert isinstance(failed, Failed) and "came to no numbers (NaN): try less --guidance, or sfumato verify" in str(
        failed.error
    )


@pytest.mark.parametrize(
    "field", [{"sampler": "euler"}, {"schedule": "flow"}, {"rescale": 0.5}], ids=lambda field: next(iter(field))
)
def test_what_it_cannot_honour_is_refused(sana: Model, field: dict[str, Any]):
    with pytest.raises(RequestError, match=f"--{next(iter(field))} out"):
        plan(Order(prompt=PROMPT, **field), sana.card)
    with pytest.raises(JobFailed, match="paints whole"):
        sana.encode(np.zeros((32, 64, 4), np.uint8))


@pytest.mark.parametrize("entry", [None, [None, None]], ids=["unnamed", "null"])
def test_parts_that_came_from_another_repository_are_loaded(tmp_path: Path, entry: Any):
    """HiDream's own index does not name its Llama, which lies in its makers' repository."""
    card = catalog.card("hidream-i1-fast")
    folder = tiny_language_models.hidream(tmp_path)
    before = Pipeline(card, folder)
    index = json.loads((folder / "model_index.json").read_text())
    for name in card.elsewhere:
        index.pop(name)
        if entry is not None:
            index[name] = entry
    (folder / "model_index.json").write_text(json.dumps(index))
    model = Pipeline(card, folder)
    for name in card.elsewhere:
        assert type(model._pipe.components[name]) is type(before._pipe.components[name])
    (folder / "text_encoder_4").rename(folder / "gone")
    with pytest.raises(DamagedWeights, match="it has no text_encoder_4"):
        Pipeline(card, folder)


def test_what_reads_films_too_wants_torchvision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Transformers makes those readers of pictures and films with it alone."""
    monkeypatch.setattr("sfumato.core.packages.find_spec", lambda name: None)
    folder = tiny_models.sana(tmp_path)
    spoil(folder / "model_index.json", tokenizer=["transformers", "Qwen2VLProcessor"])
    card = tiny_card(name="films", family="pipeline", pipeline="SanaPipeline", sampler="own", schedule="own")
    with pytest.raises(MissingPackage, match=r"films needs torchvision: pip install 'sfumato\[vision\]'"):
        families["pipeline"](card, folder)


def test_what_sees_by_torchvision_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sfumato.core.packages.find_spec", lambda name: None)
    card = tiny_card(name="omni", family="pipeline", pipeline="OmniGenPipeline", sampler="own", schedule="own")
    with pytest.raises(MissingPackage, match=r"omni needs torchvision: pip install 'sfumato\[vision\]'"):
        families["pipeline"](card, tiny_encoder_models.omnigen(tmp_path))


def test_numbers_in_an_index_are_no_code(tmp_path: Path):
    """Krea 2's says which layers of its reader it takes."""
    folder = tiny_models.sana(tmp_path)
    spoil(folder / "model_index.json", layers=[2, 5, 8], more=["diffusers", "Thing", 3])
    card = tiny_card(family="pipeline", pipeline="SanaPipeline", sampler="own", schedule="own")
    with pytest.raises(DamagedWeights, match="'more' is made by code"):
        families["pipeline"](card, folder)


@pytest.mark.parametrize("where", ["index", "config", "pipeline", "beside"])
def test_code_of_a_model_is_never_run(where: str, tmp_path: Path):
    marker = tmp_path / "it ran"
    folder = tiny_models.sana(tmp_path / "model")
    index, config = folder / "model_index.json", folder / "transformer" / "config.json"
    code = f"open({str(marker)!r}, 'w')\n"
    match where:
        case "index":
            (folder / "transformer" / "mine.py").write_text(code)
            said = "code of its own"
            spoil(index, transformer=["mine", "Mine"])
        case "config":
            (folder / "transformer" / "mine.py").write_text(code)
            said = "code of its own"
            spoil(config, auto_map={"AutoModel": "mine.Mine"})
        case "pipeline":
            (folder / "mine.py").write_text(code)
            said = "it holds a"
            spoil(index, _class_name=["mine", "SanaPipeline"])
        case _:
            (folder / "mine.py").write_text(code)
            said = "mine.py"
    card = tiny_card(family="pipeline", pipeline="SanaPipeline", sampler="own", schedule="own")
    with pytest.raises(DamagedWeights, match=said) as refused:
        families["pipeline"](card, folder)
    assert "\n" not in str(refused.value)
    assert not marker.exists()


def spoil(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def whole_cards() -> list[str]:
    cards = map(catalog.card, catalog.names())
    return [card.name for card in cards if card.family == "pipeline" and "text-to-image" in card.operations]


@pytest.mark.parametrize("name", whole_cards())
def test_a_pipeline_accepts_what_it_is_asked_with(name: str):
    """Of every card, at its usual values and at others: diffusers' own check of what a call says; no weights."""
    card = catalog.card(name)
    kind = getattr(diffusers, card.pipeline or "")
    model = object.__new__(Pipeline)
    model.card = card
    fewer = int(min(card.steps.low + 1, card.steps.high))
    others = {"steps": fewer, "negative": "a pear" if card.text.negative else None}
    for wish in ({}, others):
        (recipe,) = plan(Order(prompt=PROMPT, seed=1, **wish), card).recipes
        pipe = SimpleNamespace(__call__=kind.__call__, config={})
        asked = model._arguments(pipe, recipe, Canvas(*card.sizes.default))
        takes = inspect.signature(kind.__call__).parameters
        assert asked["num_inference_steps"] == recipe.steps and asked.keys() <= takes.keys()
        assert card.guidance_kind == "none" or recipe.guidance in asked.values()
        accepted(kind, {**{word: one.default for word, one in takes.items()}, **asked})


def accepted(kind: Any, asked: dict[str, Any]) -> None:
    """kind: a pipeline's class, whose check of the call is asked of one that has no parts."""
    check = getattr(kind, "check_inputs", None)
    if check is None:
        return
    bare = MagicMock(vae_scale_factor=8, default_sample_size=128, _callback_tensor_inputs=["latents"])
    bare.vae_scale_factor_spatial = bare.transformer.config.patch_size = bare.patch_size = 8
    words = [word for word in inspect.signature(check).parameters if word != "self"]
    usual = {"callback_steps": 1, "callback_on_step_end_tensor_inputs": ["latents"]}
    check(bare, **{word: asked.get(word, usual.get(word)) for word in words})
