"""Models that change pictures, beside the pipelines of diffusers that they are: same tiny weights, seed and words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from sfumato import exports  # noqa: E402
from sfumato.core.canvas import Canvas  # noqa: E402
from sfumato.core.errors import RequestError  # noqa: E402
from sfumato.core.order import Order  # noqa: E402
from sfumato.core.recipe import Recipe  # noqa: E402
from sfumato.engine.families import Model, families  # noqa: E402
from sfumato.planning import plan  # noqa: E402
from sfumato.testing import tiny_card  # noqa: E402
from sfumato.worker.run import Painted, Progress, run  # noqa: E402
from tests import tiny_encoder_models, tiny_language_models, tiny_models  # noqa: E402

SIZE = 64, 32  # width, height: pixels
BOX = 20, 8, 44, 24
PROMPT, SEED, STEPS = "make it blue", 5, 4


def pix2pix(folder: Path) -> Path:
    return tiny_models.stable_diffusion(folder, kind="StableDiffusionInstructPix2PixPipeline", in_channels=8)


def inpainting(folder: Path) -> Path:
    return tiny_models.stable_diffusion(folder, kind="StableDiffusionInpaintPipeline", in_channels=9, sample_size=64)


def pix2pix_xl(folder: Path) -> Path:
    return tiny_models.stable_diffusion_xl(folder, kind="StableDiffusionXLInstructPix2PixPipeline", in_channels=8)


def inpainting_xl(folder: Path) -> Path:
    return tiny_models.stable_diffusion_xl(folder, kind="StableDiffusionXLInpaintPipeline", in_channels=9)


def kontext(folder: Path) -> Path:
    return tiny_models.flux(folder, guidance=True, kind="FluxKontextPipeline")


def fill(folder: Path) -> Path:
    return tiny_models.flux(folder, guidance=True, kind="FluxFillPipeline", in_channels=16 + 16 + 16)


Made = tuple[Callable[[Path], Path], list[str], dict[str, str], int]
MODELS: dict[str, Made] = {  # how its folder is made, what it can do, its siblings, how many pieces it reads
    "StableDiffusionInstructPix2PixPipeline": (pix2pix, ["instruct"], {}, 77),
    "StableDiffusionXLInstructPix2PixPipeline": (pix2pix_xl, ["instruct"], {}, 77),
    "StableDiffusionXLInpaintPipeline": (inpainting_xl, ["fill"], {}, 77),
    "FluxKontextPipeline": (kontext, ["instruct"], {"fill": "FluxKontextInpaintPipeline"}, 16),
    "StableDiffusionInpaintPipeline": (inpainting, ["fill"], {}, 77),
    "FluxFillPipeline": (fill, ["fill"], {}, 16),
    "StableDiffusion3Pipeline": (
        tiny_models.stable_diffusion_3, ["text-to-image", "image-to-image"],
        {"image-to-image": "StableDiffusion3Img2ImgPipeline", "fill": "StableDiffusion3InpaintPipeline"}, 16,
    ),
    "ChromaPipeline": (
        tiny_encoder_models.chroma, ["text-to-image", "image-to-image"], {"fill": "ChromaInpaintPipeline"}, 48,
    ),
    "Flux2KleinPipeline": (
        tiny_language_models.flux_2_klein, ["instruct"], {"fill": "Flux2KleinInpaintPipeline"}, 256,
    ),
    "QwenImagePipeline": (
        tiny_models.qwen_image, ["text-to-image", "image-to-image"], {"fill": "QwenImageInpaintPipeline"}, 256,
    ),
    "StableDiffusionXLPipeline": (
        tiny_models.playground, ["text-to-image", "image-to-image"], {"fill": "StableDiffusionXLInpaintPipeline"}, 77,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def model_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Model]:
    kept: dict[str, Model] = {}

    def model(pipeline: str) -> Model:
        if pipeline not in kept:
            make, operations, siblings, tokens = MODELS[pipeline]
            card = tiny_card(
                name=pipeline.lower(), family="pipeline", pipeline=pipeline, operations=operations, siblings=siblings,
                sampler="own", schedule="own", text={"tokens": tokens, "negative": False},
                guidance_kind="distilled" if "Flux" in pipeline else "classifier-free",
                sizes={"multiple": 32, "low": 32, "high": 64, "best": 32, "default": SIZE},
            )  # fmt: skip
            folder = make(tmp_path_factory.mktemp(pipeline))
            kept[pipeline] = families["pipeline"](card, folder)
        return kept[pipeline]

    return model


def mask() -> Image.Image:
    made = Image.new("L", SIZE)
    ImageDraw.Draw(made).rectangle((BOX[0], BOX[1], BOX[2] - 1, BOX[3] - 1), fill=255)
    return made


KEPT = {"0" * 64: tiny_models.photo(SIZE).convert("RGBA"), "1" * 64: mask()}


def events_of(model: Model, operation: str, **fields: Any) -> list[Any]:
    order = Order(prompt=PROMPT, operation=operation, start="0" * 64, seed=SEED, steps=STEPS, **fields)
    recipes = plan(order, model.card, pictures=KEPT.__getitem__).recipes
    return list(run(recipes, lambda name: model, exports.save, pictures=KEPT.__getitem__))


def reference(model: Model, name: str, **given: Any) -> np.ndarray:
    """What a class of diffusers makes of the same parts."""
    from sfumato.engine.families.pipeline import made_of, view

    pipe = view(made_of(model._pipe, getattr(diffusers, name)))  # type: ignore[attr-defined]
    return pipe(
        prompt=PROMPT, image=tiny_models.photo(SIZE), num_inference_steps=STEPS, output_type="np", **given,
        generator=torch.Generator().manual_seed(SEED),
    ).images[0]  # fmt: skip


FLUX = {"width": SIZE[0], "height": SIZE[1], "max_sequence_length": 16}
TOLD = {
    "StableDiffusionInstructPix2PixPipeline": {},
    "StableDiffusionXLInstructPix2PixPipeline": {"width": SIZE[0], "height": SIZE[1]},
    "FluxKontextPipeline": FLUX | {"max_area": 64 * 32},
}


@pytest.mark.parametrize("pipeline", TOLD)
def test_is_told_what_to_change(pipeline: str, model_of: Callable[[str], Model]):
    """The test's name names the class of diffusers."""
    model = model_of(pipeline)
    events = events_of(model, "image-to-image", guidance=4)
    assert [(e.step, e.steps) for e in events if isinstance(e, Progress)] == [(i, STEPS) for i in range(1, STEPS + 1)]
    assert isinstance(events[-1], Painted), events[-1]
    own = {"_auto_resize": False} if "Flux" in pipeline else {}
    wanted = reference(model, pipeline, guidance_scale=4.0, **TOLD[pipeline], **own)
    tiny_models.assert_same_pixels(np.asarray(events[-1].picture.image), wanted)


def test_a_picture_counts_and_the_page_around_a_mask_stays(model_of: Callable[[str], Model]):
    model = model_of("StableDiffusionInstructPix2PixPipeline")
    (picture,) = [e.picture for e in events_of(model, "inpaint", mask="1" * 64, guidance=4) if isinstance(e, Painted)]
    assert picture.outside is not None and picture.outside.changed_pixels == 0
    inside = np.asarray(picture.image.crop(BOX))[..., :3].astype(int) - np.asarray(tiny_models.photo(SIZE).crop(BOX))
    assert np.abs(inside).mean() > 5


@pytest.mark.parametrize(
    ("pipeline", "class_of_masks"),
    [
        ("StableDiffusionInpaintPipeline", "StableDiffusionInpaintPipeline"),
        ("StableDiffusionXLInpaintPipeline", "StableDiffusionXLInpaintPipeline"),
        ("FluxFillPipeline", "FluxFillPipeline"),
        ("FluxKontextPipeline", "FluxKontextInpaintPipeline"),
        ("StableDiffusion3Pipeline", "StableDiffusion3InpaintPipeline"),
        ("ChromaPipeline", "ChromaInpaintPipeline"),
        ("Flux2KleinPipeline", "Flux2KleinInpaintPipeline"),
        ("QwenImagePipeline", "QwenImageInpaintPipeline"),
        ("StableDiffusionXLPipeline", "StableDiffusionXLInpaintPipeline"),
    ],
)
def test_paints_under_a_mask_what_the_pipeline_paints(
    pipeline: str, class_of_masks: str, model_of: Callable[[str], Model]
):
    """Before it is put back, which is the same for every model (contracts/test_operations.py)."""
    model = model_of(pipeline)
    order = Order(prompt=PROMPT, operation="inpaint", start="0" * 64, mask="1" * 64, seed=SEED, steps=STEPS, guidance=4)
    (recipe,) = plan(order, model.card, pictures=KEPT.__getitem__).recipes
    found = drawn(model, recipe, Canvas(*SIZE, KEPT["0" * 64], 1.0, KEPT["1" * 64]))
    own = dict(FLUX) if "Flux" in pipeline else {"width": SIZE[0], "height": SIZE[1]}
    own |= {"max_area": SIZE[0] * SIZE[1], "_auto_resize": False} if "Kontext" in pipeline else {}
    own |= {"max_sequence_length": 16} if "3" in pipeline else {}
    own |= {"max_sequence_length": MODELS[pipeline][3]} if pipeline in ("ChromaPipeline", "Flux2KleinPipeline") else {}
    own |= {"negative_prompt": ""} if pipeline in ("ChromaPipeline", "QwenImagePipeline") else {}
    own |= {"true_cfg_scale" if "Qwen" in pipeline else "guidance_scale": 4.0}
    wanted = reference(model, class_of_masks, mask_image=mask(), strength=1.0, **own)
    tiny_models.assert_same_pixels(found, wanted)


def drawn(model: Any, recipe: Recipe, canvas: Canvas) -> np.ndarray:
    """What a model paints on one canvas."""
    painting, answer = model.painting(recipe, canvas), None
    try:
        while True:
            answer = model.look(painting.send(answer))
    except StopIteration as end:
        return model.decode(end.value)


def test_begins_part_of_the_way_from_a_picture_as_its_sibling_does(model_of: Callable[[str], Model]):
    """StableDiffusion3Img2ImgPipeline"""
    model = model_of("StableDiffusion3Pipeline")
    events = events_of(model, "image-to-image", strength=0.5, guidance=4)
    assert isinstance(events[-1], Painted), events[-1]
    own = {"width": SIZE[0], "height": SIZE[1], "max_sequence_length": 16}
    wanted = reference(model, "StableDiffusion3Img2ImgPipeline", strength=0.5, guidance_scale=4.0, **own)
    tiny_models.assert_same_pixels(np.asarray(events[-1].picture.image), wanted)
    assert [e.step for e in events if isinstance(e, Progress)] == [1, 2]


@pytest.mark.parametrize(
    ("pipeline", "operation", "fields", "said"),
    [
        ("FluxKontextPipeline", "image-to-image", {"strength": 0.5}, "leave --strength out"),
        ("FluxKontextPipeline", "erase", {"mask": "1" * 64}, "cannot do erase"),
        ("FluxKontextPipeline", "outpaint", {"margins": (8, 0, 0, 0)}, "cannot do outpaint"),
        ("FluxFillPipeline", "image-to-image", {}, "cannot do image-to-image"),
    ],
)
def test_what_it_was_not_taught_is_refused(
    pipeline: str, operation: str, fields: dict[str, Any], said: str, model_of: Callable[[str], Model]
):
    with pytest.raises(RequestError, match=said):
        events_of(model_of(pipeline), operation, **fields)


def test_erases_and_extends_by_filling(model_of: Callable[[str], Model]):
    model = model_of("StableDiffusionInpaintPipeline")
    for operation, fields in {"erase": {"mask": "1" * 64}, "outpaint": {"margins": (32, 0, 0, 0)}}.items():
        events = events_of(model, operation, **fields)
        assert isinstance(events[-1], Painted), events[-1]
        assert events[-1].picture.outside is not None and events[-1].picture.outside.changed_pixels == 0
