"""Stand-ins for weights: tiny networks of the same form, and a manifest that names them, so that no test fetches any.

upscale-drawing, upscale-photo: a blur, then each pixel four times four, in ncnn's form. cutout: how red a pixel is, in
ONNX. pose: SOMEBODY, whatever the picture shows, in TFLite's form.
"""

import hashlib
from collections.abc import Mapping
from importlib.util import find_spec
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


SOMEBODY = np.array([(0.5 + (at % 3 - 1) * 0.1, 0.2 + at * 0.02) for at in range(33)])
"""Where the points of a body are that stand-ins find in any picture: of its width and height, if it is square."""
NEAR = 0.45  # of the picture, from the middle of the hips to the point above that says how large the body is


def constant_net(side: int, *answers: np.ndarray) -> bytes:
    """TFLite: a network of a square picture that always says the same."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], []
    model.buffers = [schema.BufferT() for _ in range(1 + len(answers))]
    graph.tensors, graph.operators, graph.inputs = [], [], [0]
    graph.outputs = list(range(1, 1 + len(answers)))
    for number, said in enumerate([None, *answers]):
        tensor = schema.TensorT()
        tensor.name, tensor.type = f"tensor{number}".encode(), schema.TensorType.FLOAT32
        tensor.shape = [1, side, side, 3] if said is None else [1, *said.shape]
        tensor.buffer = number
        if said is not None:
            model.buffers[number].data = np.frombuffer(said.astype(np.float32).tobytes(), np.uint8)
        graph.tensors.append(tensor)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def somebody_nets() -> dict[str, bytes]:
    """The networks that find SOMEBODY, with hands at the wrists, in a square picture as large as the window looked at.

    The first answer stands at 1/56 of the window, and says the middle from there; in the whole picture that is its own.
    """
    places, scores = np.zeros((2254, 12)), np.full((2254, 1), -50.0)
    at = 28 * 28 * 2 + 14 * 14 * 2 + 3 * 7 * 6 + 3 * 6  # in the middle
    scores[at] = 5
    places[at] = [0, 0, 224, 224, 0, 0, 0, -NEAR * 224, 0, 0, 0, 0]
    side = 2 * NEAR * 1.25  # of the picture, that the body's square has
    body = np.full((39, 5), 9.0)
    body[:33, :2] = ((SOMEBODY - 0.5) / side + 0.5) * 256
    body[33:35, :2] = [[128, 128], [128, 128 - NEAR / side * 256]]
    hand = np.zeros((21, 3))
    hand[:, :2] = 112 + 40 * np.random.default_rng(0).uniform(-1, 1, (21, 2))
    sure = np.ones(1)
    return {
        "pose_detection.tflite": constant_net(224, places, scores),
        "pose_landmark_full.tflite": constant_net(256, body.ravel(), sure),
        "hand_recrop.tflite": constant_net(256, np.array([[[128.0, 128, 128, 192]]])),
        "hand_landmark_full.tflite": constant_net(224, hand.ravel(), sure),
    }


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
        **({"pose": somebody_nets()} if find_spec("ai_edge_litert") else {}),
    }.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for file, data in files.items():
            (folder / name / file).write_bytes(data)
        entries[name] = entry_of(name, files)
    return entries


def kept_standins(folder: Path) -> Weights:
    """The same, as a place of weights."""
    return Weights(folder, standins(folder))
