"""Networks in TFLite's form, run by LiteRT, their makers' own runtime. https://github.com/google-ai-edge/LiteRT"""

import os
import threading
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sfumato.core.errors import JobFailed

MOST_THREADS = 4


class Network:
    """A network of one picture. Several threads may ask it, and take turns. side: pixels of the square that it sees."""

    def __init__(self, file: Path):
        litert: Any = import_module("ai_edge_litert.interpreter")  # late: not everybody has it
        threads = min(MOST_THREADS, os.cpu_count() or 1)
        try:
            self._run = litert.Interpreter(str(file), num_threads=threads)
            self._run.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise JobFailed(f"{file.name} cannot be loaded by LiteRT ({str(error).splitlines()[0]})") from error
        (self._input,) = (one["index"] for one in self._run.get_input_details())
        self._outputs = [one["index"] for one in self._run.get_output_details()]
        self.side = int(self._run.get_input_details()[0]["shape"][1])
        self._turn = threading.Lock()

    def __call__(self, x: np.ndarray) -> list[np.ndarray]:
        """x: float32 (side, side, 3), as the network wants its colours. Returns every answer, without the batch."""
        with self._turn:
            self._run.set_tensor(self._input, np.ascontiguousarray(x[None], np.float32))
            self._run.invoke()
            return [self._run.get_tensor(index)[0].copy() for index in self._outputs]


@lru_cache(maxsize=4)
def network(file: Path) -> Network:
    """The loaded network of a file, kept for the next picture."""
    return Network(file)
