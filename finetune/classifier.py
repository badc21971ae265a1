"""Claims as a task to learn: pairs of (claim, evidence) with labels, weighed cross-entropy, macro-F1.

Knows a `PairModel` and rows of token ids; no files of claims, no report; the loop is `loop`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from assistant.encoders import batches
from assistant.finetune.evaluate import macro_f1
from assistant.finetune.pairs import PairModel
from assistant.finetune.recipe import Recipe

Row = dict[str, list[int]]
Indices = NDArray[np.int64]


def score(scorer: PairModel, rows: Sequence[Row]) -> NDArray[np.float64]:
    """(n, 3) logits in evaluation mode, in the order of `rows`."""
    result = np.zeros((len(rows), 3))
    scorer.model.eval()
    with torch.inference_mode():
        for batch in batches([len(r["input_ids"]) for r in rows]):
            result[batch] = scorer.logits([rows[i] for i in batch]).cpu().numpy()
    return result


class ClaimsTask:
    """A `loop.Task`: `train` and `held` are encoded rows with label indices."""

    measure = "macro_f1"

    def __init__(
        self,
        scorer: PairModel,
        train: tuple[Sequence[Row], Indices],
        held: tuple[Sequence[Row], Indices],
        recipe: Recipe,
    ) -> None:
        self.scorer, self.held, self.recipe = scorer, held, recipe
        self.model = self.module = scorer.model
        self.rows, self.labels = train
        self.weights = _class_weights(self.labels, recipe).to(scorer.device)
        self.lengths = [len(row["input_ids"]) for row in self.rows]

    def wrap(self, module: Any) -> None:
        self.scorer.trained = module

    def weight(self, rows: Sequence[int]) -> float:
        return float(self.weights[self.labels[list(rows)]].sum())

    def loss(self, rows: Sequence[int]) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(
            self.scorer.logits([self.rows[i] for i in rows]),
            torch.tensor(self.labels[list(rows)], device=self.scorer.device),
            weight=self.weights,
            label_smoothing=self.recipe.label_smoothing,
            reduction="sum",
        )

    def look(self) -> float:
        rows, gold = self.held
        return macro_f1(gold, score(self.scorer, rows).argmax(axis=1))


def _class_weights(labels: Indices, recipe: Recipe) -> torch.Tensor:
    if recipe.class_weights == "none":
        return torch.ones(3)
    counts = np.bincount(labels, minlength=3)
    weights = np.where(counts > 0, len(labels) / (np.maximum(counts, 1) * max((counts > 0).sum(), 1)), 1.0)
    return torch.tensor(weights, dtype=torch.float32)
