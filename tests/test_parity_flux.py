"""FLUX.1 beside diffusers' FluxPipeline: the same tiny random weights, noise and prompt, step by step."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from sfumato.core.card import Card  # noqa: E402
from sfumato.engine.families import families  # noqa: E402
from sfumato.engine.families._flux_torch import unpack  # noqa: E402
from sfumato.engine.noise import SeededNoise  # noqa: E402
from sfumato.testing import tiny_card  # noqa: E402
from tests import tiny_models  # noqa: E402

TOLERANCE = 2e-5  # of latents about 1, in fp32: roundings of a few steps
PROMPT = "a red apple on a table"
SIDES = 32, 48  # width, height: pixels
TOKENS = 40


def card(kind: str, **changes: Any) -> Card:
    schedule = {"distilled": "flow-dynamic", "none": "flow"}[kind]
    return tiny_card(
        family="flux", guidance_kind=kind, schedule=schedule, text={"tokens": TOKENS, "negative": kind == "distilled"},
        sizes={"multiple": 4, "low": 4, "high": 64, "best": 64, "default": SIDES}, **changes,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "ours", "theirs"),
    [
        ("none", {"guidance": 1}, {}),
        ("distilled", {"guidance": 3.5}, {"guidance_scale": 3.5}),
        (
            "distilled",
            {"guidance": 3, "negative": "a pear"},
            {"guidance_scale": 1.0, "true_cfg_scale": 3.0, "negative_prompt": "a pear"},
        ),
    ],
    ids=["schnell", "dev", "dev with a negative prompt"],
)
def test_goes_step_by_step_with_flux_pipeline(kind: str, ours: dict, theirs: dict, tmp_path: Path):
    from diffusers import FluxPipeline

    folder, (width, height) = tiny_models.flux(tmp_path, guidance=kind == "distilled"), SIDES
    model = families["flux"](card(kind), folder)
    looks, pixels = tiny_models.painted(model, prompt=PROMPT, seed=7, steps=4, **ours)
    pipe = FluxPipeline.from_pretrained(folder)
    shape = model.latent_shape(width, height)
    seen: list[np.ndarray] = []

    def keep(pipe: Any, step: int, timestep: Any, given: dict[str, Any]) -> dict[str, Any]:
        seen.append(unpack(given["latents"], *shape)[0].numpy())
        return given

    noise = SeededNoise(7, shape)()
    made = pipe(
        PROMPT, width=width, height=height, num_inference_steps=4, max_sequence_length=TOKENS,
        latents=pipe._pack_latents(torch.from_numpy(noise)[None], 1, *shape), callback_on_step_end=keep,
        output_type="np", **theirs,
    ).images[0]  # fmt: skip
    np.testing.assert_array_equal(looks[0], noise)
    for x, arrived in zip(looks[1:], seen, strict=False):  # the last is the picture's own
        np.testing.assert_allclose(x, arrived, atol=TOLERANCE)
    assert len(looks) == len(seen) == 4
    tiny_models.assert_same_pixels(pixels, made)


@pytest.fixture(scope="module")
def schnell(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return families["flux"](card("none"), tiny_models.flux(tmp_path_factory.mktemp("flux"), guidance=False))


def test_encodes_what_it_decodes_as_the_autoencoder_does(schnell: Any):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 24, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[:4, :4] = 0  # transparent: as white
    found, network = schnell.encode(pixels), schnell._autoencoder._network
    rgb = pixels[..., :3].astype(np.float32)
    rgb[:4, :4] = 255
    with torch.inference_mode():
        mode = network.encode(torch.from_numpy(rgb.transpose(2, 0, 1)[None] / 127.5 - 1)).latent_dist.mode()
    np.testing.assert_allclose(found, ((mode - 0.1159) * 0.3611)[0].numpy(), atol=TOLERANCE)
    assert found.dtype == np.float32 and found.shape == schnell.latent_shape(24, 16)


def test_names_the_end_of_a_prompt_that_is_not_read(schnell: Any):
    assert schnell.read("a" * 20).unread == ""
    assert schnell.read("word " * 10 + "the end").unread.endswith("the end")
