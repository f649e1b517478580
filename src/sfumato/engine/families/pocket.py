"""Pocket on ONNX Runtime: our own small FLUX, with no torch anywhere.

Three parts, four graphs: text encoder, transformer (int8), decoder and encoder. The int8 of the transformer takes its
scale over the whole call, so a call holds one picture and none depends on its neighbours.
"""

import os
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import cast

os.environ.setdefault(
    "OMP_WAIT_POLICY", "PASSIVE"
)  # before a runtime loads: spinning threads cost ten times on busy cores

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from sfumato.core.card import Card
from sfumato.core.errors import JobFailed
from sfumato.engine.families import Text
from sfumato.engine.painting import Latent, Row
from sfumato.engine.weights import verified

LATENT_CHANNELS = 16
REDUCTION = 8  # pixels a side of one latent place
PATCH = 2  # latent places a side of one token
SHIFT, SCALE = -0.2432, 0.58377  # latent = (encoded - SHIFT) * SCALE has unit spread
HAZE = 0.06  # alpha so near to 0 or 1 is the decoder's uncertainty: nothing, or whole
TRAINED_TOKENS = 12  # of text, padded with zeros; longer prompts are read in full


class Pocket:
    """The loaded model; sessions are made when first needed. x of a row: float32 (16, height / 8, width / 8)."""

    rows_at_once = 1

    def __init__(self, card: Card, folder: Path):
        self.card = card
        self._files = verified(card, folder)
        self.read = lru_cache(maxsize=256)(self._read)

    def latent_shape(self, width: int, height: int) -> tuple[int, ...]:
        return LATENT_CHANNELS, height // REDUCTION, width // REDUCTION

    def tokens(self, width: int, height: int) -> int:
        side = REDUCTION * PATCH
        return (width // side) * (height // side)

    def _read(self, prompt: str) -> Text:
        pieces = self._tokenizer.encode(prompt)
        ids, unread = pieces.ids, ""
        if len(ids) > (most := self.card.text.tokens):
            ids = ids[: most - 1] + ids[-1:]
            unread = prompt[pieces.offsets[most - 1][0] :]
        states, pooled = _run(self._text, ids=np.array([ids], np.int64))
        missing = max(0, TRAINED_TOKENS - len(ids))
        return Text((np.pad(states, ((0, 0), (0, missing), (0, 0))), pooled), unread)

    def encode(self, pixels: np.ndarray) -> Latent:
        straight = pixels.astype(np.float32) / 255
        premultiplied = np.concatenate([straight[..., :3] * straight[..., 3:], straight[..., 3:]], -1)
        (found,) = _run(self._encoder, pixels=premultiplied.transpose(2, 0, 1)[None] * 2 - 1)
        return (found[0] - SHIFT) * SCALE

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        (row,) = rows
        _, high, wide = row.x.shape
        states, pooled = row.text.states
        (velocity,) = _run(
            self._transformer,
            x=pack(row.x)[None],
            timestep=np.array([row.sigma], np.float32),
            states=states,
            pooled=pooled,
            ids=places(states.shape[1], high // PATCH, wide // PATCH),
        )
        return [row.x - np.float32(row.sigma) * unpack(velocity[0], high, wide)]

    def decode(self, latent: Latent) -> np.ndarray:
        ((made,),) = _run(self._decoder, latent=(latent / SCALE + SHIFT)[None].astype(np.float32))
        unit = ((made.transpose(1, 2, 0) + 1) / 2).clip(0, 1)
        alpha = ((unit[..., 3:] - HAZE) / (1 - 2 * HAZE)).clip(0, 1)
        straight = np.where(alpha > 1 / 255, unit[..., :3] / np.maximum(unit[..., 3:], 1 / 255), 0).clip(0, 1)
        return (np.concatenate([straight, alpha], -1) * 255).round().astype(np.uint8)

    # ---- parts, made when first needed

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return Tokenizer.from_file(str(self._files["tokenizer.json"]))

    @cached_property
    def _text(self) -> onnxruntime.InferenceSession:
        return _session(self._files["text.onnx"])

    @cached_property
    def _transformer(self) -> onnxruntime.InferenceSession:
        return _session(self._files["transformer.onnx"])

    @cached_property
    def _decoder(self) -> onnxruntime.InferenceSession:
        return _session(self._files["decoder.onnx"])

    @cached_property
    def _encoder(self) -> onnxruntime.InferenceSession:
        return _session(self._files["encoder.onnx"])


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(2, os.cpu_count() or 1)  # more threads do not help a picture this small
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises its own kinds, one for each way to fail
        raise JobFailed(f"{path.name} cannot be loaded by ONNX Runtime {onnxruntime.__version__}: {error}") from error


def _run(session: onnxruntime.InferenceSession, **inputs: np.ndarray) -> list[np.ndarray]:
    """All outputs of a graph; Pocket's are plain arrays."""
    return cast("list[np.ndarray]", session.run(None, inputs))


def pack(x: np.ndarray) -> np.ndarray:
    """(16, h, w) to tokens (h/2 * w/2, 64): each 2 x 2 block in the order (channel, row, column), as FLUX does."""
    c, h, w = x.shape
    return x.reshape(c, h // 2, 2, w // 2, 2).transpose(1, 3, 0, 2, 4).reshape(h // 2 * w // 2, c * 4)


def unpack(tokens: np.ndarray, h: int, w: int) -> np.ndarray:
    c = tokens.shape[1] // 4
    return tokens.reshape(h // 2, w // 2, c, 2, 2).transpose(2, 0, 3, 1, 4).reshape(c, h, w)


@lru_cache(maxsize=32)
def places(text_tokens: int, rows: int, columns: int) -> np.ndarray:
    """FLUX's ids: zeros for text, then (0, row, column) for each token of the picture."""
    ids = np.zeros((rows, columns, 3), np.float32)
    ids[..., 1], ids[..., 2] = np.arange(rows)[:, None], np.arange(columns)[None]
    return np.concatenate([np.zeros((text_tokens, 3), np.float32), ids.reshape(-1, 3)])


PART = Pocket
