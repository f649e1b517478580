"""Pocket on ONNX Runtime: our own small FLUX, with no torch anywhere.

Three parts, four graphs: text encoder, transformer (int8), decoder and encoder. The int8 of the transformer takes its
scale over the whole call, so a call holds one picture and none depends on its neighbours.

The graphs hold no weights, but point into the safetensors files beside them. LoRA is added when a session is made: the
changed matrices are given to it in memory, and nothing is written.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from tokenizers import Tokenizer

from sfumato.core.card import Card
from sfumato.core.errors import DamagedWeights, UnreadableFile
from sfumato.core.once import beside, once
from sfumato.engine.families import USUAL, Manner, Text
from sfumato.engine.painting import Latent, Row
from sfumato.engine.weights import verified
from sfumato.engine.weights.lora import Lora, changed, fitted, modules, read_lora
from sfumato.engine.weights.tensors import Tensors, mapped
from sfumato.onnx import session

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from sfumato.engine.families._flux_torch import Student

PATCH = 2  # latent places a side of one token
HAZE = 0.06  # alpha so near to 0 or 1 is the decoder's uncertainty: nothing, or whole
TRAINED_TOKENS = 16  # of text, padded with zeros; longer prompts are read in full
THREADS = 2  # more do not help a picture this small
VIEWS = 3  # adapted transformers that are kept; each holds its own matrices in memory

Added = tuple[tuple[Lora, float], ...]


class Pocket:
    """The loaded model; sessions are made when first needed.

    x of a row: float32 (channels, height / reduction, width / reduction), as the card's `latent` says.
    """

    rows_at_once = 1

    def __init__(self, card: Card, folder: Path, manner: Manner = USUAL):
        self.card = card
        self._graphs = Graphs(card, verified(card, folder))
        self._added: Added = ()
        if card.adapter is not None:
            self._added = ((read_lora((folder / card.adapter).read_bytes()), 1.0),)
        self.read = lru_cache(maxsize=256)(self._read)
        self._view = lru_cache(maxsize=VIEWS)(self._new_view)

    def begin(self) -> None:
        """The sessions of what comes last are made while a prompt is read."""
        if "_transformer" not in self.__dict__:
            beside(lambda: self._transformer)
            beside(lambda: self._graphs.decoder)

    def latent_shape(self, width: int, height: int) -> tuple[int, ...]:
        space = self.card.latent
        return space.channels, height // space.reduction, width // space.reduction

    def tokens(self, width: int, height: int) -> int:
        side = self.card.latent.reduction * PATCH
        return (width // side) * (height // side)

    @classmethod
    def fits(cls, lora: Lora, card: Card, folder: Path) -> None:
        """DoesNotFit says why a LoRA is not for this model; its file's header is read, and no more."""
        assert card.adaptable is not None
        try:
            fitted(lora, modules(mapped(folder / card.adaptable)))
        except UnreadableFile as error:
            raise DamagedWeights(f"{card.name}: {error}; see sfumato doctor") from error

    def adapted(self, loras: Sequence[tuple[Lora, float]]) -> "Pocket":
        """This model with LoRAs added at their weights; the same ones give the same object, while it is kept."""
        felt = tuple((lora, weight) for lora, weight in loras if weight)
        return self._view(self._added + felt) if felt else self

    def student(self) -> "Student":
        """The transformer in torch, in fp32, to learn with."""
        from sfumato.engine.families._flux_torch import Student

        return Student({**self._graphs.matrices, **self._changed()}, self._graphs.matrices.metadata)

    def _new_view(self, added: Added) -> "Pocket":
        """All but the transformer is shared."""
        view = copy(self)
        view._added = added
        view.__dict__.pop("_transformer", None)
        return view

    def _changed(self) -> dict[str, np.ndarray]:
        return changed(self._graphs.matrices, self._added) if self._added else {}

    def _read(self, prompt: str) -> Text:
        pieces = self._graphs.tokenizer.encode(prompt)
        ids, unread = pieces.ids, ""
        if len(ids) > (most := self.card.text.tokens):
            ids = ids[: most - 1] + ids[-1:]
            unread = prompt[pieces.offsets[most - 1][0] :]
        states, pooled = _run(self._graphs.text, ids=np.array([ids], np.int64))
        missing = max(0, TRAINED_TOKENS - len(ids))
        return Text((np.pad(states, ((0, 0), (0, missing), (0, 0))), pooled), unread)

    def encode(self, pixels: np.ndarray) -> Latent:
        straight = pixels.astype(np.float32) / 255
        premultiplied = np.concatenate([straight[..., :3] * straight[..., 3:], straight[..., 3:]], -1)
        (found,) = _run(self._graphs.encoder, pixels=premultiplied.transpose(2, 0, 1)[None] * 2 - 1)
        return (found[0] - self.card.latent.shift) * self.card.latent.scale

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        (row,) = rows
        _, high, wide = row.x.shape
        states, pooled = row.text.states
        guidance = np.array([1 if row.guidance is None else row.guidance], np.float32)
        (velocity,) = _run(
            self._transformer,
            x=pack(row.x)[None],
            timestep=np.array([row.sigma], np.float32),
            states=states,
            pooled=pooled,
            ids=places(states.shape[1], high // PATCH, wide // PATCH),
            **({"guidance": guidance} if self._takes_guidance else {}),
        )
        return [row.x - np.float32(row.sigma) * unpack(velocity[0], high, wide)]

    def decode(self, latent: Latent) -> np.ndarray:
        space = self.card.latent
        ((made,),) = _run(self._graphs.decoder, latent=(latent / space.scale + space.shift)[None].astype(np.float32))
        if not np.isfinite(made).all():
            raise FloatingPointError
        unit = ((made.transpose(1, 2, 0) + 1) / 2).clip(0, 1)
        alpha = ((unit[..., 3:] - HAZE) / (1 - 2 * HAZE)).clip(0, 1)
        straight = np.where(alpha > 1 / 255, unit[..., :3] / np.maximum(unit[..., 3:], 1 / 255), 0).clip(0, 1)
        return (np.concatenate([straight, alpha], -1) * 255).round().astype(np.uint8)

    @once
    def _transformer(self) -> "InferenceSession":
        return self._graphs.transformer(self._changed())

    @cached_property
    def _takes_guidance(self) -> bool:
        return "guidance" in {given.name for given in self._transformer.get_inputs()}


class Graphs:
    """A model's files as sessions, made when first needed, and shared by all of its views."""

    def __init__(self, card: Card, files: dict[str, Path]):
        self._files = files
        self._adaptable = card.adaptable or "transformer.safetensors"

    def transformer(self, values: Mapping[str, np.ndarray]) -> "InferenceSession":
        """A new session; values: tensors by name in place of its file's."""
        return session(self._files["transformer.onnx"], THREADS, values)

    @cached_property
    def matrices(self) -> Tensors:
        """The transformer's weights as they are stored."""
        return mapped(self._files[self._adaptable])

    @cached_property
    def tokenizer(self) -> Tokenizer:
        return Tokenizer.from_file(str(self._files["tokenizer.json"]))

    @once
    def text(self) -> "InferenceSession":
        return session(self._files["text.onnx"], THREADS)

    @once
    def decoder(self) -> "InferenceSession":
        return session(self._files["decoder.onnx"], THREADS)

    @once
    def encoder(self) -> "InferenceSession":
        return session(self._files["encoder.onnx"], THREADS)


def _run(graph: "InferenceSession", **inputs: np.ndarray) -> list[np.ndarray]:
    """All outputs of a graph; Pocket's are plain arrays."""
    return cast("list[np.ndarray]", graph.run(None, inputs))


def pack(x: np.ndarray) -> np.ndarray:
    """(c, h, w) to tokens (h/2 * w/2, 4 c): each 2 x 2 block in the order (channel, row, column), as FLUX does."""
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
