"""Pocket on ONNX Runtime beside diffusers' own classes with the same stored numbers."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from benchmarks import reference  # noqa: E402
from sfumato import catalog  # noqa: E402
from sfumato.engine.families import families  # noqa: E402
from sfumato.engine.families.pocket import pack, unpack  # noqa: E402
from sfumato.engine.noise import SeededNoise  # noqa: E402
from sfumato.engine.painting import Row  # noqa: E402
from sfumato.studio import Studio  # noqa: E402

STEP = 0.02  # relative error of the velocity, mean over a path: what int8 inputs cost
LIKENESS = 25.0  # decibels of a whole picture against FluxPipeline's, after all steps' int8 errors
EXACT = 1e-4  # relative error of the parts that compute in fp32


@pytest.fixture(scope="module")
def pocket():
    card = catalog.card("pocket")
    return families[card.family](card, catalog.folder("pocket"))


def relative(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.sqrt(((found - wanted) ** 2).mean() / (wanted**2).mean()))


def test_a_look_equals_flux_transformer(pocket):
    """Stands beside FluxTransformer2DModel."""
    model, errors = reference.student(), []
    text = pocket.read("a red apple")
    x = SeededNoise(3, pocket.latent_shape(64, 96))()
    for sigma, later in [(1.0, 0.75), (0.75, 0.5), (0.5, 0.25), (0.25, 0.1)]:
        (clean,) = pocket.look([Row(x, sigma, text)])
        found = (x - clean) / sigma
        errors.append(relative(found, reference.velocity(model, x, sigma, text)))
        x = x + (later - sigma) * found
    assert np.mean(errors) < STEP


def test_the_autoencoder_equals_autoencoder_kl(pocket):
    """Stands beside AutoencoderKL: the decoder and the encoder."""
    model = reference.autoencoder()
    latent = SeededNoise(1, pocket.latent_shape(96, 64))()
    with torch.inference_mode():
        wanted = model.decode(torch.from_numpy(latent)[None]).sample.numpy()
    assert relative(pocket._graphs.decoder.run(None, {"latent": latent[None]})[0], wanted) < EXACT
    pixels = np.tanh(SeededNoise(2, (1, 4, 64, 96))())
    with torch.inference_mode():
        mode = model.encode(torch.from_numpy(pixels)).latent_dist.mode().numpy()
    assert relative(pocket._graphs.encoder.run(None, {"pixels": pixels})[0], mode) < EXACT


@pytest.mark.parametrize("negative", [None, "blue"])
def test_a_picture_equals_flux_pipelines(pocket, tmp_path: Path, negative: str | None):
    """Stands beside FluxPipeline: the same noise, prompt, steps, guidance; with a negative prompt, true_cfg_scale."""
    from diffusers import FluxPipeline

    card = catalog.card("pocket")
    side, steps, guidance, seed = card.sizes.best, 8, 3.0, 5
    (picture,) = Studio().paint(
        "a red apple", seed=seed, steps=steps, guidance=guidance, negative=negative, width=side, height=side, keep=False
    )
    reference.save_pipeline(tmp_path, "a red apple", negative or "")
    absent = dict.fromkeys(["text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"])
    pipe = FluxPipeline.from_pretrained(tmp_path, **absent)
    text = {name: torch.from_numpy(value) for name, value in np.load(tmp_path / "text.npz").items()}
    shape = pocket.latent_shape(side, side)
    noise = SeededNoise(seed, shape)()
    tokens = pipe(
        prompt_embeds=text["states"],
        pooled_prompt_embeds=text["pooled"],
        negative_prompt_embeds=text["empty"],
        negative_pooled_prompt_embeds=text["empty_pooled"],
        **({"guidance_scale": 1.0, "true_cfg_scale": guidance} if negative else {"guidance_scale": guidance}),
        num_inference_steps=steps,
        width=side,
        height=side,
        latents=torch.from_numpy(pack(noise)[None]),
        output_type="latent",
    ).images
    wanted = pocket.decode(unpack(tokens[0].numpy(), *shape[1:])).astype(float)
    error = ((np.asarray(picture.image).astype(float) - wanted) ** 2).mean()
    assert 10 * np.log10(255**2 / error) > LIKENESS
