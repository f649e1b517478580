"""Safetensors files, read with numpy alone: a JSON header of names, types, shapes and places, then the numbers.

https://huggingface.co/docs/safetensors. A file may come from a stranger: every length and place is checked against the
file's size before it is used, and nothing in it is run.
"""

import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from sfumato.core.errors import UnreadableFile
from sfumato.core.wording import cause

LARGEST_HEADER = 16 * 2**20  # bytes; FLUX's LoRA has about 200 kB
MOST_SIDES = 8  # of a tensor
TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I8": "i1", "U8": "u1"}
OTHER_TYPES = {"F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "BOOL": 1, "I16": 2, "U16": 2, "U32": 4, "U64": 8}
"""Bytes of kinds of number that are not read here, though torch may."""
SIZES = {**{name: np.dtype(kind).itemsize for name, kind in TYPES.items()}, **OTHER_TYPES}


@dataclass(frozen=True)
class _Place:
    """Where a tensor lies: bytes from begin to end."""

    type: str
    shape: tuple[int, ...]
    begin: int
    end: int


class Tensors(Mapping[str, np.ndarray]):
    """The tensors of a file by name, each made when asked for; bf16 comes as fp32. metadata: as written, untrusted."""

    def __init__(self, data: "bytes | np.memmap"):
        self._data = memoryview(data)  # type: ignore[arg-type]
        start, header = _header(self._data)
        about = header.pop("__metadata__", None)
        self.metadata: dict[str, str] = _texts(about)
        self._places = {name: _place(name, entry, start, len(self._data)) for name, entry in header.items()}
        _check_apart(self._places.values())

    def __getitem__(self, name: str) -> np.ndarray:
        place = self._places[name]
        if place.type not in TYPES:
            raise UnreadableFile(f"it holds numbers of the kind {place.type}, which are not read: export it as bf16")
        values = np.frombuffer(self._data[place.begin : place.end], TYPES[place.type]).reshape(place.shape)
        if place.type == "BF16":  # the upper half of an fp32
            return (values.astype(np.uint32) << 16).view(np.float32)
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def numbers(self) -> int:
        """How many there are in all tensors."""
        return sum(math.prod(place.shape) for place in self._places.values())

    def shape(self, name: str) -> tuple[int, ...]:
        """A tensor's shape, from the header alone."""
        return self._places[name].shape


def mapped(path: Path) -> Tensors:
    """A file's tensors without reading more of it than is asked for; UnreadableFile says what is wrong."""
    try:
        return Tensors(np.memmap(path, np.uint8, "r"))
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be read ({cause(error)})") from error
    except ValueError as error:  # numpy maps no empty file
        raise UnreadableFile(f"{path.name} is empty") from error


def _header(data: memoryview) -> tuple[int, dict[str, Any]]:
    """(where the numbers begin, the header)."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(LARGEST_HEADER, len(data) - 8):
        raise UnreadableFile("it is not a safetensors file, or not all of one")
    try:
        header = json.loads(bytes(data[8 : 8 + length]))
    except (ValueError, RecursionError) as error:
        raise UnreadableFile("it is not a safetensors file: its header is not JSON") from error
    if not isinstance(header, dict):
        raise UnreadableFile("it is not a safetensors file: its header names no tensors")
    return 8 + length, header


def _place(name: str, entry: Any, start: int, size: int) -> _Place:
    match entry:
        case {"dtype": str(kind), "shape": [*shape], "data_offsets": [int(begin), int(end)]} if (
            (each := SIZES.get(kind)) is not None
            and len(shape) <= MOST_SIDES
            and all(isinstance(side, int) and 0 <= side < 2**40 for side in shape)
            and 0 <= begin <= end <= size - start
            and math.prod(shape) * each == end - begin
        ):
            return _Place(kind, tuple(shape), start + begin, start + end)
    raise UnreadableFile(f"its header says of {name[:80]!r} what cannot be: fetch or export the file again")


def _check_apart(places: Collection[_Place]) -> None:
    """UnreadableFile where two tensors share bytes: a small file would fill the memory."""
    ends = sorted((place.begin, place.end) for place in places if place.end > place.begin)
    if any(begin < before for (_, before), (begin, _) in pairwise(ends)):
        raise UnreadableFile("its header lays one tensor over another: fetch or export the file again")


def _texts(about: Any) -> dict[str, str]:
    return {k: v for k, v in about.items() if isinstance(v, str)} if isinstance(about, dict) else {}
