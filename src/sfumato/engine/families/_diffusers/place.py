"""Where a model computes, in which numbers, and what of it waits elsewhere: chosen from its card and the machine."""

import os
from dataclasses import dataclass, replace
from typing import Literal

import torch

from sfumato.core.card import Card
from sfumato.engine.families import USUAL, Manner

Rounding = Literal["none", "float8", "int8"]
Placement = Literal["whole", "encoders", "blocks"]

ROOM = 3e9  # bytes that a picture under way takes beside the weights, at two megapixels
ROUNDED = 0.65  # of a network's bytes in bf16, that are left when its large products are kept in 8 bits
FLOAT8_FROM = (8, 9)  # the compute capability from which on a GPU multiplies 8-bit floats
WAITING = {
    "whole": "all of it there",
    "encoders": "its text encoders wait in the computer's memory, so that prompts are read slower",
    "blocks": "each block waits in the computer's memory until it is asked, so that every step is slower",
}
"""What a placement means, from the quickest down."""


@dataclass(frozen=True)
class Place:
    """A device, and the type of number that weights are kept in there.

    rounding: what the products of the network that paints are rounded to (_diffusers/rounding.py). compiled: whether
    its repeated blocks are compiled, which takes up to a minute at the first look of each size. placement: what waits
    in the computer's memory until it is asked. tiled: whether large pictures are decoded in tiles. why: one line for a
    person, what was chosen and for what reason.
    """

    device: torch.device
    dtype: torch.dtype
    rounding: Rounding = "none"
    compiled: bool = False
    placement: Placement = "whole"
    tiled: bool = False
    why: str = ""

    @property
    def remark(self) -> str:
        """`why`, where it is not what everybody expects; else nothing."""
        usual = self.placement == "whole" and self.rounding == "none" and not self.compiled and not self.tiled
        return "" if usual else self.why

    @property
    def together(self) -> bool:
        """Whether rows of one picture go into one call: not where all of a call is rounded by one scale."""
        return self.rounding != "int8"


@dataclass(frozen=True)
class Machine:
    """What there is to compute on. memory: of the device, bytes. float8: whether it multiplies 8-bit floats."""

    device: torch.device
    name: str
    memory: float
    dtype: torch.dtype
    float8: bool = False


def machine() -> Machine:
    """A GPU where there is one, in bf16 or, if it has none, fp16; else the processor, which is fastest in fp32."""
    if torch.cuda.is_available():
        dtype = torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
        about = torch.cuda.get_device_properties(0)
        return Machine(torch.device("cuda"), about.name, about.total_memory, dtype, _multiplies_float8())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 16e9
    if torch.backends.mps.is_available():
        return Machine(torch.device("mps"), "this Mac", memory * 0.7, torch.bfloat16)
    return Machine(torch.device("cpu"), "the processor", memory, torch.float32)


def placed(card: Card, wanted: Place | Manner = USUAL, on: Machine | None = None) -> Place:
    """Where and how the card's model is to compute. wanted: a Place is taken as it is. on: None: this machine."""
    if isinstance(wanted, Place):
        return wanted
    on = on or machine()
    place = Place(on.device, on.dtype)
    if wanted.fast:
        place = _fast(place, on)
    steps = list(WAITING) if on.device.type == "cuda" else ["whole"]
    first = next((i for i, step in enumerate(steps) if _bytes(card, place, step) <= on.memory), len(steps) - 1)
    step = steps[min(first + wanted.thrift, len(steps) - 1)]
    if wanted.thrift and step == "whole":  # nothing can wait elsewhere: smaller numbers
        place = replace(place, dtype=torch.bfloat16)
    place = replace(place, placement=step, tiled=step != "whole" or wanted.thrift > 0)
    return replace(place, why=_why(card, place, on))


def _fast(place: Place, on: Machine) -> Place:
    """8-bit products where the device is quicker with them, and compiled blocks where compiling takes seconds."""
    if on.device.type == "cuda":
        return replace(place, rounding="float8" if on.float8 else "none", compiled=True)
    return replace(place, rounding="int8") if on.device.type == "cpu" else place


def _bytes(card: Card, place: Place, placement: str) -> float:
    """What has to be on the device at once; what is not known is taken to fit."""
    painter = (card.parameters or 0) * place.dtype.itemsize * (1 if place.rounding == "none" else ROUNDED)
    beside = sum(card.beside.values()) * place.dtype.itemsize
    return {"whole": painter + beside, "encoders": painter, "blocks": 0}[placement] + ROOM


def _why(card: Card, place: Place, on: Machine) -> str:
    numbers = str(place.dtype).removeprefix("torch.").replace("float", "fp").replace("bfp", "bf")
    rounding = {"none": "", "float8": ", products in fp8", "int8": ", products in int8"}[place.rounding]
    compiled = ", blocks compiled at the first step of each size" if place.compiled else ""
    need = _bytes(card, place, "whole") / 1e9
    size = f"of {need:.0f} GB that it wants {on.name} has {on.memory / 1e9:.0f}: " if place.placement != "whole" else ""
    return f"{card.name} on {on.name} in {numbers}{rounding}{compiled}; {size}{WAITING[place.placement]}"


def _multiplies_float8() -> bool:
    return torch.cuda.get_device_capability(0) >= FLOAT8_FROM
