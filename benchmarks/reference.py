"""Pocket as diffusers knows it: the shipped weights, dequantised, in a FluxPipeline's own folder; needs torch."""

import json
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

from sfumato import catalog
from sfumato.engine.families import Text, families
from sfumato.engine.families._flux_torch import Student, state
from sfumato.engine.weights.tensors import mapped


def student() -> Student:
    """Pocket's transformer in torch, with the very numbers that the ONNX graph computes with."""
    stored = mapped(catalog.folder("pocket") / "transformer.safetensors")
    return Student(stored, stored.metadata)


def transformer() -> FluxTransformer2DModel:
    return student().network


def autoencoder() -> AutoencoderKL:
    stored = mapped(catalog.folder("pocket") / "autoencoder.safetensors")
    model = AutoencoderKL.from_config(json.loads(stored.metadata["config"]))
    model.load_state_dict(state(stored))
    return model.eval()


def velocity(student: Student, x: np.ndarray, sigma: float, text: Text) -> np.ndarray:
    """What the torch model answers to a latent x, shape (channels, h, w), as our family would ask it."""
    with torch.inference_mode():
        return student.velocity(torch.from_numpy(x)[None], torch.tensor([sigma]), [text])[0].numpy()


def save_pipeline(folder: Path, prompt: str, negative: str = "") -> None:
    """A folder for FluxPipeline.from_pretrained, and beside it text.npz: what our text encoder says to the prompts."""
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
    empty, empty_pooled = pocket.read(negative).states
    np.savez(folder / "text.npz", states=states, pooled=pooled, empty=empty, empty_pooled=empty_pooled)
