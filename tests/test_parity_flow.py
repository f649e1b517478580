"""Z-Image and Qwen-Image beside diffusers' own pipelines: the same tiny random weights, noise, prompt and picture."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from sfumato.core.canvas import Canvas  # noqa: E402
from sfumato.core.errors import DamagedWeights  # noqa: E402
from sfumato.core.order import Order  # noqa: E402
from sfumato.engine.conductor import Conductor, Finished  # noqa: E402
from sfumato.engine.families import families  # noqa: E402
from sfumato.engine.families._flux_torch import pack, unpack  # noqa: E402
from sfumato.engine.noise import SeededNoise  # noqa: E402
from sfumato.engine.schedules import Training, schedules  # noqa: E402
from sfumato.engine.start import start  # noqa: E402
from sfumato.planning import plan  # noqa: E402
from sfumato.testing import tiny_card  # noqa: E402
from tests import tiny_models  # noqa: E402

TOLERANCE = 1e-4  # of latents about 1, in fp32
PROMPT, SEED, STEPS = "a red {apple} on a table", 7, 4
SIDES = 64, 96  # width, height: pixels


@dataclass(frozen=True)
class Kind:
    """family; the tiny folder; the class of diffusers, and of its kin for pictures; what it calls guidance."""

    family: str
    folder: Callable[[Path], Path]
    pipeline: str
    guidance_word: str
    card: dict[str, Any]
    packed: bool

    def load(self, folder: Path) -> Any:
        sizes = {"multiple": 8, "low": 8, "high": 128, "best": 96, "default": SIDES}
        text = {"tokens": 512, "negative": True}
        return families[self.family](tiny_card(family=self.family, sizes=sizes, text=text, **self.card), folder)

    def theirs(self, kind: str) -> Any:
        return getattr(diffusers, self.pipeline.replace("Pipeline", f"{kind}Pipeline"))


KINDS = {
    "Z-Image": Kind("z-image", tiny_models.z_image, "ZImagePipeline", "guidance_scale",
                    {"no_guidance": 0, "guidance": {"low": 0, "high": 9, "default": 3}}, packed=False),
    "Qwen-Image": Kind("qwen-image", tiny_models.qwen_image, "QwenImagePipeline", "true_cfg_scale",
                       {"schedule": "flow-dynamic", "steady_guidance": True}, packed=True),
}  # fmt: skip

every_kind = pytest.mark.parametrize("name", KINDS)


@every_kind
@pytest.mark.parametrize("negative", [None, "a pear"])
def test_goes_step_by_step_with_diffusers(name: str, negative: str | None, tmp_path: Path):
    """Stands beside ZImagePipeline and QwenImagePipeline, with the levels that the folder's scheduler states."""
    kind, (width, height) = KINDS[name], SIDES
    model = kind.load(kind.folder(tmp_path))
    looks, pixels = tiny_models.painted(model, prompt=PROMPT, seed=SEED, steps=STEPS, guidance=3, negative=negative)
    pipe, seen = kind.theirs("").from_pretrained(tmp_path), []
    shape = model.latent_shape(width, height)

    def keep(pipe: Any, step: int, timestep: Any, given: dict[str, Any]) -> dict[str, Any]:
        latents = given["latents"]
        seen.append((unpack(latents, *shape) if kind.packed else latents)[0].numpy())
        return given

    noise = torch.from_numpy(SeededNoise(SEED, shape)())[None]
    made = pipe(
        PROMPT, negative_prompt=negative or "", width=width, height=height, num_inference_steps=STEPS,
        latents=pack(noise) if kind.packed else noise, callback_on_step_end=keep, output_type="np",
        **{kind.guidance_word: 3.0},
    ).images[0]  # fmt: skip
    for x, arrived in zip(looks[1:], seen, strict=False):  # the last is the picture's own
        np.testing.assert_allclose(x, arrived, atol=TOLERANCE)
    assert len(looks) == len(seen) == STEPS
    tiny_models.assert_same_pixels(pixels, made)


@every_kind
def test_without_guidance_too(name: str, tmp_path: Path):
    kind, (width, height) = KINDS[name], SIDES
    model = kind.load(kind.folder(tmp_path))
    none = model.card.no_guidance
    looks, pixels = tiny_models.painted(model, prompt=PROMPT, seed=SEED, steps=2, guidance=none)
    assert len(looks) == 2
    noise = torch.from_numpy(SeededNoise(SEED, model.latent_shape(width, height))())[None]
    made = kind.theirs("").from_pretrained(tmp_path)(
        PROMPT, width=width, height=height, num_inference_steps=2, latents=pack(noise) if kind.packed else noise,
        output_type="np", **{kind.guidance_word: none},
    ).images[0]  # fmt: skip
    tiny_models.assert_same_pixels(pixels, made)


MASK = Image.new("L", SIDES)
MASK.paste(255, (16, 32, 48, 80))


@every_kind
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("strength", [0.3, 0.6, 1])
def test_changes_a_picture_as_diffusers_does(
    name: str, masked: bool, strength: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """ZImageImg2ImgPipeline, ZImageInpaintPipeline, QwenImageImg2ImgPipeline, QwenImageInpaintPipeline.

    Theirs draw from the autoencoder's Gaussian; here they take its middle, as ours does.
    """
    kind, (width, height) = KINDS[name], SIDES
    model = kind.load(kind.folder(tmp_path))
    shape, steps = model.latent_shape(width, height), 6
    page = np.random.default_rng(1).integers(0, 256, (height, width, 4), np.uint8)
    page[..., 3] = 255
    image = Image.fromarray(page, "RGBA")
    found = ours(model, Canvas(width, height, image, strength, MASK if masked else None), steps)

    theirs = kind.theirs("Inpaint" if masked else "Img2Img")
    module = import_module(theirs.__module__)
    noise = torch.from_numpy(SeededNoise(SEED, shape)())

    def drawn(wanted: Any, **_: Any) -> Any:
        return noise.reshape(wanted)

    monkeypatch.setattr(module, "randn_tensor", drawn)
    monkeypatch.setattr(module, "retrieve_latents", lambda output, **_: output.latent_dist.mode())
    pipe = theirs.from_pretrained(tmp_path)
    pipe.set_progress_bar_config(disable=True)
    more = {"mask_image": MASK} if masked else {}
    latents = pipe(
        PROMPT, negative_prompt="", image=image.convert("RGB"), strength=strength, width=width, height=height,
        num_inference_steps=steps, output_type="latent", return_dict=False, **{kind.guidance_word: 3.0}, **more,
    )[0]  # fmt: skip
    wanted = (unpack(latents, *shape) if kind.packed else latents)[0].numpy()
    assert np.isfinite(found).all() and found.std() > 0.1
    np.testing.assert_allclose(found, wanted, atol=TOLERANCE)


def ours(model: Any, canvas: Canvas, steps: int) -> np.ndarray:
    order = Order(prompt=PROMPT, steps=steps, seed=SEED, guidance=3, width=canvas.width, height=canvas.height)
    (recipe,) = plan(order, model.card).recipes
    conductor = Conductor()
    task, _ = start(recipe, canvas, model)
    conductor.add(task)
    (end,) = [event for event in conductor.run() if isinstance(event, Finished)]
    return end.latent


@pytest.mark.parametrize("steps", [1, 2, 8, 50])
@pytest.mark.parametrize("size", [16, 1024, 6889])
def test_levels_are_those_of_diffusers_scheduler(steps: int, size: int):
    """FlowMatchEulerDiscreteScheduler with Qwen-Image's options; one step is not stretched, for theirs is no number."""
    training = Training("flow", max_shift=0.9, max_tokens=8192, terminal=0.02 if steps > 1 else 0.0)
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(
        use_dynamic_shifting=True, shift_terminal=0.02 if steps > 1 else None
    )
    mu = 0.5 + (0.9 - 0.5) / (8192 - 256) * (size - 256)
    scheduler.set_timesteps(sigmas=np.linspace(1, 1 / steps, steps), mu=mu)
    found = schedules["flow-dynamic"].sigmas(steps, training, size)
    np.testing.assert_allclose(found, scheduler.sigmas.numpy(), atol=1e-6)


def test_one_step_has_a_level():
    assert schedules["flow-dynamic"].sigmas(1, Training("flow", terminal=0.02), 16) == [1.0, 0.0]


def test_the_folders_own_levels_count(tmp_path: Path):
    model = KINDS["Z-Image"].load(tiny_models.z_image(tmp_path, shift=6.0))
    assert model.card.noise.shift == 6.0
    said = tmp_path / "scheduler" / "scheduler_config.json"
    said.write_text(said.read_text().replace("6.0", '"steep"'))
    with pytest.raises(DamagedWeights, match="scheduler") as refused:
        KINDS["Z-Image"].load(tmp_path)
    assert "\n" not in str(refused.value)


@every_kind
def test_names_the_end_of_a_prompt_that_is_not_read(name: str, tmp_path: Path):
    kind = KINDS[name]
    model = kind.load(kind.folder(tmp_path))
    assert model.read("a pear").unread == ""
    assert model.read("word " * 100 + "the end").unread.endswith("the end")
    assert not model.read("word " * 100 + "the end").unread.startswith("word word word word word word word")


@every_kind
def test_encodes_what_it_decodes(name: str, tmp_path: Path):
    """What the autoencoder's own mean and spread take away they give back."""
    kind, (width, height) = KINDS[name], SIDES
    model = kind.load(kind.folder(tmp_path))
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 4), np.uint8)
    latent = model.encode(pixels)
    assert latent.dtype == np.float32 and latent.shape == model.latent_shape(width, height)
    made = model.decode(latent)
    assert made.shape == (height, width, 4) and made.dtype == np.uint8 and (made[..., 3] == 255).all()
