"""Models that are told what to change in a picture, or begin with one, beside the pipelines of diffusers they are."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from sfumato import exports  # noqa: E402
from sfumato.core.canvas import Canvas  # noqa: E402
from sfumato.core.order import Order  # noqa: E402
from sfumato.engine.families import Model, families  # noqa: E402
from sfumato.engine.families.pipeline import AS_IT_WAS_ASKED, brought_to, made_of  # noqa: E402
from sfumato.planning import plan  # noqa: E402
from sfumato.testing import tiny_card  # noqa: E402
from sfumato.worker.run import Painted, Progress, run  # noqa: E402
from tests import tiny_encoder_models, tiny_language_models, tiny_models, tiny_seeing_models  # noqa: E402

SIZE = 128, 64  # width, height: pixels
TOKENS = 256
PLAIN, OBJECT = "make it blue", '{"edit_instruction": "make it blue"}'

TOLD: dict[str, tuple[Callable[[Path], Path], str, str]] = {  # how it is made, its word for guidance, a prompt
    "Flux2Pipeline": (tiny_language_models.flux_2, "guidance_scale", PLAIN),
    "Flux2KleinPipeline": (tiny_language_models.flux_2_klein, "guidance_scale", PLAIN),
    "BriaFiboEditPipeline": (tiny_language_models.fibo("BriaFiboEditPipeline"), "guidance_scale", OBJECT),
    "QwenImageEditPipeline": (tiny_seeing_models.qwen_edit("QwenImageEditPipeline"), "true_cfg_scale", PLAIN),
    "QwenImageEditPlusPipeline": (tiny_seeing_models.qwen_edit("QwenImageEditPlusPipeline"), "true_cfg_scale", PLAIN),
    "QwenImage21Pipeline": (tiny_seeing_models.qwen_2_1, "true_cfg_scale", PLAIN),
    "LongCatImageEditPipeline": (tiny_seeing_models.longcat_edit, "guidance_scale", PLAIN),
    "Kandinsky5I2IPipeline": (tiny_seeing_models.kandinsky_5_edit, "guidance_scale", PLAIN),
    "JoyImageEditPipeline": (tiny_seeing_models.joy, "guidance_scale", PLAIN),
}


KEPT = {"0" * 64: tiny_models.photo(SIZE).convert("RGBA"), "1" * 64: Image.new("L", SIZE, 255)}


BEGUN: dict[str, tuple[Callable[[Path], Path], str, str]] = {  # how it is made, its sibling, its word for guidance
    "ChromaPipeline": (tiny_encoder_models.chroma, "ChromaImg2ImgPipeline", "guidance_scale"),
    "KolorsPipeline": (tiny_language_models.kolors, "KolorsImg2ImgPipeline", "guidance_scale"),
    "Kandinsky3Pipeline": (tiny_encoder_models.kandinsky_3, "Kandinsky3Img2ImgPipeline", "guidance_scale"),
    "LatentConsistencyModelPipeline": (
        tiny_encoder_models.latent_consistency, "LatentConsistencyModelImg2ImgPipeline", "guidance_scale"
    ),
    "SanaSprintPipeline": (tiny_language_models.sana_sprint, "SanaSprintImg2ImgPipeline", "guidance_scale"),
    "QwenImagePipeline": (tiny_models.qwen_image, "QwenImageImg2ImgPipeline", "true_cfg_scale"),
    "StableDiffusionXLPipeline": (tiny_models.playground, "StableDiffusionXLImg2ImgPipeline", "guidance_scale"),
}  # fmt: skip


def model_of(pipeline: str, folder: Path, **fields: Any) -> Model:
    card = tiny_card(
        name=pipeline.lower(), family="pipeline", pipeline=pipeline, sampler="own", schedule="own",
        text={"tokens": TOKENS, "negative": True},
        sizes={"multiple": 32, "low": 32, "high": 128, "best": 128, "default": SIZE}, **fields,
    )  # fmt: skip
    return families["pipeline"](card, folder)


def painted(model: Model, told: list[int], **fields: Any) -> np.ndarray:
    """told: steps that it tells of. uint8 (height, width, 4)"""
    order = Order(
        **{"operation": "image-to-image", "start": "0" * 64, "seed": 5, "guidance": 4, "negative": "a pear"} | fields
    )
    recipes = plan(order, model.card, pictures=KEPT.__getitem__).recipes
    events = list(run(recipes, lambda name: model, exports.save, pictures=KEPT.__getitem__))
    assert isinstance(events[-1], Painted), events[-1]
    assert [e.step for e in events if isinstance(e, Progress)] == told
    return np.asarray(events[-1].picture.image)


@pytest.mark.parametrize("pipeline", TOLD)
def test_is_told_what_to_change(pipeline: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The test's name names the class of diffusers. Some choose a size of their own; ours is brought to the order's."""
    tiny_seeing_models.read_no_films(monkeypatch)
    tiny_seeing_models.see_little(monkeypatch)
    made, word, prompt = TOLD[pipeline]
    model = model_of(pipeline, made(tmp_path), operations=["instruct"])
    ours = painted(model, [1, 2], prompt=prompt, steps=2)
    theirs = of_diffusers(getattr(diffusers, pipeline).from_pretrained(tmp_path), word, prompt, 2)
    tiny_models.assert_same_pixels(ours, brought_to(theirs, Canvas(*SIZE)))


@pytest.mark.parametrize("pipeline", BEGUN)
def test_begins_part_of_the_way_as_its_sibling_does(pipeline: str, tmp_path: Path):
    made, sibling, word = BEGUN[pipeline]
    model = model_of(
        pipeline, made(tmp_path), operations=["text-to-image", "variation"], siblings={"image-to-image": sibling},
        noise={"scale": "flow" if pipeline in ("ChromaPipeline", "QwenImagePipeline") else "diffusion"},
    )  # fmt: skip
    ours = painted(model, [1, 2], prompt=PLAIN, steps=4, strength=0.5)
    pipe = made_of(getattr(diffusers, pipeline).from_pretrained(tmp_path), getattr(diffusers, sibling))
    theirs = of_diffusers(pipe, word, PLAIN, 4, strength=0.5, intermediate_timesteps=None)
    tiny_models.assert_same_pixels(ours, theirs)


def test_fills_a_mask_as_its_sibling_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """QwenImageEditInpaintPipeline; all is under the mask, for putting back is the same for every model."""
    tiny_seeing_models.read_no_films(monkeypatch)
    tiny_seeing_models.see_little(monkeypatch)
    made, word, _ = TOLD["QwenImageEditPipeline"]
    siblings = {"fill": "QwenImageEditInpaintPipeline"}
    model = model_of("QwenImageEditPipeline", made(tmp_path), operations=["instruct"], siblings=siblings)
    ours = painted(model, [1, 2], prompt=PLAIN, steps=2, operation="inpaint", mask="1" * 64)
    pipe = made_of(diffusers.QwenImageEditPipeline.from_pretrained(tmp_path), diffusers.QwenImageEditInpaintPipeline)
    theirs = of_diffusers(pipe, word, PLAIN, 2, strength=1.0, mask_image=KEPT["1" * 64])
    tiny_models.assert_same_pixels(ours, brought_to(theirs, Canvas(*SIZE)))


def of_diffusers(pipe: Any, word: str, prompt: str, steps: int, **more: Any) -> np.ndarray:
    """What the pipeline itself makes of the same picture, 0 to 1 (height, width, channels)."""
    takes = inspect.signature(pipe.__call__).parameters
    options = {
        "width": SIZE[0], "height": SIZE[1], "negative_prompt": "a pear", "max_sequence_length": TOKENS, word: 4.0,
        **AS_IT_WAS_ASKED, **more,
    }  # fmt: skip
    torch.manual_seed(5)
    return pipe(
        prompt=prompt, image=tiny_models.photo(SIZE), num_inference_steps=steps, output_type="np",
        generator=torch.Generator().manual_seed(5),
        **{name: value for name, value in options.items() if name in takes},
    )[0][0]  # fmt: skip
