"""The one door to ONNX Runtime: a graph's file as a session on the processor, and what a network says of a picture.

Pocket, finishers and control pictures run on it, and import nothing of each other; so it stands below them all. The
runtime itself is imported with the first session, for it takes 0.2 s that most commands can do without.
"""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import numpy as np

from sfumato.core.errors import JobFailed

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before it loads: spinning threads cost ten times on busy cores

MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # of ImageNet's photographs, red, green, blue, and their spread
SPREAD = np.array([0.229, 0.224, 0.225], np.float32)
NOTHING: Mapping[str, np.ndarray] = MappingProxyType({})


def session(file: Path, threads: int = 4, values: Mapping[str, np.ndarray] = NOTHING) -> "InferenceSession":
    """A graph ready to run; JobFailed where the runtime cannot load it.

    threads: at most so many. values: tensors by name that are taken in place of its files'.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(threads, os.cpu_count() or 1)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.x64quantprecision", "1")  # without VNNI, sums of int8 products overflow
    options.log_severity_level = 3
    given = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in values.values()]
    try:
        # Not add_initializer, which onnxruntime 1.32 does not heed for tensors that lie in a file.
        options.add_external_initializers(list(values), given)
        return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises its own kinds, one for each way to fail
        raise JobFailed(f"{file.name} cannot be loaded by ONNX Runtime {onnxruntime.__version__}: {error}") from error


@lru_cache(maxsize=2)
def network(file: Path) -> "InferenceSession":
    """The session of a small network for the work around a picture, kept for the next one."""
    return session(file)


def said_of(photograph: np.ndarray, by: "InferenceSession") -> np.ndarray:
    """The first answer of a network that learned from ImageNet's photographs, float32 (1, ...).

    photograph: float32 (height, width, 3), sRGB, 0 to 1, of a size that it takes.
    """
    asked = {by.get_inputs()[0].name: ((photograph - MEAN) / SPREAD).transpose(2, 0, 1)[None]}
    (answer,) = by.run([by.get_outputs()[0].name], asked)
    return cast("np.ndarray", answer)
