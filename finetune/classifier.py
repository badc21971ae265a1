"""The training loop of a pair classifier: batches of like length, a rate that warms up and falls, early stopping.

Knows a `PairModel`, rows of token ids and labels, and where to write checkpoints; no files of claims, no report.
A run is a function of its data, recipe and seed: after a kill it goes on from the last checkpoint as if nothing
had been.
"""

from __future__ import annotations

import errno
import json
import logging
import math
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from assistant.encoders import batches
from assistant.errors import Cancelled, ModelError
from assistant.finetune import checkpoints, lora
from assistant.finetune.evaluate import macro_f1
from assistant.finetune.pairs import PairModel
from assistant.finetune.recipe import Recipe

logger = logging.getLogger(__name__)

POOL_BATCHES = 50
"""Batches' worth of rows sorted by length together: wide enough for like lengths, narrow enough to stay random."""
BEST = "best.safetensors"
LOG = "log.jsonl"
Row = dict[str, list[int]]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands. `rate` is pairs per second, `seconds_left` an estimate; `macro_f1` the last look's."""

    step: int
    steps: int
    epoch: int
    loss: float
    rate: float
    seconds_left: float
    macro_f1: float | None


@dataclass(frozen=True, slots=True)
class Fit:
    """How a run ended: steps done, best macro-F1 on the held-back part and its step, time and throughput."""

    steps: int
    best_step: int
    best_macro_f1: float
    seconds: float
    pairs: int
    tokens: int


@dataclass(slots=True)
class _State:
    step: int = 0
    best_step: int = 0
    best: float = -1.0
    stale: int = 0
    seconds: float = 0.0
    pairs: int = 0
    tokens: int = 0
    split: int = 1
    """Parts a batch is cut into, doubled each time memory runs out."""


def fit(
    scorer: PairModel,
    train: tuple[Sequence[Row], Indices],
    held: tuple[Sequence[Row], Indices],
    recipe: Recipe,
    out: Path,
    *,
    fingerprint: str = "",
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    logs: Callable[[dict[str, Any]], None] | None = None,
) -> Fit:
    """Train `scorer.model` in place; it ends with its best weights. Checkpoints and log.jsonl go to `out`.

    `train` and `held` are encoded rows with label indices. `fingerprint` names data and recipe: a checkpoint of
    another run is not resumed. Raises Cancelled (after a checkpoint) when `cancel` is set.
    """
    return _Run(scorer, train, held, recipe, out, fingerprint, progress, cancel, logs).run(resume)


def score(scorer: PairModel, rows: Sequence[Row]) -> NDArray[np.float64]:
    """(n, 3) logits in evaluation mode, in the order of `rows`."""
    result = np.zeros((len(rows), 3))
    scorer.model.eval()
    with torch.inference_mode():
        for batch in batches([len(r["input_ids"]) for r in rows]):
            result[batch] = scorer.logits([rows[i] for i in batch]).cpu().numpy()
    return result


def plan_batches(lengths: Sequence[int], size: int, seed: int) -> list[list[int]]:
    """An epoch's batches: every row once, rows of like length together, all in an order drawn by `seed`."""
    draw = random.Random(seed)  # noqa: S311 - an order, no secret
    order = list(range(len(lengths)))
    draw.shuffle(order)
    plan: list[list[int]] = []
    for start in range(0, len(order), size * POOL_BATCHES):
        pool = sorted(order[start : start + size * POOL_BATCHES], key=lambda i: lengths[i])
        plan += [pool[i : i + size] for i in range(0, len(pool), size)]
    draw.shuffle(plan)
    return plan


def step_count(rows: int, recipe: Recipe) -> int:
    """Optimiser steps of a whole run."""
    return recipe.epochs * len(plan_batches([1] * rows, recipe.batch_size, 0))


class _Run:
    """One run: its state, and the steps that move it."""

    def __init__(
        self,
        scorer: PairModel,
        train: tuple[Sequence[Row], Indices],
        held: tuple[Sequence[Row], Indices],
        recipe: Recipe,
        out: Path,
        fingerprint: str,
        progress: Callable[[Progress], None] | None,
        cancel: threading.Event | None,
        logs: Callable[[dict[str, Any]], None] | None,
    ) -> None:
        self.scorer, self.recipe, self.out, self.fingerprint = scorer, recipe, out, fingerprint
        self.rows, self.labels = train
        self.held = held
        self.progress, self.cancel, self.logs = progress, cancel, logs
        self.state = _State()
        self.steps = step_count(len(self.rows), recipe)
        self.optimiser = _optimiser(lora.trainable(scorer.model), recipe)
        self.weights = _class_weights(self.labels, recipe).to(scorer.device)
        self.best: checkpoints.Tensors = {}
        self.started = time.monotonic()
        self.session_pairs = 0
        self.looked: float | None = None

    def run(self, resume: bool) -> Fit:
        torch.manual_seed(self.recipe.seed)
        if resume:
            self._resume()
        self.scorer.model.train()
        per_epoch = self.steps // self.recipe.epochs
        looks = {round((k + 1) * per_epoch / self.recipe.evaluations) for k in range(self.recipe.evaluations)}
        while self.state.step < self.steps and not self._is_stale():
            plan = self._plan(self.state.step // per_epoch)
            self._train_step(plan[self.state.step % per_epoch])
            in_epoch = (self.state.step - 1) % per_epoch + 1
            if in_epoch in looks:
                self._look()
                self._checkpoint()
            elif self.state.step % self.recipe.checkpoints == 0:
                self._checkpoint()
            self._stop_if_asked()
        if self.best:
            checkpoints.put_weights(self.scorer.model, self.best)
        s = self.state
        return Fit(s.step, s.best_step, s.best, s.seconds, s.pairs, s.tokens)

    def _plan(self, epoch: int) -> list[list[int]]:
        if getattr(self, "_planned", (-1, []))[0] != epoch:
            lengths = [len(r["input_ids"]) for r in self.rows]
            self._planned = (epoch, plan_batches(lengths, self.recipe.batch_size, self.recipe.seed * 1000 + epoch))
        return self._planned[1]

    def _is_stale(self) -> bool:
        return bool(self.recipe.patience) and self.state.stale >= self.recipe.patience

    def _train_step(self, batch: list[int]) -> None:
        began = time.monotonic()
        rate = self.recipe.rate * _schedule(self.state.step, self.steps, self.recipe.warm_up)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = self._accumulate(batch)
        if not math.isfinite(loss):
            raise ModelError(
                f"the loss at step {self.state.step + 1} is {loss}; training stops. Lower the learning rate; the last "
                f"good checkpoint is in {self.out / checkpoints.FOLDER}"
            )
        torch.nn.utils.clip_grad_norm_(lora.trainable(self.scorer.model).values(), self.recipe.clip)
        self.optimiser.step()
        lora.after_step(self.scorer.model, self.state.step)
        self.optimiser.zero_grad()
        s = self.state
        s.step += 1
        s.pairs += len(batch)
        s.tokens += sum(len(self.rows[i]["input_ids"]) for i in batch)
        s.seconds += time.monotonic() - began
        self.session_pairs += len(batch)
        self._tell(loss, rate)

    def _accumulate(self, batch: list[int]) -> float:
        """The batch's mean loss, its gradients added up over parts; the parts are halved where memory runs out."""
        while True:
            try:
                return self._backward(batch)
            except (RuntimeError, MemoryError) as error:
                size = -(-len(batch) // self.state.split)
                if not is_out_of_memory(error) or size <= 1:
                    raise
                self.optimiser.zero_grad()
                self.state.split *= 2
                logger.warning(
                    "out of memory: batches of %d are now worked through in %d parts; results stay the same",
                    self.recipe.batch_size,
                    self.state.split,
                )

    def _backward(self, batch: list[int]) -> float:
        size = -(-len(batch) // self.state.split)
        whole = float(self.weights[self.labels[batch]].sum())
        total = 0.0
        for start in range(0, len(batch), size):
            part = batch[start : start + size]
            gold = torch.tensor(self.labels[part], device=self.scorer.device)
            loss = torch.nn.functional.cross_entropy(
                self.scorer.logits([self.rows[i] for i in part]),
                gold,
                weight=self.weights,
                label_smoothing=self.recipe.label_smoothing,
                reduction="sum",
            )
            loss = loss / whole + lora.penalty(self.scorer.model) * (len(part) / len(batch))
            torch.autograd.backward(loss)
            total += float(loss.detach())
        return total

    def _look(self) -> None:
        """Judge the held-back part; keep the weights if they are the best so far."""
        rows, gold = self.held
        s = self.state
        said = score(self.scorer, rows).argmax(axis=1)
        self.scorer.model.train()
        self.looked = macro_f1(gold, said)
        s.stale += 1
        if self.looked > s.best:
            s.best, s.best_step, s.stale = self.looked, s.step, 0
            self.best = checkpoints.weights_of(self.scorer.model)
            self._guarded(lambda: checkpoints.save_weights(self.out / BEST, self.best))
        self._log({"step": s.step, "macro_f1": self.looked})

    def _checkpoint(self) -> None:
        s = self.state
        state = {name: getattr(s, name) for name in _State.__slots__} | {"fingerprint": self.fingerprint}
        self._guarded(lambda: checkpoints.save_checkpoint(self.out, self.scorer.model, self.optimiser, state))

    def _guarded(self, write: Callable[[], object]) -> None:
        """A full disk is said and outlived: the weights stay in memory, and the next checkpoint tries again."""
        try:
            write()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise ModelError(f"no checkpoint can be written to {self.out}: {error.strerror}") from error
            logger.warning("the disk of %s is full: no checkpoint at step %d; free some room, training goes on",
                           self.out, self.state.step)  # fmt: skip

    def _resume(self) -> None:
        folder = checkpoints.latest_checkpoint(self.out)
        if folder is None:
            _keep_log(self.out / LOG, 0)
            return
        saved = checkpoints.read_state(folder)
        if saved.pop("fingerprint") != self.fingerprint:
            raise ModelError(f"{folder} is of a run with other data or another recipe; choose another --out")
        self.state = _State(**saved)
        checkpoints.restore(folder, self.scorer.model, self.optimiser)
        if (self.out / BEST).is_file():
            import safetensors.torch

            self.best = safetensors.torch.load_file(self.out / BEST)
        _keep_log(self.out / LOG, self.state.step)

    def _stop_if_asked(self) -> None:
        if self.cancel is not None and self.cancel.is_set():
            self._checkpoint()
            raise Cancelled(
                f"stopped after step {self.state.step} of {self.steps}; the same command with --resume goes on"
            )

    def _tell(self, loss: float, rate: float) -> None:
        s = self.state
        self._log({"step": s.step, "loss": loss, "rate": rate, "seconds": round(s.seconds, 3)})
        if self.progress is not None:
            speed = self.session_pairs / max(time.monotonic() - self.started, 1e-9)
            left = (self.steps - s.step) * self.recipe.batch_size / max(speed, 1e-9)
            epoch = (s.step - 1) * self.recipe.epochs // self.steps + 1
            self.progress(Progress(s.step, self.steps, epoch, loss, speed, left, self.looked))

    def _log(self, entry: dict[str, Any]) -> None:
        def write() -> None:
            with (self.out / LOG).open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")

        self._guarded(write)
        if self.logs is not None:
            self.logs(entry)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch or Python ran out of memory; on a CPU torch says so in words only."""
    words = str(error).casefold()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        "out of memory" in words or "can't allocate memory" in words or "not enough memory" in words
    )


def _schedule(step: int, steps: int, warm_up: float) -> float:
    """Share of the full rate at a step: up over the first `warm_up` of the run, then down to zero."""
    warm = max(1, round(warm_up * steps))
    return (step + 1) / warm if step < warm else max(0.0, (steps - step) / max(1, steps - warm))


def _optimiser(parameters: dict[str, torch.nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    """Weight decay for matrices only; biases and norms go without, as usual."""
    groups = [
        {"params": [p for p in parameters.values() if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters.values() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [g for g in groups if g["params"]]
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=recipe.rate, momentum=0.9)
    return torch.optim.AdamW(groups, lr=recipe.rate)


def _class_weights(labels: Indices, recipe: Recipe) -> torch.Tensor:
    if recipe.class_weights == "none":
        return torch.ones(3)
    counts = np.bincount(labels, minlength=3)
    weights = np.where(counts > 0, len(labels) / (np.maximum(counts, 1) * max((counts > 0).sum(), 1)), 1.0)
    return torch.tensor(weights, dtype=torch.float32)


def _keep_log(path: Path, step: int) -> None:
    """Drop what a killed run had logged after its last checkpoint."""
    if not path.is_file():
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = []
    for line in lines:
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line + "\n")
        except (ValueError, KeyError):  # the last line of a killed process may be half
            continue
    path.write_text("".join(kept), encoding="utf-8")
