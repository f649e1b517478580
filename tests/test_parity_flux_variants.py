"""FLUX.1's variants, and what is beside it, next to diffusers' pipelines: the same tiny weights, noise and pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution  # noqa: E402

from sfumato.core.canvas import Canvas  # noqa: E402
from sfumato.core.errors import DamagedWeights  # noqa: E402
from sfumato.core.recipe import ControlUse, Recipe, ReferenceUse  # noqa: E402
from sfumato.engine.conductor import Conductor, Finished  # noqa: E402
from sfumato.engine.families import families  # noqa: E402
from sfumato.engine.families._flux_torch import pack, unpack  # noqa: E402
from sfumato.engine.noise import SeededNoise  # noqa: E402
from sfumato.engine.start import start  # noqa: E402
from sfumato.testing import tiny_card  # noqa: E402
from tests import tiny_models  # noqa: E402

TOLERANCE = 1e-4  # of the last latent's spread, fp32
PROMPT, SEED, STEPS, TOKENS = "a red apple", 7, 3, 40
SIDES = 32, 48  # width, height: pixels
DIGEST = "0" * 64


@pytest.fixture(autouse=True)
def middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Theirs draw a latent from the autoencoder's Gaussian; here they take its middle, as ours does."""
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode())


def picture(seed: int, size: tuple[int, int] = SIDES) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8))


def load(folder: Path, **changes: Any) -> Any:
    card = tiny_card(
        family="flux", guidance_kind="distilled", schedule="flow-dynamic", text={"tokens": TOKENS, "negative": True},
        sizes={"multiple": 4, "low": 4, "high": 64, "best": 64, "default": SIDES}, **changes,
    )  # fmt: skip
    return families["flux"](card, folder)


def ours(model: Any, canvas: Canvas, places: dict[str, Path] | None = None, **uses: Any) -> np.ndarray:
    """The last latent."""
    recipe = Recipe(
        model="gaussian", weights=model.card.weights, prompt=PROMPT, seed=SEED, steps=STEPS, guidance=3.5,
        sampler="euler", schedule="flow-dynamic", width=SIDES[0], height=SIDES[1], painted_width=SIDES[0],
        painted_height=SIDES[1], **uses,
    )  # fmt: skip
    conductor = Conductor()
    task, _ = start(recipe, canvas, model, lambda use: (places or {})[str(use.aid)])
    conductor.add(task)
    (end,) = [event for event in conductor.run() if isinstance(event, Finished)]
    return end.latent


def theirs(pipe: Any, model: Any, **fields: Any) -> np.ndarray:
    pipe.set_progress_bar_config(disable=True)
    shape = model.latent_shape(*SIDES)
    noise = torch.from_numpy(SeededNoise(SEED, shape)())[None]
    words = {} if "prompt_embeds" in fields else {"prompt": PROMPT}
    found = pipe(
        width=SIDES[0], height=SIDES[1], num_inference_steps=STEPS, guidance_scale=3.5, max_sequence_length=TOKENS,
        latents=pack(noise), output_type="latent", return_dict=False, **words, **fields,
    )[0]  # fmt: skip
    return unpack(found, *shape)[0].numpy()


def close(found: np.ndarray, wanted: np.ndarray) -> bool:
    return bool(np.abs(found - wanted).max() < TOLERANCE * wanted.std())


def canny(weight: float = 1, begin: float = 0, end: float = 1, aid: str | None = None) -> ControlUse:
    return ControlUse(kind="canny", picture=DIGEST, weight=weight, begin=begin, end=end, aid=aid)


def test_fill_paints_as_diffusers_does(tmp_path: Path):
    """FluxFillPipeline: the mask is told in channels, nothing is put back while painting."""
    folder = tiny_models.flux_variant(tmp_path, "FluxFillPipeline", 16 + 16)
    model = load(folder, operations=["fill"])
    mask = Image.new("L", SIDES)
    mask.paste(255, (8, 8, 24, 40))
    image = picture(3)
    found = ours(model, Canvas(*SIDES, image.convert("RGBA"), 1, mask))
    wanted = theirs(diffusers.FluxFillPipeline.from_pretrained(folder), model, image=image, mask_image=mask)
    assert close(found, wanted)
    assert not close(ours(model, Canvas(*SIDES, picture(4).convert("RGBA"), 1, mask)), wanted)


def test_a_control_model_paints_as_diffusers_does(tmp_path: Path):
    """FluxControlPipeline."""
    folder = tiny_models.flux_variant(tmp_path, "FluxControlPipeline", 16)
    model = load(folder, controls=["canny"], control_by="channels")
    found = ours(model, Canvas(*SIDES, controls=(picture(3),)), controls=(canny(),))
    wanted = theirs(diffusers.FluxControlPipeline.from_pretrained(folder), model, control_image=picture(3))
    assert close(found, wanted)
    assert not close(ours(model, Canvas(*SIDES, controls=(picture(4),)), controls=(canny(),)), wanted)


@pytest.mark.parametrize("way", ["reference", "start"])
def test_kontext_looks_at_a_picture_as_diffusers_does(way: str, tmp_path: Path):
    """FluxKontextPipeline; the picture is of the size that it is brought to."""
    folder = tiny_models.flux_variant(tmp_path, "FluxKontextPipeline")
    model = load(folder, operations=["text-to-image", "instruct"], references="tokens")
    if way == "start":
        image = picture(3)
        found = ours(model, Canvas(*SIDES, image.convert("RGBA")))
    else:
        image = picture(3, (64, 64))
        canvas = Canvas(*SIDES, references=(image.convert("RGBA"),))
        found = ours(model, canvas, references=(ReferenceUse(picture=DIGEST),))
    pipe = diffusers.FluxKontextPipeline.from_pretrained(folder)
    wanted = theirs(pipe, model, image=image, _auto_resize=False, max_area=SIDES[0] * SIDES[1])
    assert close(found, wanted)
    assert not close(ours(model, Canvas(*SIDES)), wanted)


def test_two_controlnets_with_weights_and_parts_paint_as_diffusers_does(tmp_path: Path):
    """FluxControlNetPipeline."""
    folder = tiny_models.flux(tmp_path / "model", guidance=True)
    model, places, pictures = load(folder), {}, (picture(3), picture(4))
    for seed in (1, 2):
        torch.manual_seed(seed)
        network = diffusers.FluxControlNetModel(
            in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=tiny_models.WIDTH, pooled_projection_dim=tiny_models.WIDTH, axes_dims_rope=(4, 4, 8),
            guidance_embeds=True,
        )  # fmt: skip
        for layer in (*network.controlnet_blocks, *network.controlnet_single_blocks, network.controlnet_x_embedder):
            torch.nn.init.normal_(layer.weight, std=0.2)
        network.save_pretrained(tmp_path / str(seed))
        places[str(seed)] = tmp_path / str(seed)
    uses = (canny(0.8, 0, 0.7, "1"), canny(1.2, 0.3, 1, "2"))
    found = ours(model, Canvas(*SIDES, controls=pictures), places, controls=uses)
    networks = diffusers.FluxMultiControlNetModel(
        [diffusers.FluxControlNetModel.from_pretrained(place) for place in places.values()]
    )
    pipe = diffusers.FluxControlNetPipeline.from_pretrained(folder, controlnet=networks)
    wanted = theirs(
        pipe, model, control_image=list(pictures), controlnet_conditioning_scale=[0.8, 1.2],
        control_guidance_start=[0.0, 0.3], control_guidance_end=[0.7, 1.0],
    )  # fmt: skip
    assert close(found, wanted)
    assert not close(ours(model, Canvas(*SIDES)), wanted)


def test_redux_says_a_picture_in_words_as_diffusers_does(tmp_path: Path):
    """FluxPriorReduxPipeline before FluxPipeline."""
    from diffusers.pipelines.flux.modeling_flux import ReduxImageEncoder
    from transformers import SiglipVisionConfig, SiglipVisionModel

    torch.manual_seed(1)
    folder, aid = tiny_models.flux(tmp_path / "model", guidance=True), tmp_path / "redux"
    config = SiglipVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8
    )
    eye, tongue = SiglipVisionModel(config).eval(), ReduxImageEncoder(16, tiny_models.WIDTH).eval()
    eye.save_pretrained(aid / "image_encoder")
    tongue.save_pretrained(aid / "image_embedder")
    model, image = load(folder, references="network"), picture(3, (32, 32))
    canvas = Canvas(*SIDES, references=(image.convert("RGBA"),))
    found = ours(model, canvas, {"r": aid}, references=(ReferenceUse(picture=DIGEST, aid="r"),))
    pipe = diffusers.FluxPipeline.from_pretrained(folder)
    states, pooled, _ = pipe.encode_prompt(PROMPT, None, max_sequence_length=TOKENS)
    unit = np.asarray(image, np.float32).transpose(2, 0, 1)[None] / 127.5 - 1
    with torch.inference_mode():
        words = tongue(eye(torch.from_numpy(unit)).last_hidden_state).image_embeds
    wanted = theirs(pipe, model, prompt_embeds=torch.cat([states, words], 1), pooled_prompt_embeds=pooled)
    assert close(found, wanted)
    assert not close(ours(model, Canvas(*SIDES)), wanted)


def test_a_folder_of_another_variant_is_refused(tmp_path: Path):
    folder = tiny_models.flux_variant(tmp_path, "FluxControlPipeline", 16)
    with pytest.raises(DamagedWeights, match="takes 32 channels, where what the card says makes 16"):
        load(folder)
