"""Networks in ncnn's form: a text file of layers (.param) and their numbers (.bin). https://github.com/Tencent/ncnn"""

import os
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sfumato.core.errors import JobFailed

MOST_THREADS = 4


class Network:
    """A network with one input and one output. Several threads may ask it at once."""

    def __init__(self, param: Path, bin: Path):
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before it loads: threads that spin are slow on busy cores
        ncnn: Any = import_module("ncnn")  # late: not everybody has it; it says nothing of its types

        self._net, self._mat = ncnn.Net(), ncnn.Mat
        self._net.opt.num_threads = min(MOST_THREADS, os.cpu_count() or 1)  # how many does not change the picture
        self._net.opt.use_vulkan_compute = False
        if self._net.load_param(str(param)) or self._net.load_model(str(bin)):
            raise JobFailed(f"{param.name} cannot be loaded by ncnn {ncnn.__version__}")
        (self._input,), (self._output,) = self._net.input_names(), self._net.output_names()

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x and the answer: float32 (height, width, channels)."""
        planes = np.ascontiguousarray(x.transpose(2, 0, 1), np.float32)  # kept alive: a Mat only looks at it
        extractor = self._net.create_extractor()
        extractor.input(self._input, self._mat(planes).clone())
        failed, answer = extractor.extract(self._output)
        if failed:
            raise JobFailed(f"ncnn could not enlarge a piece of {x.shape[1]}x{x.shape[0]}: is there enough memory?")
        return np.array(answer).transpose(1, 2, 0)


@lru_cache(maxsize=2)
def network(param: Path, bin: Path) -> Network:
    """The loaded network of two files, kept for the next picture."""
    return Network(param, bin)
