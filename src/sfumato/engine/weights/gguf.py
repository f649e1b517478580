"""GGUF files: whether one is what it says, before a library maps it.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. A header of counts, keys with values, and for each tensor a
name, its sides, a kind of number and a place. A file may come from a stranger: every count and length is held against
what is left of the file, so that nothing grows that is not there, and every tensor's place lies within.
"""

import math
import struct
from pathlib import Path
from typing import BinaryIO

from sfumato.core.errors import UnreadableFile
from sfumato.core.wording import cause

MAGIC, VERSIONS = b"GGUF", (2, 3)
FIXED = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # bytes of a value by its kind
STRING, ARRAY = 8, 9
DEEPEST = 4  # arrays within arrays
MOST = 2**20  # keys, tensors; the largest models have some thousands
LONGEST_NAME = 2**16  # bytes; the format allows 64 to a tensor's name
MOST_SIDES = 4
DEFAULT_ALIGNMENT, LARGEST_ALIGNMENT = 32, 2**20


def check_gguf(path: Path) -> None:
    """UnreadableFile, in words that follow on the file's name, if the header says what cannot be."""
    gguf_shapes(path)


def gguf_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of its tensors by name, the outermost side first, once its header is checked; as check_gguf."""
    try:
        with path.open("rb") as file:
            return _Header(file, path.stat().st_size).shapes()
    except OSError as error:
        raise UnreadableFile(f"it cannot be read ({cause(error)})") from error


class _Header:
    def __init__(self, file: BinaryIO, size: int):
        self._file, self._size = file, size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        if self._take(4) != MAGIC or self._number("<I") not in VERSIONS:
            raise UnreadableFile("it is not a GGUF file of version 2 or 3")
        tensors, keys = self._count(), self._count()
        alignment = DEFAULT_ALIGNMENT
        for _ in range(keys):
            name, kind = self._text(), self._number("<I")
            if name == b"general.alignment" and kind == 4:
                alignment = self._number("<I")
            else:
                self._skip_value(kind)
        if not 0 < alignment <= LARGEST_ALIGNMENT:
            raise self._wrong("its alignment")
        found = [self._tensor() for _ in range(tensors)]
        start = -(-self._file.tell() // alignment) * alignment
        if any(start + place > self._size or place % alignment for _, _, place in found):
            raise self._wrong("where a tensor lies")
        return {name: shape for name, shape, _ in found}

    def _tensor(self) -> tuple[str, tuple[int, ...], int]:
        """(its name, its shape, where it lies from the beginning of the numbers)."""
        name = self._text().decode(errors="replace")
        sides = self._number("<I")
        if not 0 < sides <= MOST_SIDES:
            raise self._wrong("how many sides a tensor has")
        shape = tuple(self._number("<Q") for _ in range(sides))[::-1]
        if math.prod(shape) > 64 * self._size:  # no kind packs a value into less than an eighth of a byte
            raise self._wrong("how large a tensor is")
        self._number("<I")
        return name, shape, self._number("<Q")

    def _skip_value(self, kind: int, depth: int = 0) -> None:
        if kind in FIXED:
            self._skip(FIXED[kind])
        elif kind == STRING:
            self._skip(self._number("<Q"))
        elif kind == ARRAY and depth < DEEPEST:
            of, count = self._number("<I"), self._number("<Q")
            if of in FIXED:
                self._skip(FIXED[of] * count)
            elif count > self._size:
                raise self._wrong("how long a list is")
            else:
                for _ in range(count):
                    self._skip_value(of, depth + 1)
        else:
            raise self._wrong("a kind of value")

    def _count(self) -> int:
        count = self._number("<Q")
        if count > MOST:
            raise self._wrong("how many there are")
        return count

    def _text(self) -> bytes:
        length = self._number("<Q")
        if length > LONGEST_NAME:
            raise self._wrong("how long a name is")
        return self._take(length)

    def _number(self, form: str) -> int:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _take(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) != count:
            raise UnreadableFile("it is not all of a GGUF file")
        return data

    def _skip(self, count: int) -> None:
        if count > self._size - self._file.tell():
            raise UnreadableFile("it is not all of a GGUF file")
        self._file.seek(count, 1)

    def _wrong(self, what: str) -> UnreadableFile:
        return UnreadableFile(f"its header says of {what} what cannot be: fetch or export the file again")
