"""A BERT checkpoint -> an ONNX graph, in float32 or with products of 8-bit numbers, written here node by node.

Knows weights by the checkpoint's names, and ONNX; runs nothing. `torch.onnx` would cost an import of torch and give the
same graph with ten times the nodes. Methods: Devlin et al. 2019 (arXiv:1810.04805); 8-bit weights with a scale for each
output channel and 8-bit inputs with a scale for each token, Dettmers et al. 2022 (arXiv:2208.07339).

A batch never changes a text's numbers: every scale is a constant or one token's own.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

Array = NDArray[Any]
Weights = Mapping[str, NDArray[np.float32]]

OPSET = 18
IR_VERSION = 9
"""Of ONNX; both are read by every onnxruntime since 1.17."""
EXTRAS = "com.microsoft"
"""onnxruntime's own operators."""
ZERO = 128
"""The byte that stands for 0 among inputs of both signs."""
STEPS = 127
"""Steps of a byte on either side of 0."""
FINE = 254
"""The second byte of an input has this many steps in one step of the first."""
LOWEST_GELU = 0.17
"""GELU is nowhere below -0.17 (-0.16997 at -0.7518)."""
TINY = 1e-9
FAR = 1e9


class Precision(enum.StrEnum):
    FLOAT = "float32"
    INT8 = "int8"


def encoder_graph(weights: Weights, config: Mapping[str, Any], precision: Precision) -> bytes:
    """The encoder as a serialised ONNX model; `config` is the checkpoint's config.json.

    Inputs `ids`, `segments` (n, t) int64 and `mask` (n, t) bool, True at real tokens; outputs `mean` (n, d), the mean
    of the last hidden states, and `pooled` (n, d), tanh of the pooler's layer over the first token. Raises KeyError
    for a weight that is missing, ValueError for a kind of encoder not known here.
    """
    if config.get("hidden_act", "gelu") != "gelu" or config.get("position_embedding_type", "absolute") != "absolute":
        raise ValueError("an encoder with another activation or other positions than BERT's")
    return bytes(_Writer(weights, config, precision).model().SerializeToString())


def product_of_bytes() -> bytes:
    """The model that multiplies `rows` (n, k) uint8 with `columns` (k, m) int8, into int32."""
    make, kinds = onnx.helper.make_tensor_value_info, onnx.TensorProto
    node = onnx.helper.make_node("MatMulInteger", ["rows", "columns"], ["products"])
    inputs = [make("rows", kinds.UINT8, ["n", "k"]), make("columns", kinds.INT8, ["k", "m"])]
    graph = onnx.helper.make_graph([node], "bytes", inputs, [make("products", kinds.INT32, ["n", "m"])])
    versions = [onnx.helper.make_opsetid("", OPSET)]
    return bytes(onnx.helper.make_model(graph, opset_imports=versions, ir_version=IR_VERSION).SerializeToString())


class _Writer:
    """Nodes and constants in the order they are written; a node's name is that of its result."""

    def __init__(self, weights: Weights, config: Mapping[str, Any], precision: Precision) -> None:
        self._weights, self._precision = weights, precision
        self._layers: int = config["num_hidden_layers"]
        self._heads: int = config["num_attention_heads"]
        self._width: int = config["hidden_size"]
        self._epsilon: float = config["layer_norm_eps"]
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def model(self) -> onnx.ModelProto:
        self._outputs(self._encoded())
        make, rows = onnx.helper.make_tensor_value_info, ["n", "t"]
        inputs = [(n, onnx.TensorProto.INT64) for n in ("ids", "segments")] + [("mask", onnx.TensorProto.BOOL)]
        graph = onnx.helper.make_graph(
            self._nodes,
            "bert",
            [make(name, kind, rows) for name, kind in inputs],
            [make(name, onnx.TensorProto.FLOAT, ["n", self._width]) for name in ("mean", "pooled")],
            list(self._constants.values()),
        )
        versions = [onnx.helper.make_opsetid("", OPSET), onnx.helper.make_opsetid(EXTRAS, 1)]
        return onnx.helper.make_model(graph, opset_imports=versions, ir_version=IR_VERSION)

    def _encoded(self) -> str:
        """The last hidden states, (n, t, d)."""
        x, norm = self._embedded(), "embeddings.LayerNorm"
        away = self._op("Sub", self._op("Cast", "mask", to=onnx.TensorProto.FLOAT), self._number(1))
        bias = self._op("Unsqueeze", self._op("Mul", away, self._number(FAR)), self._axes(1, 2))
        for layer in range(self._layers):
            name = f"encoder.layer.{layer}."
            y = self._attention(x, f"{name}attention.", norm, bias)
            norm = f"{name}attention.output.LayerNorm"
            x = self._norm(self._op("Add", x, y), norm)
            inner = self._normed_linear(x, [f"{name}intermediate.dense"], norm)
            y = self._linear(self._op("Gelu", inner, domain=EXTRAS), f"{name}output.dense", lowest=-LOWEST_GELU)
            norm = f"{name}output.LayerNorm"
            x = self._norm(self._op("Add", x, y), norm)
        return x

    def _embedded(self) -> str:
        words, positions, kinds = (
            self._weight(f"embeddings.{part}_embeddings.weight") for part in ("word", "position", "token_type")
        )
        length = self._op("Shape", "ids", start=1, end=2)
        places = self._op("Slice", positions, self._axes(0), length, self._axes(0))
        x = self._op("Add", self._op("Gather", words, "ids"), self._op("Gather", kinds, "segments"))
        return self._norm(self._op("Add", x, places), "embeddings.LayerNorm")

    def _attention(self, x: str, name: str, norm: str, bias: str) -> str:
        """Query, key and value by one product, each head on its own, and the layer that joins them."""
        size = self._width // self._heads
        joint = self._normed_linear(x, [f"{name}self.{part}" for part in ("query", "key", "value")], norm)
        heads = self._op("Reshape", joint, self._axes(0, 0, 3, self._heads, size))
        heads = self._op("Transpose", heads, perm=[2, 0, 3, 1, 4])
        query, key, value = (self._op("Gather", heads, self._index(i), axis=0) for i in range(3))
        query = self._op("Mul", query, self._number(size**-0.5))
        scores = self._op("MatMul", query, self._op("Transpose", key, perm=[0, 1, 3, 2]))
        shares = self._op("Softmax", self._op("Add", scores, bias), axis=-1)
        mixed = self._op("Transpose", self._op("MatMul", shares, value), perm=[0, 2, 1, 3])
        return self._linear(self._op("Reshape", mixed, self._axes(0, 0, self._width)), f"{name}output.dense")

    def _outputs(self, x: str) -> None:
        real = self._op("Cast", "mask", to=onnx.TensorProto.FLOAT)
        kept = self._op("Mul", x, self._op("Unsqueeze", real, self._axes(2)))
        total = self._op("ReduceSum", kept, self._axes(1), keepdims=0)
        self._op("Div", total, self._op("ReduceSum", real, self._axes(1), keepdims=1), result="mean")
        first = self._op("Gather", x, self._index(0), axis=1)
        self._op("Tanh", self._product(first, *self._matrix(["pooler.dense"])), result="pooled")

    # layers

    def _norm(self, x: str, name: str) -> str:
        scale, shift = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return self._op("LayerNormalization", x, scale, shift, axis=-1, epsilon=self._epsilon)

    def _normed_linear(self, x: str, names: Sequence[str], norm: str) -> str:
        """Layers side by side over x, which `norm` made. A few of its channels are ten times as large as the others
        and one byte would leave these no steps; two bytes do, with a scale that no input can exceed."""
        matrix, bias = self._matrix(names)
        if self._precision is Precision.FLOAT:
            return self._product(x, matrix, bias)
        scale, shift = (np.abs(self._weights[f"{norm}.{part}"]) for part in ("weight", "bias"))
        step = float((scale * self._width**0.5 + shift).max()) / STEPS
        coarse = self._op("QuantizeLinear", x, self._number(step), self._byte(ZERO))
        rest = self._op("Sub", x, self._op("DequantizeLinear", coarse, self._number(step), self._byte(ZERO)))
        fine = self._op("QuantizeLinear", rest, self._number(step / FINE), self._byte(ZERO))
        columns = self._bytes(matrix)
        rough = self._op("Add", self._byte_product(coarse, step, columns, ZERO), self._constant(bias))
        return self._op("Add", rough, self._byte_product(fine, step / FINE, columns, ZERO))

    def _linear(self, x: str, name: str, *, lowest: float | None = None) -> str:
        """A layer over x, one byte an input, with a scale for each token. `lowest`: what no input is below."""
        matrix, bias = self._matrix([name])
        if self._precision is Precision.FLOAT:
            return self._product(x, matrix, bias)
        if lowest is None:
            steps, zero = STEPS, ZERO
            largest = self._op("ReduceMax", self._op("Abs", x), self._axes(-1), keepdims=1)
        else:
            steps, zero = 2 * STEPS, 0
            x = self._op("Sub", x, self._number(lowest))
            bias = bias + np.float32(lowest) * matrix.sum(axis=0)
            largest = self._op("ReduceMax", x, self._axes(-1), keepdims=1)
        largest = self._op("Max", largest, self._number(TINY))
        step = self._number(1 / steps)
        rounded = self._op("QuantizeLinear", self._op("Div", x, largest), step, self._byte(zero))
        y = self._op("Mul", self._byte_product(rounded, 1 / steps, self._bytes(matrix), zero), largest)
        return self._op("Add", y, self._constant(bias))

    def _product(self, x: str, matrix: Array, bias: Array) -> str:
        return self._op("Add", self._op("MatMul", x, self._constant(matrix)), self._constant(bias))

    def _bytes(self, matrix: Array) -> tuple[str, str, str]:
        """The matrix in bytes, the step of each of its columns, and their zeros."""
        steps = np.maximum(np.abs(matrix).max(axis=0) / STEPS, TINY).astype(np.float32)
        zeros = np.zeros(len(steps), dtype=np.int8)
        return self._constant(np.rint(matrix / steps).astype(np.int8)), self._constant(steps), self._constant(zeros)

    def _byte_product(self, x: str, step: float, columns: tuple[str, str, str], zero: int) -> str:
        """x (n, t, in) of bytes, `step` apart, times a matrix in bytes -> float32."""
        matrix, steps, zeros = columns
        inputs = (x, matrix, self._number(step), steps, self._byte(zero), zeros)
        return self._op("MatMulIntegerToFloat", *inputs, domain=EXTRAS)

    # the writing itself

    def _matrix(self, names: Sequence[str]) -> tuple[Array, Array]:
        """(in, out) and (out,) of the layers side by side."""
        matrix = np.concatenate([self._weights[f"{name}.weight"] for name in names]).T
        return matrix, np.concatenate([self._weights[f"{name}.bias"] for name in names])

    def _op(self, kind: str, *inputs: str, result: str = "", domain: str = "", **attributes: Any) -> str:
        result = result or f"{kind}-{len(self._nodes)}"
        self._nodes.append(onnx.helper.make_node(kind, inputs, [result], domain=domain, **attributes))
        return result

    def _weight(self, name: str) -> str:
        return self._constant(self._weights[name], name)

    def _number(self, value: float) -> str:
        return self._constant(np.array(value, dtype=np.float32), f"number {value!r}")

    def _byte(self, value: int) -> str:
        return self._constant(np.array(value, dtype=np.uint8), f"byte {value}")

    def _index(self, value: int) -> str:
        return self._constant(np.array(value, dtype=np.int64), f"index {value}")

    def _axes(self, *values: int) -> str:
        return self._constant(np.array(values, dtype=np.int64), f"axes {values}")

    def _constant(self, array: Array, name: str = "") -> str:
        name = name or f"constant {len(self._constants)}"
        if name not in self._constants:
            self._constants[name] = onnx.numpy_helper.from_array(np.array(array, order="C"), name)
        return name
