"""Ranking as a task to learn: a cross-encoder reads question and passage together and says how relevant it is.

Knows a `PairModel` and groups of token ids; no files, no report; the loop is `loop`'s. The model is that of claims, and
its three logits are read as the log odds that the passage says something of what is asked: whether it supports or
refutes, against neither. So a trained verifier is a ranker to start from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from assistant import rankings
from assistant.finetune.classifier import score
from assistant.finetune.pairs import PairModel
from assistant.finetune.ranking_data import Group
from assistant.finetune.recipe import Recipe

Row = dict[str, list[int]]
AT = 10
"""Depth at which the held-back groups are measured."""


def log_odds(logits: torch.Tensor) -> torch.Tensor:
    """(n, 3) logits, in the order of `data.LABELS` -> (n,) log odds of relevance."""
    return torch.logsumexp(logits[:, :2], dim=1) - logits[:, 2]


class EvidenceTask:
    """A `loop.Task`: a row is a whole group. Losses: "listwise", cross-entropy of the softmax over a group's passages
    (ListNet's top one, Cao et al. 2007; with one relevant passage the contrastive loss); "pointwise", cross-entropy of
    each passage; "mse", squared distance to a teacher's log odds (Hofstätter et al. 2020, arXiv:2010.02666)."""

    measure = "ndcg@10"

    def __init__(self, scorer: PairModel, train: Sequence[Group], held: Sequence[Group], recipe: Recipe) -> None:
        self.scorer, self.held, self.recipe = scorer, held, recipe
        self.model = self.module = scorer.model
        self.targets = [torch.tensor(g.targets, device=scorer.device) for g in train]
        self.groups = encode(scorer, train)
        self.held_rows = encode(scorer, held)
        self.lengths = [sum(len(row["input_ids"]) for row in rows) for rows in self.groups]

    def wrap(self, module: Any) -> None:
        self.scorer.trained = module

    def weight(self, rows: Sequence[int]) -> float:
        return float(len(rows))

    def loss(self, rows: Sequence[int]) -> torch.Tensor:
        odds = log_odds(self.scorer.logits([row for i in rows for row in self.groups[i]]))
        parts = torch.split(odds, [len(self.groups[i]) for i in rows])
        losses = [group_loss(part, self.targets[i], self.recipe.loss) for part, i in zip(parts, rows, strict=True)]
        return torch.stack(losses).sum()

    def look(self) -> float:
        return mean_ndcg(self.held, predict(self.scorer, self.held_rows))


def group_loss(odds: torch.Tensor, targets: torch.Tensor, kind: str) -> torch.Tensor:
    """The loss of one group's log odds (n,) against its targets (n,)."""
    functional = torch.nn.functional
    if kind == "mse":
        return functional.mse_loss(odds, targets)
    if kind == "pointwise":
        return functional.binary_cross_entropy_with_logits(odds, targets.clamp(0, 1))
    gains = targets.clamp(min=0)
    return functional.cross_entropy(odds[None], (gains / gains.sum().clamp(min=1e-9))[None])


def encode(scorer: PairModel, groups: Sequence[Group]) -> list[list[Row]]:
    """Token ids of each group's pairs."""
    rows = iter(scorer.encode([(g.query, p) for g in groups for p in g.passages]))
    return [[next(rows) for _ in g.passages] for g in groups]


def predict(scorer: PairModel, groups: Sequence[Sequence[Row]]) -> list[NDArray[np.float64]]:
    """Log odds of each group's passages, in evaluation mode."""
    logits = torch.from_numpy(score(scorer, [row for rows in groups for row in rows]))
    ends = np.cumsum([len(rows) for rows in groups])[:-1]
    return np.split(log_odds(logits).numpy(), ends)


def mean_ndcg(groups: Sequence[Group], predicted: Sequence[NDArray[np.float64]]) -> float:
    """Mean over the groups of nDCG@10 of their passages by falling score; a teacher's best one counts as relevant."""
    found = []
    for group, odds in zip(groups, predicted, strict=True):
        relevant = {str(i): 1 for i, t in enumerate(group.targets) if t > 0 or t == max(group.targets)}
        order = [str(i) for i in np.argsort(-odds, kind="stable").tolist()]
        found.append(rankings.ndcg(order, relevant, AT))
    return float(np.mean(found)) if found else 0.0
