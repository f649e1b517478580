"""Image to image and inpainting beside diffusers' own pipelines: tiny random networks, the same noise, no text."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

import diffusers  # noqa: E402
from diffusers.pipelines.flux import pipeline_flux_img2img, pipeline_flux_inpaint  # noqa: E402
from diffusers.pipelines.stable_diffusion import (  # noqa: E402
    pipeline_stable_diffusion_img2img,
    pipeline_stable_diffusion_inpaint,
)

from sfumato.core.canvas import Canvas  # noqa: E402
from sfumato.core.order import Order  # noqa: E402
from sfumato.engine.conductor import Conductor, Finished  # noqa: E402
from sfumato.engine.families import Text  # noqa: E402
from sfumato.engine.families._flux_torch import pack, places, unpack  # noqa: E402
from sfumato.engine.noise import SeededNoise  # noqa: E402
from sfumato.engine.painting import Latent, Row  # noqa: E402
from sfumato.engine.schedules import Training, schedules  # noqa: E402
from sfumato.engine.start import start  # noqa: E402
from sfumato.engine.strength import levels_at  # noqa: E402
from sfumato.planning import plan  # noqa: E402
from sfumato.testing import tiny_card  # noqa: E402

SIDE, REDUCTION, CHANNELS, WORDS = 64, 8, 4, 3
SHAPE = (CHANNELS, SIDE // REDUCTION, SIDE // REDUCTION)
SHIFT = 3.0
TOLERANCE = 2e-4  # of the latent's spread: float32 twice around
STRENGTHS = [0.01, 0.15, 0.3, 0.5, 0.58, 0.75, 0.99, 1]

MASK = Image.new("L", (SIDE, SIDE))
MASK.paste(255, (16, 24, 48, 64))


class Torch:
    """What our engine is given of a torch network: the start's latent, and its answers."""

    rows_at_once = 1

    def __init__(self, scale: Literal["flow", "diffusion"], network: Any, start: np.ndarray):
        noise = {"scale": scale, "shift": SHIFT if scale == "flow" else 1.0, "spacing": "linspace", "offset": 0}
        names = {"flow": "flow", "diffusion": "scaled-linear"}
        self.card = tiny_card(noise=noise, schedule=names[scale], guidance_kind="none")
        self.network, self._start = network, start

    def latent_shape(self, width: int, height: int) -> tuple[int, ...]:
        return SHAPE

    def tokens(self, width: int, height: int) -> int:
        return (SIDE // REDUCTION // 2) ** 2

    def read(self, prompt: str) -> Text:
        return Text(None)

    def encode(self, pixels: np.ndarray) -> Latent:
        return self._start

    def decode(self, latent: Latent) -> np.ndarray:
        raise AssertionError("latents are compared")

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        (row,) = rows
        with torch.inference_mode():
            return [self.network(torch.from_numpy(row.x)[None], row.sigma)[0].numpy()]


def ours(model: Any, steps: int, strength: float, mask: Image.Image | None, seed: int) -> np.ndarray:
    order = Order(prompt="any", steps=steps, seed=seed, width=SIDE, height=SIDE)
    (recipe,) = plan(order, model.card).recipes
    canvas = Canvas(SIDE, SIDE, Image.new("RGBA", (SIDE, SIDE)), strength, mask)
    conductor = Conductor()
    task, _ = start(recipe, canvas, model)
    conductor.add(task)
    (end,) = [event for event in conductor.run() if isinstance(event, Finished)]
    return end.latent


def latents(seed: int) -> np.ndarray:
    return SeededNoise(seed, SHAPE)()


def close(found: np.ndarray, wanted: Any) -> None:
    assert np.isfinite(found).all()
    assert np.abs(found - wanted.numpy()).max() < TOLERANCE * wanted.std().item()


@pytest.fixture(scope="module")
def flux() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.FluxTransformer2DModel(
        patch_size=1, in_channels=4 * CHANNELS, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=16, pooled_projection_dim=16, axes_dims_rope=(4, 4, 8),
    ).eval()  # fmt: skip
    return transformer


@pytest.fixture(scope="module")
def unet() -> Any:
    torch.manual_seed(0)
    return diffusers.UNet2DConditionModel(
        sample_size=8, in_channels=CHANNELS, out_channels=CHANNELS, layers_per_block=1, block_out_channels=(16, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16, norm_num_groups=8,
    ).eval()  # fmt: skip


def autoencoder() -> Any:
    blocks = {f"{way}_block_types": (f"{way.title()}EncoderBlock2D",) * 4 for way in ("down", "up")}
    blocks["up_block_types"] = ("UpDecoderBlock2D",) * 4
    return diffusers.AutoencoderKL(
        latent_channels=CHANNELS, shift_factor=0.0, block_out_channels=(8,) * 4, norm_num_groups=4, **blocks
    )


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("strength", STRENGTHS)
def test_as_flux_does(flux: Any, strength: float, masked: bool, monkeypatch: pytest.MonkeyPatch):
    """FluxImg2ImgPipeline and FluxInpaintPipeline."""
    steps, seed, first = 12, 3, latents(8)
    words, pooled = torch.randn(1, WORDS, 16), torch.randn(1, 16)

    def network(x: Any, sigma: float) -> Any:
        answer = flux(
            hidden_states=pack(x), timestep=torch.tensor([sigma]), encoder_hidden_states=words,
            pooled_projections=pooled, txt_ids=torch.zeros(WORDS, 3), img_ids=places(4, 4), return_dict=False,
        )[0]  # fmt: skip
        return x - sigma * unpack(answer, *SHAPE)

    module = pipeline_flux_inpaint if masked else pipeline_flux_img2img
    kind = diffusers.FluxInpaintPipeline if masked else diffusers.FluxImg2ImgPipeline
    pipe = kind(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=SHIFT), vae=autoencoder(), transformer=flux,
        text_encoder=None, tokenizer=None, text_encoder_2=None, tokenizer_2=None,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    monkeypatch.setattr(module, "randn_tensor", lambda *_, **__: torch.from_numpy(latents(seed))[None])
    start_latent = torch.from_numpy(first)[None]
    unused = torch.zeros(1, 3, SIDE, SIDE)
    more = {"mask_image": MASK, "masked_image_latents": unused} if masked else {}
    with torch.inference_mode():
        theirs = pipe(
            prompt_embeds=words, pooled_prompt_embeds=pooled, image=start_latent, strength=strength, height=SIDE,
            width=SIDE, num_inference_steps=steps, output_type="latent", return_dict=False, **more,
        )[0]  # fmt: skip
    close(
        ours(Torch("flow", network, first), steps, strength, MASK if masked else None, seed), unpack(theirs, *SHAPE)[0]
    )


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("strength", [s for s in STRENGTHS if int(12 * s)])
def test_as_stable_diffusion_does(unet: Any, strength: float, masked: bool, monkeypatch: pytest.MonkeyPatch):
    """StableDiffusionImg2ImgPipeline and StableDiffusionInpaintPipeline, with Euler's scheduler.

    At strength 1 the one of theirs leaves a trace of the start in the noise, where ours ignores it, as is promised; the
    other leaves what is known out of the first look, where ours has it in.
    """
    steps, seed, first = 12, 3, latents(8)
    words = torch.randn(1, WORDS, 16)
    betas = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    scheduler = diffusers.EulerDiscreteScheduler(**betas, timestep_spacing="linspace", steps_offset=0)
    scheduler.set_timesteps(steps)
    time_at = dict(zip(np.float32(scheduler.sigmas[:-1]).tolist(), scheduler.timesteps.tolist(), strict=True))

    def network(x: Any, sigma: float) -> Any:
        time = time_at[min(time_at, key=lambda level: abs(level - sigma))]
        return x - sigma * unet(x / (sigma**2 + 1) ** 0.5, time, encoder_hidden_states=words).sample

    module = pipeline_stable_diffusion_inpaint if masked else pipeline_stable_diffusion_img2img
    kind = diffusers.StableDiffusionInpaintPipeline if masked else diffusers.StableDiffusionImg2ImgPipeline
    parts = dict.fromkeys(["text_encoder", "tokenizer", "safety_checker", "feature_extractor"])
    pipe = kind(unet=unet, vae=autoencoder(), scheduler=scheduler, requires_safety_checker=False, **parts)
    pipe.set_progress_bar_config(disable=True)
    monkeypatch.setattr(module, "randn_tensor", lambda *_, **__: torch.from_numpy(latents(seed))[None])
    start_latent = torch.from_numpy(first)[None]
    more = {"mask_image": MASK, "masked_image_latents": start_latent, "height": SIDE, "width": SIDE} if masked else {}
    with torch.inference_mode():
        theirs = pipe(
            prompt_embeds=words, image=start_latent, strength=strength, num_inference_steps=steps, guidance_scale=1,
            output_type="latent", return_dict=False, **more,
        )[0][0]  # fmt: skip
    found = ours(Torch("diffusion", network, first), steps, strength, MASK if masked else None, seed)
    if strength == 1 and masked:
        assert np.abs(found - theirs.numpy()).max() < 0.05 * theirs.std().item()
    elif strength == 1:
        assert np.abs(found - theirs.numpy()).max() > TOLERANCE * theirs.std().item()
        assert (found == ours(Torch("diffusion", network, -first), steps, 1, None, seed)).all()
    else:
        close(found, theirs)


@pytest.mark.parametrize("steps", [1, 4, 20, 28, 50])
def test_begins_at_the_level_that_diffusers_begins_at(steps: int):
    flow, diffusion = Training("flow", shift=SHIFT), Training("diffusion")
    for part in range(1, 101):
        strength = part / 100
        euler = diffusers.FlowMatchEulerDiscreteScheduler(shift=SHIFT)
        euler.set_timesteps(sigmas=np.linspace(1, 1 / steps, steps))
        left, _ = diffusers.FluxImg2ImgPipeline.get_timesteps(SimpleNamespace(scheduler=euler), steps, strength, "cpu")
        sigmas = levels_at(strength, schedules["flow"].sigmas(steps, flow, 16), "flow")
        np.testing.assert_allclose(sigmas[:-1], left.numpy() / 1000, rtol=1e-5)

        ddim = diffusers.DDIMScheduler()
        ddim.set_timesteps(steps)
        sd = diffusers.StableDiffusionImg2ImgPipeline
        left, _ = sd.get_timesteps(SimpleNamespace(scheduler=ddim), steps, strength, "cpu")
        assert len(
            levels_at(strength, schedules["scaled-linear"].sigmas(steps, diffusion, 16), "diffusion")
        ) - 1 == len(left)
