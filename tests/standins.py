"""Stand-ins for weights: tiny networks of the same form, and a manifest that names them, so that no test fetches any.

upscale-drawing, upscale-photo: a blur, then each pixel four times four, in ncnn's form. cutout: how red a pixel is, in
ONNX.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sfumato.weights import Weights
from sfumato.weights.manifest import Entry

REACH = 6  # pixels that the blur looks to each side
LAYERS = """7767517
4 4
Input            data      0 1 data
Convolution      blur      1 1 data blurred 0=3 1=5 4=2 5=0 6=225
Convolution      again     1 1 blurred twice 0=3 1=9 4=4 5=0 6=729
Interp           times     1 1 twice output 0=1 1=4.0 2=4.0
"""


def blur_net() -> dict[str, bytes]:
    """A network's two files, by their endings."""
    numbers = b""
    for side in (5, 9):
        kernel = np.zeros((3, 3, side, side), np.float32)
        for channel in range(3):
            kernel[channel, channel] = 1 / side**2
        numbers += bytes(4) + kernel.tobytes()  # four zeros: what follows is fp32
    return {".param": LAYERS.encode(), ".bin": numbers}


def redness_net() -> bytes:
    """ONNX: 1 where the picture is red, 0 where it is not; input as U^2-Net's, and more than one output, as it has."""
    from onnx import TensorProto, helper, numpy_helper

    shape = [1, 3, 320, 320]
    mean, spread = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])  # that the input was brought to
    weight, least = 40 * np.array([1, -0.5, -0.5]), 40 * 0.2
    bias = (weight * mean).sum() - least
    weight = (weight * spread).reshape(1, 3, 1, 1)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w", "b"], ["said"]),
            helper.make_node("Sigmoid", ["said"], ["mask"]),
            helper.make_node("Neg", ["mask"], ["other"]),
        ],
        "redness",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 320, 320]) for name in ("mask", "other")],
        [numpy_helper.from_array(weight.astype(np.float32), "w"), numpy_helper.from_array(np.float32([bias]), "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def entry_of(name: str, files: Mapping[str, bytes], *sources: Mapping[str, object]) -> Entry:
    """A manifest's entry of files that are given."""
    return Entry.model_validate(
        {
            "name": name, "about": "a stand-in", "licence": "Apache-2.0", "commercial": True, "origin": "tests",
            "files": [
                {"name": file, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                for file, data in files.items()
            ],
            "sources": sources,
        }
    )  # fmt: skip


def standins(folder: Path) -> dict[str, Entry]:
    """Put every stand-in into a folder of weights, and return the manifest that names them."""
    net = blur_net()
    entries = {}
    for name, files in {
        "upscale-drawing": {"tiny" + ending: data for ending, data in net.items()},
        "upscale-photo": {"tiny" + ending: data for ending, data in net.items()},
        "cutout": {"tiny.onnx": redness_net()},
    }.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for file, data in files.items():
            (folder / name / file).write_bytes(data)
        entries[name] = entry_of(name, files)
    return entries


def kept_standins(folder: Path) -> Weights:
    """The same, as a place of weights."""
    return Weights(folder, standins(folder))
