"""The task "evidence": files of questions with passages -> a trained, tested adapter that ranks passages.

What a cross-encoder is to learn, and how it is saved and measured; the run around it is `ranking_run`'s.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant.finetune import adapters, loop
from assistant.finetune.adapters import Adapter
from assistant.finetune.loop import Fit, Progress, step_count
from assistant.finetune.pair_adapter import base_model, check_parity, fresh_adapter, trainable_model
from assistant.finetune.ranking_data import Group, Judged, Mine
from assistant.finetune.ranking_run import Data, Reader, Trained, Watch, run
from assistant.finetune.recipe import Recipe

logger = logging.getLogger(__name__)

PARITY_PAIRS = 8


def train_evidence(
    train: Path | str | Sequence[Path | str],
    out: Path | str,
    *,
    dev: Sequence[Path | str] = (),
    test: Sequence[Path | str] = (),
    recipe: Recipe | None = None,
    start_from: Path | str | None = None,
    read_folder: Callable[[Path], Judged] | None = None,
    mine: Mine | None = None,
    pool: Sequence[str] = (),
    skip_bad: bool = False,
    drop_shared: bool = False,
    resume: bool = False,
    device: str = "auto",
    say: Callable[[str], None] = logger.info,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    wandb: bool = False,
) -> Trained:
    """Train an adapter that ranks passages for a question; `out` becomes its folder.

    Rows and folders as `ranking_data.read_groups`; `read_folder`, `mine` and `pool` as `ranking_run.Reader`.
    `start_from` is an adapter for evidence or for claims on the same base. Without `dev` a share of train is held back,
    by document. Raises UsageError and ModelError for what is wrong with data, recipe or base, Cancelled when `cancel`
    was set.
    """
    chosen = recipe or Recipe()
    start = None if start_from is None else find_start(start_from)
    return run(
        (train, dev, test), out, chosen, lambda data, where: CrossEncoderLearner(data, chosen, where, start),
        reader=Reader(chosen, read_folder, mine, pool, (), skip_bad, drop_shared, say), resume=resume, device=device,
        watch=Watch(progress, cancel, wandb),
    )  # fmt: skip


def find_start(name: Path | str) -> Adapter:
    """An adapter to go on from: one that ranks, or one that judges claims, whose logits mean the same. ModelError for
    any other."""
    found = adapters.find_adapter(name, task=None)
    return found if found.description.task in (adapters.TASK, adapters.EVIDENCE) else adapters.find_adapter(name)


class CrossEncoderLearner:
    """A `ranking_run.Learner`: question and passage are read together."""

    task = adapters.EVIDENCE
    title = "Evidence ranker"
    purpose = "Says how likely a passage is to answer a question."
    limits = (
        "It reads one short passage at a time, in the language it was trained on; its scores order the passages of one "
        "question and are no calibrated probabilities."
    )

    def __init__(self, data: Data, recipe: Recipe, device: str, start: Adapter | None) -> None:
        self._recipe, self._device = recipe, device
        self._steps = step_count(len(data.train), recipe)
        self._scorer = trainable_model(recipe, device, steps=self._steps, start=start)
        self.base, self.head, self.max_tokens = self._scorer.base, self._scorer.head, self._scorer.max_tokens
        self.method = recipe.method if start is None else start.description.method
        self.start_hash = "" if start is None else adapters.folder_hash(start.folder)

    def lesson(self, train: Sequence[Group], held: Sequence[Group]) -> loop.Task:
        from assistant.finetune.ranker import EvidenceTask

        return EvidenceTask(self._scorer, train, held, self._recipe)

    def save(self, out: Path, done: Fit, sharded: bool) -> None:
        from assistant.finetune import checkpoints, lora

        if sharded:  # a share of the weights cannot rank alone
            self._scorer = base_model(self._recipe, self._device)
            fresh_adapter(self._scorer, self._recipe, self._steps)
            checkpoints.put_weights(self._scorer.model, done.weights)
        lora.save_adapter(self._scorer.model, out)

    def check(self, out: Path, groups: Sequence[Group]) -> None:
        pairs = [(g.query, p) for g in groups for p in g.passages][:PARITY_PAIRS]
        check_parity(self._scorer, out, pairs, task=self.task, device=self._device)

    def measure(self, groups: Sequence[Group]) -> dict[str, Any]:
        from assistant.finetune.ranker import encode, mean_ndcg, predict

        began = time.monotonic()
        predicted = predict(self._scorer, encode(self._scorer, groups))
        passages = sum(map(len, predicted))
        return {
            "n": len(groups), "passages": passages, "ndcg@10": mean_ndcg(groups, predicted),
            "pairs_per_second": passages / max(time.monotonic() - began, 1e-9),
        }  # fmt: skip
