"""Pocket as diffusers knows it: the shipped weights, dequantised, in a FluxPipeline's own folder; needs torch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

from sfumato import catalog
from sfumato.engine.families import Text, families
from sfumato.engine.families._diffusers.first_block import FirstBlock
from sfumato.engine.families._flux_torch import Student, gathered, pack, places, state, unpack
from sfumato.engine.painting import Row
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


class TorchPocket:
    """Pocket asked in torch, as families over diffusers ask their transformers; all else is its own family's.

    left_out: looks of which only the first block was asked.
    """

    rows_at_once = 1

    def __init__(self) -> None:
        card = catalog.card("pocket")
        self._pocket = families[card.family](card, catalog.folder("pocket"))
        self._network = transformer()
        self._first_block = FirstBlock(self._network)
        self.card = card.model_copy(update={"first_block": True})
        self.looks = self.left_out = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pocket, name)

    def look(self, rows: Sequence[Row]) -> list[np.ndarray]:
        return [self._look(row) for row in rows]

    def _look(self, row: Row) -> np.ndarray:
        x = torch.from_numpy(row.x)[None]
        n, channels, high, wide = x.shape
        states, pooled = gathered([row.text])
        before = row.memory.left_out if row.memory else 0
        with torch.inference_mode(), self._first_block.remembering(row.memory):
            answer = self._network(
                hidden_states=pack(x), timestep=torch.tensor([row.sigma]), encoder_hidden_states=states,
                guidance=torch.tensor([1.0 if row.guidance is None else row.guidance]), pooled_projections=pooled,
                txt_ids=torch.zeros(states.shape[1], 3), img_ids=places(high // 2, wide // 2), return_dict=False,
            )[0]  # fmt: skip
        self.looks += n
        self.left_out += row.memory.left_out - before if row.memory else 0
        return row.x - np.float32(row.sigma) * unpack(answer, channels, high, wide)[0].numpy()


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
