"""Models that see a picture and are told what to change, beside the pipelines of diffusers that they are."""

import inspect
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from sfumato import exports  # noqa: E402
from sfumato.core.canvas import Canvas  # noqa: E402
from sfumato.core.order import Order  # noqa: E402
from sfumato.engine.families import families  # noqa: E402
from sfumato.engine.families.pipeline import AS_IT_WAS_ASKED, brought_to  # noqa: E402
from sfumato.planning import plan  # noqa: E402
from sfumato.testing import tiny_card  # noqa: E402
from sfumato.worker.run import Painted, Progress, run  # noqa: E402
from tests import tiny_language_models, tiny_models, tiny_seeing_models  # noqa: E402

SIZE = 128, 64  # width, height: pixels
TOKENS = 512
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


def photo() -> Image.Image:
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (4, 8, 3), np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)


KEPT = {"0" * 64: photo().convert("RGBA")}


@pytest.mark.parametrize("pipeline", TOLD)
def test_is_told_what_to_change(pipeline: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The test's name names the class of diffusers. Some choose a size of their own; ours is brought to the order's."""
    tiny_seeing_models.read_no_films(monkeypatch)
    tiny_seeing_models.see_little(monkeypatch)
    made, word, prompt = TOLD[pipeline]
    card = tiny_card(
        name=pipeline.lower(), family="pipeline", pipeline=pipeline, operations=["instruct"], sampler="own",
        schedule="own", text={"tokens": TOKENS, "negative": True},
        sizes={"multiple": 32, "low": 32, "high": 128, "best": 128, "default": SIZE},
    )  # fmt: skip
    model = families["pipeline"](card, made(tmp_path))
    order = Order(
        prompt=prompt, operation="image-to-image", start="0" * 64, seed=5, steps=2, guidance=4, negative="a pear"
    )
    recipes = plan(order, card, pictures=KEPT.__getitem__).recipes
    events = list(run(recipes, lambda name: model, exports.save, pictures=KEPT.__getitem__))
    assert isinstance(events[-1], Painted), events[-1]
    assert [e.step for e in events if isinstance(e, Progress)] == [1, 2]
    theirs = of_diffusers(pipeline, tmp_path, word, prompt)
    tiny_models.assert_same_pixels(np.asarray(events[-1].picture.image), brought_to(theirs, Canvas(*SIZE)))


def of_diffusers(pipeline: str, folder: Path, word: str, prompt: str) -> np.ndarray:
    """What the pipeline itself makes of the same picture, 0 to 1 (height, width, channels)."""
    pipe = getattr(diffusers, pipeline).from_pretrained(folder)
    takes = inspect.signature(pipe.__call__).parameters
    options = {
        "width": SIZE[0], "height": SIZE[1], "negative_prompt": "a pear", "max_sequence_length": TOKENS, word: 4.0,
        **AS_IT_WAS_ASKED,
    }  # fmt: skip
    torch.manual_seed(5)
    return pipe(
        prompt=prompt, image=photo(), num_inference_steps=2, output_type="np",
        generator=torch.Generator().manual_seed(5),
        **{name: value for name, value in options.items() if name in takes},
    )[0][0]  # fmt: skip
