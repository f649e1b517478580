"""Families: how a kind of model is fed, one file or folder each.

A family loads a card's weights into a Model, which reads prompts, encodes pictures, looks (rows in, clean estimates
out) and decodes. To add one, add a module with `PART = load`, a function or class `(card, folder, manner) -> Model`.
One over diffusers' parts says in `pipelines` for which classes it stands in; a model that was placed in an uncommon way
says so in `remark`, one line for a person, and in `needs` what memory it takes. One that networks steer has a ledger of
what they take in `beside` (_diffusers/ledger.py).

One whose `together` is true is given all rows of one picture's look in one call, whatever rows_at_once says.

One whose cards have a sampler `own` is a WholeModel: it paints by itself, and is led through its steps.

One whose cards say `loras` is an AdaptableModel too, and its PART an Adaptable: it takes LoRA. One whose cards name an
`adaptable` file can be taught one.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sfumato.core.canvas import Canvas
from sfumato.core.card import Card
from sfumato.core.recipe import Recipe
from sfumato.core.registry import Registry
from sfumato.engine.painting import Guided, Latent, Row
from sfumato.engine.steering import Steering
from sfumato.engine.weights.lora import Lora
from sfumato.engine.weights.words import Word

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # before it loads: it speaks of parts that nobody asked for

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


@dataclass(frozen=True)
class Manner:
    """How a model is wanted to be loaded. fast: in 8 bits and compiled, as far as the device is quicker so.

    thrift: how many steps below the best placement, for when memory ran out. precision, placement: what a person set
    (see Settings); None: what is best.
    """

    fast: bool = False
    thrift: int = 0
    precision: str | None = None
    placement: str | None = None


USUAL = Manner()


@dataclass(frozen=True)
class Text:
    """A prompt as a family has read it. unread: the end of the prompt that the model does not take in.

    beside: what else its looks are to know, as a SteerableModel made it.
    """

    states: Any
    unread: str = ""
    beside: Any = None


class Model(Protocol):
    """A loaded model. rows_at_once: how many rows one look may hold (1 where rows would disturb each other).

    A picture's rows may stand beside another's then; `together`, where a model has it, is of one picture's own.
    `begin`, where a model has it, is called before a picture is begun: what comes last can be loaded meanwhile.
    """

    card: Card
    rows_at_once: int

    def latent_shape(self, width: int, height: int) -> tuple[int, ...]:
        """The latent's shape for a picture of width x height pixels."""
        ...

    def tokens(self, width: int, height: int) -> int:
        """How many tokens such a picture has; for schedules whose shift depends on it."""
        ...

    def read(self, prompt: str) -> Text:
        """The prompt as the model takes it; "" for none."""
        ...

    def encode(self, pixels: np.ndarray) -> Latent:
        """pixels: uint8 (height, width, 4), straight alpha, sRGB, to a latent."""
        ...

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        """The clean latent behind each row's x; at most rows_at_once rows or one picture's, all of one shape."""
        ...

    def decode(self, latent: Latent) -> np.ndarray:
        """A latent to uint8 (height, width, 4), straight alpha, sRGB; FloatingPointError where it is no numbers."""
        ...


class WholeModel(Model, Protocol):
    """A model that paints whole, by a sampler of its own; its card's sampler and schedule say `own`."""

    def painting(self, recipe: Recipe, canvas: Canvas) -> Guided:
        """The picture that a recipe names. Each row that it yields is one step, answered by `look`."""
        ...


class AdaptableModel(Model, Protocol):
    """A model that LoRA can be added to."""

    def adapted(self, loras: Sequence[tuple[Lora, float]]) -> Model:
        """A light view of the model with LoRAs added at their weights, sharing all else; itself where all weigh 0.

        The same LoRAs give the same object while it is in use, so that the conductor takes their rows together.
        """
        ...


class SteerableModel(Model, Protocol):
    """A model that follows control pictures, looks at references, or is told what it fills; its card says which."""

    def steered(self, text: Text, steering: Steering, wanted: bool) -> Text:
        """The text with what steers its looks beside it. wanted: False for what should not be there."""
        ...


class Adaptable(Protocol):
    """What PART is for such models."""

    def fits(self, lora: Lora, card: Card, folder: Path) -> None:
        """DoesNotFit says why a LoRA is not for the card's model, whose files are in `folder`."""
        ...


class WordyModel(Model, Protocol):
    """A model whose prompts may hold words of one's own; its PART is Wordy, and its cards say `embeddings`."""

    def knowing(self, words: Sequence[Word]) -> Model:
        """A light view of the model that reads `<name>` as these words; the same ones give the same object."""
        ...


class Wordy(Protocol):
    """What PART is for such models."""

    def understands(self, word: Word, card: Card, folder: Path) -> None:
        """NoWord says why a word is not for the card's model, whose files are in `folder`."""
        ...


class TeachableModel(AdaptableModel, Protocol):
    """A model that a LoRA can be learned with."""

    def student(self) -> "Student":
        """The part that LoRA changes, in torch; ImportError without it."""
        ...


class Student(Protocol):
    """What a LoRA is learned with.

    network: the torch module that it changes, a model of diffusers. targets: names of the modules in it that get one.
    rate: how fast AdamW goes at its fastest.
    """

    network: "Module"
    targets: list[str]
    rate: float

    def velocity(self, x: "Tensor", sigma: "Tensor", texts: Sequence[Text]) -> "Tensor":
        """noise - clean, as the network sees it behind x = (1 - sigma) * clean + sigma * noise, without guidance.

        x: (n, *latent_shape); sigma: (n,). The answer has the shape of x.
        """
        ...


Load = Callable[..., Model]
"""Of a card and the folder of its files; and of a Manner, where that is not the usual one."""

families: Registry[Load] = Registry(__name__, "family")
