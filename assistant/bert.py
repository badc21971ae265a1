"""A BERT encoder, twice: in numpy, which starts in 0.2 s, for a question; and transformers' own on torch, the reference
and the one for GPUs. `bert_onnx` has the one for many passages on a CPU.

Importing transformers' BertModel takes 7 s of CPU, an answer's embeddings less than one. Knows arrays of token ids and
weights; no text, no file. `config` is the checkpoint's config.json. Method of the numpy one: Devlin et al. 2019
(arXiv:1810.04805), post-norm transformer encoder with exact GELU.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]


BATCH_TOKENS = 4096
"""Padded tokens of a batch; where torch's speed on two cores levels off (benchmarks/embed_speed.py)."""


class Runtime(Protocol):
    """An engine. `ids` and `mask` (n, t), mask True at real tokens, at least one a row -> mean of the last hidden
    states, (n, d). `batch_tokens`: padded tokens of the batches that suit it."""

    @property
    def batch_tokens(self) -> int: ...

    def mean_pooled(self, ids: Ids, mask: Mask) -> Floats: ...


class PairRuntime(Protocol):
    """An engine for pairs: `segments` (n, t) is 0 for the first text, 1 for the second -> (n, d), tanh of the pooler's
    layer over the first token, as BERT's heads want it."""

    @property
    def batch_tokens(self) -> int: ...

    def pooled(self, ids: Ids, mask: Mask, segments: Ids) -> Floats: ...


class NumpyBert:
    """The quick starter. `weights` maps the checkpoint's names to float32 arrays; they are kept, not copied.

    Runs on one thread: on a busy machine the threads of OpenBLAS wait for each other and a short text takes up to
    ten times as long; on an idle one a second thread gains nothing for short texts.
    """

    batch_tokens = BATCH_TOKENS

    def __init__(self, weights: Mapping[str, Floats], config: Mapping[str, Any]) -> None:
        self.weights = weights
        self._layers: int = config["num_hidden_layers"]
        self._heads: int = config["num_attention_heads"]
        self._epsilon = np.float32(config["layer_norm_eps"])
        self._threads = ThreadpoolController()

    def mean_pooled(self, ids: Ids, mask: Mask) -> Floats:
        with self._threads.limit(limits=1, user_api="blas"):
            hidden, kept = self._forward(ids, mask, np.zeros_like(ids)), mask[..., None].astype(np.float32)
            pooled: Floats = (hidden * kept).sum(axis=1) / kept.sum(axis=1)
        return pooled

    def pooled(self, ids: Ids, mask: Mask, segments: Ids) -> Floats:
        """(n, d): tanh of the pooler's layer over the first token, as BERT's heads for pairs of texts want it."""
        with self._threads.limit(limits=1, user_api="blas"):
            first = np.ascontiguousarray(self._forward(ids, mask, segments)[:, 0])
            pooled: Floats = np.tanh(self._linear(first, "pooler.dense"))
        return pooled

    def _forward(self, ids: Ids, mask: Mask, segments: Ids) -> Floats:
        n, t = ids.shape
        x = self._embed(ids, segments).reshape(n * t, -1)
        bias = np.where(mask, np.float32(0), np.float32(-1e9))[:, None, None, :]
        for layer in range(self._layers):
            name = f"encoder.layer.{layer}."
            x = self._norm(x + self._attend(x, name, bias), name + "attention.output.LayerNorm")
            inner = _gelu(self._linear(x, name + "intermediate.dense"))
            x = self._norm(x + self._linear(inner, name + "output.dense"), name + "output.LayerNorm")
        return x.reshape(n, t, -1)

    def _embed(self, ids: Ids, segments: Ids) -> Floats:
        part = "embeddings.{}_embeddings.weight".format
        words = self.weights[part("word")][ids]
        x = words + self.weights[part("position")][: ids.shape[1]] + self.weights[part("token_type")][segments]
        return self._norm(x, "embeddings.LayerNorm")

    def _attend(self, x: Floats, name: str, bias: Floats) -> Floats:
        n, t = bias.shape[0], bias.shape[-1]

        def heads(part: str) -> Floats:
            y = self._linear(x, f"{name}attention.self.{part}")
            return y.reshape(n, t, self._heads, -1).transpose(0, 2, 1, 3)

        query, key, value = heads("query"), heads("key"), heads("value")
        scores = query @ key.swapaxes(-1, -2) / np.float32(query.shape[-1] ** 0.5) + bias
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (scores / scores.sum(axis=-1, keepdims=True)) @ value
        return self._linear(mixed.transpose(0, 2, 1, 3).reshape(n * t, -1), name + "attention.output.dense")

    def _linear(self, x: Floats, name: str) -> Floats:
        y: Floats = x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]
        return y

    def _norm(self, x: Floats, name: str) -> Floats:
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + self._epsilon)
        y: Floats = x * self.weights[name + ".weight"] + self.weights[name + ".bias"]
        return y


def _gelu(x: Floats) -> Floats:
    """x * P(normal variable < x), with erf by formula 7.1.26 of Abramowitz and Stegun (absolute error < 1.5e-7)."""
    z = np.abs(x) * np.float32(0.5**0.5)
    t = 1 / (1 + np.float32(0.3275911) * z)
    tail = np.zeros_like(t)
    for coefficient in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail = (tail + np.float32(coefficient)) * t
    erf = np.copysign(1 - tail * np.exp(-z * z), x)
    y: Floats = (erf + 1) * x * np.float32(0.5)
    return y


class TorchPairs:
    """The same forward pass as `NumpyBert.pooled` on torch's functions, for many pairs: all cores, and 2 s to import
    where transformers takes 7."""

    batch_tokens = BATCH_TOKENS

    def __init__(self, weights: Mapping[str, Floats], config: Mapping[str, Any]) -> None:
        import torch

        self._torch: Any = torch
        self._weights: dict[str, Any] = {name: torch.tensor(array) for name, array in weights.items()}
        self._layers: int = config["num_hidden_layers"]
        self._heads: int = config["num_attention_heads"]
        self._epsilon: float = config["layer_norm_eps"]

    def pooled(self, ids: Ids, mask: Mask, segments: Ids) -> Floats:
        """As `NumpyBert.pooled`, equal to 1e-5."""
        torch, part = self._torch, "embeddings.{}_embeddings.weight".format
        with torch.inference_mode():
            tokens, kinds = torch.tensor(ids), torch.tensor(segments)
            x = self._weights[part("word")][tokens] + self._weights[part("token_type")][kinds]
            x = self._norm(x + self._weights[part("position")][: ids.shape[1]], "embeddings.LayerNorm")
            real = torch.tensor(mask)[:, None, None, :]
            for layer in range(self._layers):
                name = f"encoder.layer.{layer}."
                x = self._norm(x + self._attend(x, name, real), name + "attention.output.LayerNorm")
                inner = torch.nn.functional.gelu(self._linear(x, name + "intermediate.dense"))
                x = self._norm(x + self._linear(inner, name + "output.dense"), name + "output.LayerNorm")
            pooled: Floats = torch.tanh(self._linear(x[:, 0], "pooler.dense")).numpy()
        return pooled

    def _attend(self, x: Any, name: str, real: Any) -> Any:
        n, t, _ = x.shape

        def heads(part: str) -> Any:
            return self._linear(x, f"{name}attention.self.{part}").view(n, t, self._heads, -1).transpose(1, 2)

        attention = self._torch.nn.functional.scaled_dot_product_attention
        mixed = attention(heads("query"), heads("key"), heads("value"), attn_mask=real)
        return self._linear(mixed.transpose(1, 2).reshape(n, t, -1), name + "attention.output.dense")

    def _linear(self, x: Any, name: str) -> Any:
        return self._torch.nn.functional.linear(x, self._weights[name + ".weight"], self._weights[name + ".bias"])

    def _norm(self, x: Any, name: str) -> Any:
        weight, bias = self._weights[name + ".weight"], self._weights[name + ".bias"]
        return self._torch.nn.functional.layer_norm(x, x.shape[-1:], weight, bias, self._epsilon)


class TorchBert:
    """The reference: transformers' own BertModel on `device` ("cpu", "cuda", "mps"), SDPA attention, float32."""

    batch_tokens = BATCH_TOKENS

    def __init__(self, weights: Mapping[str, Floats], config: Mapping[str, Any], device: str) -> None:
        import torch
        from transformers import BertConfig, BertModel

        self._torch: Any = torch
        self._device = device
        model: Any = BertModel(BertConfig(**config), add_pooling_layer=False)
        # torch.tensor copies: the arrays may be read-only views of the file's bytes, which from_numpy warns about.
        tensors = {name: torch.tensor(array) for name, array in weights.items() if not name.startswith("pooler.")}
        model.load_state_dict(tensors)
        self._model = model.to(device).eval()

    def mean_pooled(self, ids: Ids, mask: Mask) -> Floats:
        torch = self._torch
        with torch.inference_mode():
            tokens, real = torch.tensor(ids, device=self._device), torch.tensor(mask, device=self._device)
            hidden = self._model(input_ids=tokens, attention_mask=real.long()).last_hidden_state
            kept = real[..., None].to(hidden.dtype)
            pooled: Floats = ((hidden * kept).sum(dim=1) / kept.sum(dim=1)).cpu().numpy()
        return pooled
