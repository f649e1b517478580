"""Pocket as diffusers knows it: the shipped weights, dequantised, in a FluxPipeline's own folder; needs torch."""

import json
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel
from safetensors import safe_open

from sfumato import catalog
from sfumato.engine.families import Text, families
from sfumato.engine.families.pocket import pack, places, unpack


def tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """A part's tensors as fp32, int8 rows times their scales, and the config in its header."""
    with safe_open(path, "pt") as file:
        names = [n for n in file.keys() if not n.endswith("_scale")]  # noqa: SIM118 - not a dict
        stored = {n: file.get_tensor(n).float() for n in names}
        scales = {n: file.get_tensor(n + "_scale") for n in names if n + "_scale" in file.keys()}  # noqa: SIM118
        config = json.loads(file.metadata()["config"])
    return {n: t * scales[n][:, None] if n in scales else t for n, t in stored.items()}, config


def transformer() -> FluxTransformer2DModel:
    """Pocket's transformer in torch, with the very numbers that the ONNX graph computes with."""
    state, config = tensors(catalog.folder("pocket") / "transformer.safetensors")
    model = FluxTransformer2DModel.from_config(config)
    model.load_state_dict(state)
    return model.eval()


def autoencoder() -> AutoencoderKL:
    state, config = tensors(catalog.folder("pocket") / "autoencoder.safetensors")
    model = AutoencoderKL.from_config(config)
    model.load_state_dict(state)
    return model.eval()


def velocity(model: FluxTransformer2DModel, x: np.ndarray, sigma: float, text: Text) -> np.ndarray:
    """What the torch model answers to a latent x, shape (16, h, w), as our family would ask it."""
    states, pooled = (torch.from_numpy(part) for part in text.states)
    _, high, wide = x.shape
    ids = torch.from_numpy(places(states.shape[1], high // 2, wide // 2))
    with torch.inference_mode():
        answer = model(
            hidden_states=torch.from_numpy(pack(x)[None]),
            timestep=torch.tensor([sigma], dtype=torch.float32),
            encoder_hidden_states=states,
            pooled_projections=pooled,
            txt_ids=ids[: states.shape[1]],
            img_ids=ids[states.shape[1] :],
            return_dict=False,
        )[0]
    return unpack(answer[0].numpy(), high, wide)


def save_pipeline(folder: Path, prompt: str) -> None:
    """A folder for FluxPipeline.from_pretrained, and beside it text.npz: what our text encoder says to the prompt."""
    pipe = FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.0),
        vae=autoencoder(),
        text_encoder=None,
        tokenizer=None,
        text_encoder_2=None,
        tokenizer_2=None,
        transformer=transformer(),
    )
    pipe.save_pretrained(folder)
    card = catalog.card("pocket")
    pocket = families[card.family](card, catalog.folder("pocket"))
    states, pooled = pocket.read(prompt).states
    empty, empty_pooled = pocket.read("").states
    np.savez(folder / "text.npz", states=states, pooled=pooled, empty=empty, empty_pooled=empty_pooled)
