"""Pocket's three parts as ONNX graphs without weights: each initializer points into the safetensors file beside it.

So one file of weights serves ONNX Runtime (which maps it) and every program that reads safetensors. Matrices are int8
with a scale a row (`NAME_scale`); the rest is fp16, turned into fp32 when a session is made. A matrix is used in one of
two ways: `int8`, where the input is quantised too, over the whole call (so a call is one picture), or `weight-only`,
where small and sensitive parts are multiplied in fp32.

The parts are diffusers' FluxTransformer2DModel and AutoencoderKL and a BERT encoder; names are their own.
"""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from sfumato.engine.weights.int8 import along_rows, whole

OPSET = 21
TYPES = {"I8": TensorProto.INT8, "F16": TensorProto.FLOAT16, "F32": TensorProto.FLOAT}


def matrix(value: np.ndarray) -> bool:
    return value.ndim == 2


def convolution(value: np.ndarray) -> bool:
    """Rounded so, both halves of the autoencoder are 58 decibels from themselves; what they cannot draw is at 30."""
    return value.ndim == 4


class Weights:
    """What goes into a part's safetensors file: what `int8` says as int8 rows with scales, the rest as fp16."""

    def __init__(self, state: dict[str, np.ndarray], int8: Callable[[np.ndarray], bool] = matrix):
        self.tensors: dict[str, np.ndarray] = {}
        for name, value in state.items():
            value = value.astype(np.float32)
            if int8(value):
                scale = np.maximum(np.abs(value).reshape(len(value), -1).max(1), 1e-8) / 127
                self.tensors[name] = np.round(value / along_rows(scale, value.ndim)).astype(np.int8)
                self.tensors[name + "_scale"] = scale
            else:
                self.tensors[name] = value.astype(np.float16)

    def save(self, path: Path, about: dict[str, str]) -> None:
        # Large first, so that every tensor starts at a multiple of its item's size.
        order = sorted(self.tensors, key=lambda n: (-self.tensors[n].itemsize, n))
        save_file({n: np.ascontiguousarray(self.tensors[n]) for n in order}, path, metadata=about)

    def dequantised(self, name: str) -> np.ndarray:
        """The values that the graphs compute with, fp32."""
        return whole(self.tensors, name)


class Graph:
    """Builds a graph; every method adds nodes and returns the name of their result."""

    def __init__(self, weights: Weights):
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.used: dict[str, str] = {}
        self.quantised: dict[str, tuple[str, str, str, str]] = {}
        self.count = 0

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes) -> str:
        names = [f"{kind}_{self.count}_{i}" for i in range(outputs)]
        self.count += 1
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names  # type: ignore[return-value]

    def const(self, value) -> str:
        array = np.asarray(value)
        array = array.astype(np.float32) if array.dtype == np.float64 else array
        name = f"const_{self.count}"
        self.count += 1
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def ints(self, *values: int) -> str:
        return self.const(np.array(values, np.int64))

    def weight(self, name: str) -> str:
        """A stored tensor as fp32."""
        if name not in self.used:
            kind = self.weights.tensors[name].dtype
            if kind == np.int8:
                # Not DequantizeLinear: ONNX Runtime fuses that with the product and then quantises the input as well.
                rest = range(1, self.weights.tensors[name].ndim)
                scale = self.op("Unsqueeze", self.raw(name + "_scale"), self.ints(*rest))
                self.used[name] = self.op("Mul", self.op("Cast", self.raw(name), to=TensorProto.FLOAT), scale)
            elif kind == np.float16:
                self.used[name] = self.op("Cast", self.raw(name), to=TensorProto.FLOAT)
            else:
                self.used[name] = self.raw(name)
        return self.used[name]

    def raw(self, name: str) -> str:
        self.used.setdefault("raw " + name, name)
        return name

    def linear(self, x: str, name: str, int8: bool = False) -> str:
        """x @ W.T + b for the stored `name.weight` and `name.bias`."""
        bias = self.weight(f"{name}.bias")
        if not int8:
            return self.op(
                "Add", self.op("MatMul", x, self.op("Transpose", self.weight(f"{name}.weight"), perm=[1, 0])), bias
            )
        if x not in self.quantised:
            self.quantised[x] = self.rounded(x)
        values, scale, zero, most = self.quantised[x]
        matrix = self.op("Transpose", self.raw(f"{name}.weight"), perm=[1, 0])
        whole = self.op("Cast", self.op("MatMulInteger", values, matrix, zero), to=TensorProto.FLOAT)
        steps = self.op("Mul", scale, self.raw(f"{name}.weight_scale"))
        return self.op("Add", self.op("Mul", self.op("Mul", whole, steps), most), bias)

    def rounded(self, x: str) -> tuple[str, str, str, str]:
        """x as uint8, what 1 of it is worth, its zero, and each token's largest number, by which it was divided before.

        Or a token of large numbers would leave few steps to all the others: twice the error.
        """
        most = self.op("ReduceMax", self.op("Abs", x), self.ints(-1), keepdims=1)
        most = self.op("Max", most, self.const(np.float32(1e-6)))
        values, scale, zero = self.op("DynamicQuantizeLinear", self.op("Div", x, most), outputs=3)
        return values, scale, zero, most

    def layer_norm(self, x: str, size: int, eps: float, name: str | None = None) -> str:
        if name:
            return self.op(
                "LayerNormalization", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), epsilon=eps
            )
        return self.op("LayerNormalization", x, self.const(np.ones(size, np.float32)), epsilon=eps)

    def rms_norm(self, x: str, name: str) -> str:
        mean = self.op("ReduceMean", self.op("Mul", x, x), self.ints(-1), keepdims=1)
        root = self.op("Sqrt", self.op("Add", mean, self.const(1e-6)))
        return self.op("Mul", self.op("Div", x, root), self.weight(f"{name}.weight"))

    def silu(self, x: str) -> str:
        return self.op("Mul", x, self.op("Sigmoid", x))

    def conv(self, x: str, name: str, stride: int = 1, pads: tuple[int, ...] = (1, 1, 1, 1)) -> str:
        size = self.weights.tensors[f"{name}.weight"].shape[-1]
        pads = pads if size > 1 else (0, 0, 0, 0)
        return self.op(
            "Conv",
            x,
            self.weight(f"{name}.weight"),
            self.weight(f"{name}.bias"),
            pads=list(pads),
            strides=[stride, stride],
        )

    def group_norm(self, x: str, name: str, groups: int) -> str:
        flat = self.op("Reshape", x, self.ints(0, groups, -1))
        unit = [self.const(np.full(groups, v, np.float32)) for v in (1.0, 0.0)]
        normal = self.op("Reshape", self.op("InstanceNormalization", flat, *unit, epsilon=1e-6), self.op("Shape", x))
        shape = self.ints(-1, 1, 1)
        scale = self.op("Reshape", self.weight(f"{name}.weight"), shape)
        return self.op("Add", self.op("Mul", normal, scale), self.op("Reshape", self.weight(f"{name}.bias"), shape))

    def slice(self, x: str, start: int, end: int, axis: int) -> str:
        return self.op("Slice", x, self.ints(start), self.ints(end), self.ints(axis))

    def save(
        self, path: Path, weights_file: Path, inputs: dict[str, tuple[int, list]], outputs: dict[str, str]
    ) -> None:
        """Write the graph; inputs: name to (type, shape); outputs: public name to inner name."""
        for public, inner in outputs.items():
            self.nodes.append(helper.make_node("Identity", [inner], [public]))
        with weights_file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length))
        initializers = list(self.constants)
        for name in [n for k, n in self.used.items() if k.startswith("raw ")]:
            begin, end = header[name]["data_offsets"]
            tensor = TensorProto(name=name, data_type=TYPES[header[name]["dtype"]], dims=header[name]["shape"])
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in [
                ("location", weights_file.name),
                ("offset", 8 + length + begin),
                ("length", end - begin),
            ]:
                tensor.external_data.add(key=key, value=str(value))
            initializers.append(tensor)
        graph = helper.make_graph(
            self.nodes,
            path.stem,
            [helper.make_tensor_value_info(n, kind, shape) for n, (kind, shape) in inputs.items()],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs],
            initializers,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="sfumato")
        model.ir_version = 10
        path.write_bytes(model.SerializeToString())


# ---- the transformer


def transformer(weights: Weights, config: dict, int8: bool) -> tuple[Graph, str]:
    """FLUX's transformer over one picture.

    Inputs: x (1, tokens, 64); timestep (1,) in 0..1; states (1, text tokens, 384); pooled (1, 384); ids (text + picture
    tokens, 3); and guidance (1,) if the model was taught to take it. Result: the velocity, as x.
    """
    g = Graph(weights)
    heads, size = config["num_attention_heads"], config["attention_head_dim"]
    wide = heads * size

    def modulation(name: str, parts: int) -> list[str]:
        """Shift, scale and gate vectors, each (1, 1, wide), from the time and the pooled text."""
        vector = g.op("Unsqueeze", g.linear(calm, name), g.ints(1))
        return [g.slice(vector, i * wide, (i + 1) * wide, -1) for i in range(parts)]

    def modulated(x: str, shift: str, scale: str) -> str:
        return g.op("Add", g.op("Mul", g.layer_norm(x, wide, 1e-6), g.op("Add", scale, g.const(1.0))), shift)

    def split_heads(x: str) -> str:
        return g.op("Transpose", g.op("Reshape", x, g.ints(0, 0, heads, size)), perm=[0, 2, 1, 3])

    def turned(x: str) -> str:
        """Rotary places: each pair of numbers is turned by an angle that grows with the place."""
        pairs = g.op("Reshape", x, g.ints(0, 0, 0, size // 2, 2))
        real, imaginary = g.slice(pairs, 0, 1, -1), g.slice(pairs, 1, 2, -1)
        cross = g.op("Reshape", g.op("Concat", g.op("Neg", imaginary), real, axis=-1), g.ints(0, 0, 0, size))
        return g.op("Add", g.op("Mul", x, cos), g.op("Mul", cross, sin))

    def attention(q: str, k: str, v: str) -> str:
        scores = g.op("MatMul", turned(q), g.op("Transpose", turned(k), perm=[0, 1, 3, 2]))
        shares = g.op("Softmax", g.op("Mul", scores, g.const(size**-0.5)), axis=-1)
        mixed = g.op("Transpose", g.op("MatMul", shares, v), perm=[0, 2, 1, 3])
        return g.op("Reshape", mixed, g.ints(0, 0, wide))

    def gated(x: str, gate: str, change: str) -> str:
        return g.op("Add", x, g.op("Mul", gate, change))

    def feed_forward(x: str, name: str) -> str:
        inner = g.op("Gelu", g.linear(x, f"{name}.net.0.proj", int8), approximate="tanh")
        return g.linear(inner, f"{name}.net.2", int8)

    angles = []
    for axis, dim in enumerate(config["axes_dims_rope"]):
        rates = (10000.0 ** -(np.arange(0, dim, 2, dtype=np.float64) / dim)).astype(np.float32)
        angles.append(g.op("Mul", g.slice("ids", axis, axis + 1, 1), g.const(np.repeat(rates, 2)[None])))
    angle = g.op("Concat", *angles, axis=1)
    cos, sin = g.op("Cos", angle), g.op("Sin", angle)

    rates = np.exp(-np.log(10000.0) * np.arange(128) / 128).astype(np.float32)[None]

    def waves(number: str) -> str:
        phase = g.op("Mul", g.op("Mul", g.op("Unsqueeze", number, g.ints(1)), g.const(1000.0)), g.const(rates))
        return g.op("Concat", g.op("Cos", phase), g.op("Sin", phase), axis=1)

    def embedded(x: str, name: str) -> str:
        return g.linear(g.silu(g.linear(x, f"time_text_embed.{name}.linear_1")), f"time_text_embed.{name}.linear_2")

    vector = g.op("Add", embedded(waves("timestep"), "timestep_embedder"), embedded("pooled", "text_embedder"))
    if config["guidance_embeds"]:
        vector = g.op("Add", vector, embedded(waves("guidance"), "guidance_embedder"))
    calm = g.silu(vector)
    image, text = g.linear("x", "x_embedder"), g.linear("states", "context_embedder")
    length = g.op("Slice", g.op("Shape", text), g.ints(1), g.ints(2), g.ints(0))
    far = g.ints(2**31)
    for i in range(config["num_layers"]):
        name = f"transformer_blocks.{i}"
        own = modulation(f"{name}.norm1.linear", 6)
        other = modulation(f"{name}.norm1_context.linear", 6)
        a, b = modulated(image, own[0], own[1]), modulated(text, other[0], other[1])
        both = []
        for part, norm, added, added_norm in [
            ("to_q", "norm_q", "add_q_proj", "norm_added_q"),
            ("to_k", "norm_k", "add_k_proj", "norm_added_k"),
            ("to_v", None, "add_v_proj", None),
        ]:
            here = split_heads(g.linear(a, f"{name}.attn.{part}", int8))
            there = split_heads(g.linear(b, f"{name}.attn.{added}", int8))
            if norm:
                here, there = g.rms_norm(here, f"{name}.attn.{norm}"), g.rms_norm(there, f"{name}.attn.{added_norm}")
            both.append(g.op("Concat", there, here, axis=2))
        mixed = attention(*both)
        from_text = g.op("Slice", mixed, g.ints(0), length, g.ints(1))
        from_image = g.op("Slice", mixed, length, far, g.ints(1))
        image = gated(image, own[2], g.linear(from_image, f"{name}.attn.to_out.0", int8))
        text = gated(text, other[2], g.linear(from_text, f"{name}.attn.to_add_out", int8))
        image = gated(image, own[5], feed_forward(modulated(image, own[3], own[4]), f"{name}.ff"))
        text = gated(text, other[5], feed_forward(modulated(text, other[3], other[4]), f"{name}.ff_context"))
    x = g.op("Concat", text, image, axis=1)
    for i in range(config["num_single_layers"]):
        name = f"single_transformer_blocks.{i}"
        shift, scale, gate = modulation(f"{name}.norm.linear", 3)
        a = modulated(x, shift, scale)
        inner = g.op("Gelu", g.linear(a, f"{name}.proj_mlp", int8), approximate="tanh")
        q, k, v = (split_heads(g.linear(a, f"{name}.attn.{part}", int8)) for part in ("to_q", "to_k", "to_v"))
        mixed = attention(g.rms_norm(q, f"{name}.attn.norm_q"), g.rms_norm(k, f"{name}.attn.norm_k"), v)
        x = gated(x, gate, g.linear(g.op("Concat", mixed, inner, axis=2), f"{name}.proj_out", int8))
    image = g.op("Slice", x, length, far, g.ints(1))
    scale, shift = modulation("norm_out.linear", 2)
    return g, g.linear(modulated(image, shift, scale), "proj_out")


# ---- the autoencoder


def _resnet(g: Graph, x: str, name: str, groups: int) -> str:
    y = g.conv(g.silu(g.group_norm(x, f"{name}.norm1", groups)), f"{name}.conv1")
    y = g.conv(g.silu(g.group_norm(y, f"{name}.norm2", groups)), f"{name}.conv2")
    if f"{name}.conv_shortcut.weight" in g.weights.tensors:
        x = g.conv(x, f"{name}.conv_shortcut")
    return g.op("Add", x, y)


def decoder(weights: Weights, config: dict) -> tuple[Graph, str]:
    """Input: latent (1, 16, h, w), as the autoencoder makes it. Result: (1, 4, 8 h, 8 w), about -1..1."""
    g, groups = Graph(weights), config["norm_num_groups"]
    x = g.conv("latent", "decoder.conv_in")
    for i in range(2):
        x = _resnet(g, x, f"decoder.mid_block.resnets.{i}", groups)
    blocks = len(config["block_out_channels"])
    for i in range(blocks):
        for j in range(config["layers_per_block"] + 1):
            x = _resnet(g, x, f"decoder.up_blocks.{i}.resnets.{j}", groups)
        if i < blocks - 1:
            twice = g.const(np.array([1, 1, 2, 2], np.float32))
            x = g.op(
                "Resize",
                x,
                "",
                twice,
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            )
            x = g.conv(x, f"decoder.up_blocks.{i}.upsamplers.0.conv")
    return g, g.conv(g.silu(g.group_norm(x, "decoder.conv_norm_out", groups)), "decoder.conv_out")


def encoder(weights: Weights, config: dict) -> tuple[Graph, str]:
    """Input: pixels (1, 4, 8 h, 8 w), premultiplied, -1..1. Result: the latent's mode (1, 16, h, w)."""
    g, groups = Graph(weights), config["norm_num_groups"]
    x = g.conv("pixels", "encoder.conv_in")
    blocks = len(config["block_out_channels"])
    for i in range(blocks):
        for j in range(config["layers_per_block"]):
            x = _resnet(g, x, f"encoder.down_blocks.{i}.resnets.{j}", groups)
        if i < blocks - 1:
            x = g.conv(x, f"encoder.down_blocks.{i}.downsamplers.0.conv", stride=2, pads=(0, 0, 1, 1))
    for i in range(2):
        x = _resnet(g, x, f"encoder.mid_block.resnets.{i}", groups)
    x = g.conv(g.silu(g.group_norm(x, "encoder.conv_norm_out", groups)), "encoder.conv_out")
    return g, g.slice(x, 0, config["latent_channels"], 1)


# ---- the text encoder


def text(weights: Weights, config: dict) -> tuple[Graph, str, str]:
    """Input: ids (1, tokens) int64, no padding. Results: states (1, tokens, 384), pooled (1, 384), as in training.

    Its inputs have outliers that dynamic int8 does not survive (a tenth of error), and it runs once a prompt: so fp32.
    """
    g = Graph(weights)
    heads = config["num_attention_heads"]
    size = config["hidden_size"] // heads
    eps = config["layer_norm_eps"]

    def rows(name: str, which: str) -> str:
        """Rows of a stored table, turned into fp32 only once they are picked."""
        picked = g.op("Cast", g.op("Gather", g.raw(name), which), to=TensorProto.FLOAT)
        return g.op("Mul", picked, g.op("Unsqueeze", g.op("Gather", g.raw(name + "_scale"), which), g.ints(-1)))

    length = g.op("Slice", g.op("Shape", "ids"), g.ints(1), g.ints(2), g.ints(0))
    whole = g.op("Squeeze", length, g.ints(0))
    order = g.op("Range", g.const(np.int64(0)), whole, g.const(np.int64(1)))
    kind = g.op("Slice", g.weight("embeddings.token_type_embeddings.weight"), g.ints(0), g.ints(1), g.ints(0))
    x = g.op(
        "Add", rows("embeddings.word_embeddings.weight", "ids"), rows("embeddings.position_embeddings.weight", order)
    )
    x = g.layer_norm(g.op("Add", x, kind), config["hidden_size"], eps, "embeddings.LayerNorm")
    for i in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{i}"
        q, k, v = (
            g.op(
                "Transpose",
                g.op("Reshape", g.linear(x, f"{name}.attention.self.{p}"), g.ints(0, 0, heads, size)),
                perm=[0, 2, 1, 3],
            )
            for p in ("query", "key", "value")
        )
        scores = g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2]))
        mixed = g.op("MatMul", g.op("Softmax", g.op("Mul", scores, g.const(size**-0.5)), axis=-1), v)
        mixed = g.op("Reshape", g.op("Transpose", mixed, perm=[0, 2, 1, 3]), g.ints(0, 0, heads * size))
        x = g.op("Add", x, g.linear(mixed, f"{name}.attention.output.dense"))
        x = g.layer_norm(x, heads * size, eps, f"{name}.attention.output.LayerNorm")
        inner = g.op("Gelu", g.linear(x, f"{name}.intermediate.dense"))
        x = g.layer_norm(
            g.op("Add", x, g.linear(inner, f"{name}.output.dense")), heads * size, eps, f"{name}.output.LayerNorm"
        )
    mean = g.op("ReduceMean", x, g.ints(1), keepdims=0)
    norm = g.op("Sqrt", g.op("ReduceSum", g.op("Mul", mean, mean), g.ints(-1), keepdims=1))
    return g, g.op("Mul", x, g.const(2.0)), g.op("Mul", g.op("Div", mean, norm), g.const(20.0))
