"""Chooses a model's place, from its card, the machine and what is wanted.

Rungs are tried from the best down, and the first that fits is taken. What waits elsewhere paints the same picture, so
all such rungs come before those that round; 4 bits are the last, for a machine that has no room for 16 anywhere.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from sfumato.core.card import Card
from sfumato.core.errors import RequestError
from sfumato.core.precision import PRECISIONS, ROOM
from sfumato.engine.families import USUAL, Manner
from sfumato.engine.families._diffusers.machine import Machine, machine
from sfumato.engine.families._diffusers.place import DTYPES, PAINTERS, ROUNDINGS, WAITING, Place, Rounding

LARGE = 2e6 * ROOM  # bytes that a picture of two megapixels takes beside the weights
ROUNDED: dict[str, Rounding] = {name: one for one, name in ROUNDINGS.items()}
AT_ONCE = 1 / 20  # of a network that waits block by block, what is there at a time: one block and the next
INSTEAD = {"fp8": "nf4 or bf16", "int8": "fp8, nf4 or bf16"}
"""What to say instead of a precision that a device has no products in."""


def placed(card: Card, wanted: Place | Manner = USUAL, on: Machine | None = None, folder: Path | None = None) -> Place:
    """Where and how the card's model is to compute; RequestError where the precision that is wanted cannot be.

    wanted: a Place is taken as it is. on: None: this machine. folder: of its files, of which GGUF are small already.
    """
    if isinstance(wanted, Place):
        return wanted
    on, packed = on or machine(), packed_bytes(folder)
    need = Need(card, on, packed)
    rungs = [rung if packed is None else replace(rung, rounding="none") for rung in ladder(wanted, on)]
    place = first = next((rung for rung in rungs if need.fits(rung)), rungs[-1])
    for _ in range(wanted.thrift):
        place = next((rung for rung in rungs if need.there(rung) < need.there(place)), place)
    place = replace(place, tiled=place.placement != "whole" or wanted.thrift > 0)
    left = on.memory - need.there(place)
    why = need.why(place, rungs[0], wanted)
    usual = place == rungs[0] and place == first and not wanted.fast and wanted.precision is None
    return replace(place, why=why, remark="" if usual else why, needs=need.words(place), left=left)


def ladder(wanted: Manner, on: Machine) -> list[Place]:
    """From the best down."""
    waits: list[str] = [wanted.placement] if wanted.placement else list(WAITING)
    if on.kind != "cuda":
        waits = ["whole"]
    compiled = wanted.fast and on.kind == "cuda"
    return [
        Place(on.device, dtype, rounding, compiled, one)  # type: ignore[arg-type] - settings know the placements
        for dtype, rounding in _numbers(wanted, on)
        for one in waits
    ]


def _numbers(wanted: Manner, on: Machine) -> Iterator[tuple[torch.dtype, Rounding]]:
    """On a processor, fp32 first, and the same of half the size."""
    dtype = on.dtype
    rounding: Rounding = _quick(on) if wanted.fast else "none"
    if wanted.precision is not None:
        check_precision(wanted.precision, on)
        dtype = next((one for one, name in DTYPES.items() if name == wanted.precision), dtype)
        rounding = ROUNDED.get(wanted.precision, "none")
    yield dtype, rounding
    if wanted.precision in DTYPES.values():
        return
    half = torch.bfloat16 if dtype == torch.float32 else dtype
    if half != dtype:
        yield half, rounding
    if rounding != "nf4" and wanted.precision is None:
        yield half, "nf4"


def check_precision(wanted: str, on: Machine) -> None:
    """RequestError where the device has no such products."""
    there = {"fp8": on.float8, "int8": on.kind == "cpu"}.get(wanted, True)
    if not there:
        raise RequestError(f"SFUMATO_PRECISION={wanted}: {on.name} has no such products; set it to {INSTEAD[wanted]}")


def _quick(on: Machine) -> Rounding:
    """The 8 bits that a device is quicker with; compiled blocks alone where it has none."""
    if on.kind == "cuda":
        return "float8" if on.float8 else "none"
    return "int8" if on.kind == "cpu" else "none"


def packed_bytes(folder: Path | None) -> int | None:
    """Of the network that paints, where it lies in a GGUF file, which stays as it is."""
    files = [folder / f"{name}.gguf" for name in PAINTERS] if folder is not None else []
    return next((file.stat().st_size for file in files if file.is_file()), None)


class Need:
    """What a card's model takes; what is not known is taken to fit. packed: bytes of its network, if they are fixed."""

    def __init__(self, card: Card, on: Machine, packed: int | None = None):
        self._card, self._on, self._packed = card, on, packed

    def fits(self, place: Place) -> bool:
        return self.there(place) <= self._on.memory and self.elsewhere(place) <= self._on.computer

    def there(self, place: Place) -> float:
        """Bytes that have to be on the device at once."""
        painter, beside = self._painter(place), self._beside(place)
        return {"whole": painter + beside, "encoders": painter, "blocks": painter * AT_ONCE}[place.placement] + LARGE

    def elsewhere(self, place: Place) -> float:
        """Bytes that wait in the computer's memory, of a device that has its own."""
        painter, beside = self._painter(place), self._beside(place)
        return {"whole": 0.0, "encoders": beside, "blocks": painter + beside}[place.placement]

    def words(self, place: Place) -> str:
        """As `37 GB in bf16`; with what waits, and what 4 bits would take."""
        if self._card.parameters is None:
            return "what nobody has counted"
        waits = f" and {self.elsewhere(place) / 1e9:.1f} of the computer's" if place.placement != "whole" else ""
        small = replace(place, rounding="nf4")
        rounds = self.there(small) + self.elsewhere(small) < 0.9 * (self.there(place) + self.elsewhere(place))
        less = f" ({self.there(small) / 1e9:.1f}{_and(self.elsewhere(small))} with SFUMATO_PRECISION=nf4)"
        return f"{self.there(place) / 1e9:.1f} GB in {place.precision}{waits}{less if rounds else ''}"

    def why(self, place: Place, best: Place, wanted: Manner) -> str:
        numbers = DTYPES[place.dtype] + ("" if place.rounding == "none" else f", products in {place.precision}")
        compiled = ", blocks compiled at the first step of each size" if place.compiled else ""
        short = "" if self.fits(best) else f"of {self.there(best) / 1e9:.0f} GB that it wants {self._has()}: "
        waits = "fewer bits it is" if short and place.placement == "whole" else WAITING[place.placement]
        where = f"{self._card.name} on {self._on.name} in {numbers}{compiled}; {short}{waits}"
        return where + "".join(f"; {text}" for text in self._said(place, wanted))

    def _said(self, place: Place, wanted: Manner) -> Iterator[str]:
        """What settings have to do with it, and what it means for pictures."""
        if wanted.precision is not None:
            yield f"SFUMATO_PRECISION is {wanted.precision}" + (
                ", which a GGUF file does not take: it stays as it is" if self._packed is not None else ""
            )
        if wanted.placement is not None:
            elsewhere = "" if self._on.kind == "cuda" else ", which is for a GPU: nothing can wait elsewhere here"
            yield f"SFUMATO_PLACEMENT is {wanted.placement}{elsewhere}"
        if place.rounding != "none" and not wanted.fast:
            yield "rounded so, a picture is near the one in full, not the same"

    def _has(self) -> str:
        computer = self._on.computer
        more = "" if computer == float("inf") else f" and the computer {computer / 1e9:.0f}"
        return f"{self._on.name} has {self._on.memory / 1e9:.0f}{more}"

    def _painter(self, place: Place) -> float:
        """On a processor, 32 bits are there before they are rounded; 16 are read from the disk as they are rounded."""
        if self._packed is not None:
            return self._packed
        count, size = self._card.parameters or 0, place.dtype.itemsize
        if place.rounding == "none" or (self._on.kind == "cpu" and size == 4):
            return count * size
        return replace(PRECISIONS[place.precision], rest=size).of_painter(count, self._card.rounds)

    def _beside(self, place: Place) -> float:
        return sum(self._card.beside.values()) * place.dtype.itemsize


def _and(bytes: float) -> str:
    return f" and {bytes / 1e9:.1f}" if bytes else ""
