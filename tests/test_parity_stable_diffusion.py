"""Stable Diffusion 1, 2 and XL beside diffusers' pipelines: the same tiny weights, noise and prompt, each step."""

from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from sfumato.core.errors import DamagedWeights  # noqa: E402
from sfumato.engine.families import Model, families  # noqa: E402
from sfumato.engine.noise import SeededNoise  # noqa: E402
from sfumato.testing import tiny_card  # noqa: E402
from tests import tiny_models  # noqa: E402

TOLERANCE = 1e-4  # of latents in the diffusion scale, at first about 14, in fp32
PROMPT, SEED, STEPS = "a red apple on a table", 7, 5
SIDES = 32, 48  # width, height: pixels


def load(family: str, folder: Path, prediction: str = "epsilon", spacing: str = "leading") -> Model:
    card = tiny_card(
        family=family, schedule="scaled-linear",
        noise={"scale": "diffusion", "prediction": prediction, "spacing": spacing},
        sizes={"multiple": 4, "low": 4, "high": 64, "best": 64, "default": SIDES},
    )  # fmt: skip
    return families[family](card, folder)


def painted(model: Model, **fields: Any) -> tuple[list[np.ndarray], np.ndarray]:
    return tiny_models.painted(model, prompt=PROMPT, seed=SEED, steps=STEPS, guidance=5, **fields)


def theirs(pipe: Any, model: Model, **fields: Any) -> tuple[list[np.ndarray], np.ndarray]:
    """(the latents after each step, the picture's pixels 0 to 1) of diffusers' own pipeline."""
    seen: list[np.ndarray] = []

    def keep(pipe: Any, step: int, timestep: Any, given: dict[str, Any]) -> dict[str, Any]:
        seen.append(given["latents"][0].numpy())
        return given

    width, height = SIDES
    noise = SeededNoise(SEED, model.latent_shape(width, height))()
    if getattr(pipe.scheduler.config, "use_karras_sigmas", False):  # it starts with a little less noise than the others
        noise *= sqrt(1 + float(pipe.scheduler.sigmas.max()) ** -2)
    made = pipe(
        PROMPT, width=width, height=height, num_inference_steps=STEPS, guidance_scale=5.0,
        callback_on_step_end=keep, output_type="np", latents=torch.from_numpy(noise)[None], **fields,
    ).images[0]  # fmt: skip
    return seen, made


KINDS = {
    "Stable Diffusion 1": ("stable-diffusion", "epsilon", {}),
    "Stable Diffusion 2, v": ("stable-diffusion", "v", {"use_linear_projection": True, "attention_head_dim": (2, 4)}),
    "Stable Diffusion XL": ("stable-diffusion-xl", "epsilon", {}),
    "Stable Diffusion XL, no zeros": ("stable-diffusion-xl", "epsilon", {"force_zeros_for_empty_prompt": False}),
}


def saved(kind: str, folder: Path) -> Path:
    family, prediction, changes = KINDS[kind]
    if family == "stable-diffusion-xl":
        return tiny_models.stable_diffusion_xl(folder, **changes)
    wanted = {"epsilon": "epsilon", "v": "v_prediction"}[prediction]
    return tiny_models.stable_diffusion(folder, prediction=wanted, **changes)


@pytest.mark.parametrize("negative", [None, "a pear"])
@pytest.mark.parametrize("kind", KINDS)
def test_goes_step_by_step_with_diffusers(kind: str, negative: str | None, tmp_path: Path):
    """Stands beside StableDiffusionPipeline and StableDiffusionXLPipeline, with EulerDiscreteScheduler."""
    family, prediction, _ = KINDS[kind]
    folder = saved(kind, tmp_path)
    model = load(family, folder, prediction)
    looks, pixels = painted(model, negative=negative)
    pipe = diffusers.DiffusionPipeline.from_pretrained(folder)
    seen, made = theirs(pipe, model, negative_prompt=negative)
    for x, arrived in zip(looks[1:], seen, strict=False):  # the last is the picture's own
        np.testing.assert_allclose(x, arrived, atol=TOLERANCE)
    assert len(looks) == len(seen) == STEPS
    tiny_models.assert_same_pixels(pixels, made)


@pytest.mark.parametrize("kind", ["Stable Diffusion 1", "Stable Diffusion XL"])
def test_guidance_takes_one_call_a_step(kind: str, tmp_path: Path):
    """Of two rows, as the pipelines of diffusers ask."""
    model, calls = load(KINDS[kind][0], saved(kind, tmp_path)), []
    network = model._unet.network  # type: ignore[attr-defined]
    network.register_forward_pre_hook(lambda network, given: calls.append(len(given[0])))
    painted(model, negative="a pear")
    assert calls == [2] * STEPS


@pytest.mark.parametrize(
    ("sampler", "schedule", "scheduler", "options"),
    [
        ("ddim", None, "DDIMScheduler", {"clip_sample": False, "set_alpha_to_one": True}),
        ("pndm", None, "PNDMScheduler", {"skip_prk_steps": True, "set_alpha_to_one": True}),
        ("lms", None, "LMSDiscreteScheduler", {}),
        ("dpmpp-2m", None, "DPMSolverMultistepScheduler", {"timestep_spacing": "trailing"}),
        ("unipc", None, "UniPCMultistepScheduler", {"timestep_spacing": "trailing"}),
        ("euler", "karras", "EulerDiscreteScheduler", {"use_karras_sigmas": True, "timestep_spacing": "linspace"}),
    ],
)
def test_the_classic_samplers_end_at_diffusers_picture(
    sampler: str, schedule: str | None, scheduler: str, options: dict, tmp_path: Path
):
    """Stands beside StableDiffusionPipeline with each scheduler."""
    options = {"timestep_spacing": "leading", **options}
    model = load("stable-diffusion", tiny_models.stable_diffusion(tmp_path), spacing=options["timestep_spacing"])
    _, pixels = painted(model, sampler=sampler, schedule=schedule)
    pipe = diffusers.StableDiffusionPipeline.from_pretrained(tmp_path)
    pipe.scheduler = getattr(diffusers, scheduler)(**tiny_models.STABLE, **options)
    _, made = theirs(pipe, model)
    tiny_models.assert_same_pixels(pixels, made)


def test_a_folder_of_another_family_is_refused(tmp_path: Path):
    folder = tiny_models.stable_diffusion(tmp_path)
    with pytest.raises(DamagedWeights, match="StableDiffusionPipeline") as refused:
        load("stable-diffusion-xl", folder)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("spoil", ["absent", "pickle", "cut", "config"])
def test_a_spoilt_folder_is_named_in_one_line(spoil: str, tmp_path: Path):
    folder = tiny_models.stable_diffusion(tmp_path)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    match spoil:
        case "absent":
            weights.unlink()
        case "pickle":
            weights.rename(weights.with_suffix(".bin"))
        case "cut":
            weights.write_bytes(weights.read_bytes()[:-9])
        case "config":
            (folder / "unet" / "config.json").write_text("{}")
    with pytest.raises(DamagedWeights, match="unet") as refused:
        load("stable-diffusion", folder)
    assert "\n" not in str(refused.value)
