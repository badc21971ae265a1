"""A trained adapter at answer time: (claim, evidence) pairs -> calibrated probabilities.

Knows adapters and encoders; no search, no votes. An adapter on the built-in encoder is merged and run by
`assistant.bert`, which starts in a fraction of a second; any other goes through transformers, which takes some.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.bert import NumpyBert, PairRuntime, TorchPairs
from assistant.config import BUILT_IN_EMBEDDER
from assistant.encoders import (
    BUILT_IN_SHA256,
    PairTokenizer,
    batches,
    built_in_folder,
    onnx_runtime,
    pad,
    verified_weights,
)
from assistant.errors import ModelError
from assistant.finetune.adapters import Adapter, check_base, find_adapter
from assistant.finetune.calibration import scaled

Floats = NDArray[np.float32]
Pair = tuple[str, str]

MANY_PAIRS = 24
"""From here on ONNX Runtime is worth its start: 0.5 s against 0.05 s a pair in numpy, 0.03 s there."""
QUICK_METHODS = ("lora", "rslora")
"""Methods whose merged weights are W + s B A, simple enough to be made without peft."""


class Scorer(Protocol):
    """Pairs of (claim, evidence) -> (n, 3) logits, in the order of `data.LABELS`."""

    def logits(self, pairs: Sequence[Pair]) -> Floats: ...


class Verifier:
    """What judges pairs. `calibrated` says that the probabilities were fitted on rows not trained on."""

    def __init__(self, adapter: Adapter, scorer: Scorer) -> None:
        self.adapter = adapter
        self.scaling = adapter.calibration.scaling
        self.calibrated = adapter.calibration.rows > 0
        self.id = f"{adapter.name}@{adapter.description.base}"
        self._scorer = scorer

    def logits(self, pairs: Sequence[Pair]) -> Floats:
        """(n, 3) of (claim, evidence) pairs, before calibration: SUPPORTS, REFUTES, NOT_ENOUGH_INFO."""
        if not pairs:
            return np.zeros((0, 3), dtype=np.float32)
        return self._scorer.logits(pairs)

    def probabilities(self, pairs: Sequence[Pair]) -> Floats:
        """(n, 3), rows sum to 1, after calibration."""
        return scaled(self.logits(pairs), self.scaling).astype(np.float32)


def load_verifier(adapter: str | Path | None = None, *, device: str = "auto") -> Verifier:
    """The verifier of an adapter: a folder, a name on the shelf, "builtin", or (None) the one in use.

    Raises ModelError for an adapter that is missing, damaged, or belongs to another base.
    """
    found = find_adapter(adapter)
    return Verifier(found, load_scorer(found, device=device))


def load_scorer(adapter: Adapter, *, device: str = "auto") -> Scorer:
    """What runs the adapter of any task on pairs: the quick way where there is one."""
    quick = adapter.description.base == BUILT_IN_EMBEDDER and adapter.description.method in QUICK_METHODS
    return QuickScorer(adapter) if quick and device in ("auto", "cpu") else SlowScorer(adapter, device)


class QuickScorer:
    """The built-in encoder with an adapter folded into its weights; numpy for a few pairs, ONNX Runtime (or torch) for
    many, all in float32, for which calibrations are fitted."""

    def __init__(self, adapter: Adapter) -> None:
        check_base(adapter, BUILT_IN_SHA256)
        folder = built_in_folder()
        weights = dict(verified_weights(folder / "model.safetensors", BUILT_IN_SHA256))
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tuned = _read_weights(adapter.folder)
        head = merge_into(weights, tuned, _scaling(adapter))
        self._weight, self._bias = head["classifier.weight"], head["classifier.bias"]
        self._tokenizer = PairTokenizer(folder / "tokenizer.json", adapter.description.max_tokens)
        self._few, self._config = NumpyBert(weights, config), config
        self._many: PairRuntime | None = None

    def logits(self, pairs: Sequence[Pair]) -> Floats:
        return self.logits_by(self._few if len(pairs) < MANY_PAIRS else self._for_many(), pairs)

    def checkpoint(self) -> tuple[Mapping[str, Floats], Mapping[str, Any]]:
        """Merged weights and config.json, as the engines take them."""
        return self._few.weights, self._config

    def logits_by(self, engine: PairRuntime, pairs: Sequence[Pair]) -> Floats:
        rows = self._tokenizer.encode([(evidence, claim) for claim, evidence in pairs])
        result = np.zeros((len(rows), len(self._bias)), dtype=np.float32)
        for batch in batches([len(ids) for ids, _ in rows], tokens=engine.batch_tokens):
            ids, mask = pad([rows[i][0] for i in batch])
            segments, _ = pad([rows[i][1] for i in batch])
            pooled = engine.pooled(ids, mask, segments)
            result[batch] = pooled @ self._weight.T + self._bias
        return result

    def _for_many(self) -> PairRuntime:
        if self._many is None:
            weights, config = self.checkpoint()
            self._many = onnx_runtime(weights, config, precision="float32") or TorchPairs(weights, config)
        return self._many


class SlowScorer:
    """Any base and any method, by transformers and peft."""

    def __init__(self, adapter: Adapter, device: str) -> None:
        from assistant.finetune import lora
        from assistant.finetune.pairs import load_pair_model

        d = adapter.description
        self._pairs = load_pair_model(d.base, head=d.head, max_tokens=d.max_tokens, device=device)
        check_base(adapter, self._pairs.base.sha256)
        self._pairs.model = lora.load_adapter(self._pairs.model, adapter.folder)

    def logits(self, pairs: Sequence[Pair]) -> Floats:
        from assistant.finetune.classifier import score

        return score(self._pairs, self._pairs.encode(pairs)).astype(np.float32)


def merge_into(weights: dict[str, Floats], tuned: Mapping[str, Floats], scaling: float) -> dict[str, Floats]:
    """Fold LoRA factors into `weights` in place and put whole layers in; returns what is in no encoder: the head.

    Names are peft's: `base_model.model.bert.NAME.lora_A.weight` and `base_model.model.bert.NAME.weight`.
    """
    head: dict[str, Floats] = {}
    for full_name, array in tuned.items():
        name = full_name.removeprefix("base_model.model.").removeprefix("bert.")
        if ".lora_A." in name:
            target = name.replace(".lora_A.", ".")
            if target not in weights:
                raise ModelError(f"the adapter changes {target}, which the base does not have; it belongs to another")
            weights[target] = weights[target] + np.float32(scaling) * (tuned[full_name.replace("_A.", "_B.")] @ array)
        elif ".lora_B." not in name:
            (weights if name in weights else head)[name] = array
    return head


def _scaling(adapter: Adapter) -> float:
    config = json.loads((adapter.folder / "adapter_config.json").read_text(encoding="utf-8"))
    rank = float(config["r"])
    return float(config["lora_alpha"]) / (rank**0.5 if config.get("use_rslora") else rank)


def _read_weights(folder: Path) -> dict[str, Floats]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return {n: a.astype(np.float32) for n, a in load_file(folder / "adapter_model.safetensors").items()}
    except (OSError, SafetensorError) as error:
        raise ModelError(f"the adapter's weights in {folder} cannot be read ({error}); fetch it again") from error
