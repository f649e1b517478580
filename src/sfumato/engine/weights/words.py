"""Words of one's own (textual inversion): a few vectors that stand in a prompt where `<name>` is written.

Gal et al. 2022, https://arxiv.org/abs/2208.01618. Safetensors as diffusers writes them (one tensor), as AUTOMATIC1111
does (`emb_params`), and for Stable Diffusion XL, with its two readers, `clip_l` and `clip_g`.
"""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from sfumato.core.errors import RequestError
from sfumato.engine.weights.tensors import Tensors

READERS = ("clip_l", "clip_g")
MOST_PIECES = 75  # that a prompt's window has room for


class NoWord(RequestError):
    """A file holds no word, or not one for this model."""


@dataclass(frozen=True)
class Word:
    """name: as in `<name>`. digest: of the file, 16 hexadecimal digits. vectors: (pieces, size) for each reader."""

    name: str
    digest: str
    vectors: tuple[np.ndarray, ...] = field(compare=False, repr=False)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of a vector, for each reader."""
        return tuple(vectors.shape[1] for vectors in self.vectors)


def read_word(name: str, data: bytes) -> Word:
    """A word from a file's bytes; UnreadableFile or NoWord, in words that follow on the file's name."""
    tensors = Tensors(data)
    names = [one for one in READERS if one in tensors] or [one for one in ("emb_params",) if one in tensors]
    if not names and len(tensors) == 1:
        names = list(tensors)
    if not names:
        raise NoWord("it holds no word: one tensor is taken, emb_params, or clip_l and clip_g")
    vectors = tuple(np.atleast_2d(tensors[one]).astype(np.float32) for one in names)
    count = len(vectors[0])
    if any(one.ndim != 2 or len(one) != count or not np.isfinite(one).all() for one in vectors):
        raise NoWord("its vectors are not as many numbers for each of its pieces: fetch it again")
    if not 0 < count <= MOST_PIECES:
        raise NoWord(f"it has {count} pieces; 1 to {MOST_PIECES} have room in a prompt")
    return Word(name, hashlib.sha256(data).hexdigest()[:16], vectors)
