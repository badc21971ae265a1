"""The training loop: batches of like length, a rate that warms up and falls, early stopping, checkpoints.

Knows a `Task` (rows by number, a loss, a look at the held-back part) and where to write checkpoints; no text, no
labels, no report. A run is a function of its data, recipe and seed: after a kill it goes on from the last checkpoint as
if nothing had been. Started by several processes, each works through its share of every batch.
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
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from assistant.errors import Cancelled, ModelError
from assistant.finetune import checkpoints, lora
from assistant.finetune.processes import Processes
from assistant.finetune.recipe import Recipe

logger = logging.getLogger(__name__)

POOL_BATCHES = 50
"""Batches' worth of rows sorted by length together: wide enough for like lengths, narrow enough to stay random."""
BEST = "best.safetensors"
LOG = "log.jsonl"


class Task(Protocol):
    """What is learned: rows by their number, and what the model makes of them."""

    model: Any
    """What holds the weights; never wrapped, so that names stay as they are."""
    module: Any
    """What training calls: the model, or what has it inside."""
    measure: str
    """What `look` measures, as the log calls it: higher is better, 0 to 1."""

    @property
    def lengths(self) -> Sequence[int]:
        """Tokens of each row."""
        ...

    def wrap(self, module: Any) -> None:
        """From now on training calls this instead, which keeps several processes in step."""
        ...

    def weight(self, rows: Sequence[int]) -> float:
        """What the summed loss of a batch is divided by."""
        ...

    def loss(self, rows: Sequence[int]) -> torch.Tensor:
        """The summed loss, with gradients."""
        ...

    def look(self) -> float:
        """How good the model is on the held-back part, in evaluation mode."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands. `rate` is rows per second, `seconds_left` an estimate; `score` the last look's."""

    step: int
    steps: int
    epoch: int
    loss: float
    rate: float
    seconds_left: float
    score: float | None
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a run ended: steps done, best score on the held-back part and its step, time and throughput.

    `weights` are the best ones, on the CPU.
    """

    steps: int
    best_step: int
    best_score: float
    seconds: float
    rows: int
    tokens: int
    weights: checkpoints.Tensors


@dataclass(slots=True)
class _State:
    step: int = 0
    best_step: int = 0
    best: float = -1.0
    stale: int = 0
    seconds: float = 0.0
    rows: int = 0
    tokens: int = 0
    split: int = 1
    """Parts a batch is cut into, doubled each time memory runs out."""


def fit(
    task: Task,
    recipe: Recipe,
    out: Path,
    *,
    fingerprint: str = "",
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    logs: Callable[[dict[str, Any]], None] | None = None,
    processes: Processes | None = None,
) -> Fit:
    """Train `task.model` in place; it ends with its best weights. Checkpoints and log.jsonl go to `out`.

    `fingerprint` names data and recipe: a checkpoint of another run is not resumed. Raises Cancelled (after a
    checkpoint) when `cancel` is set.
    """
    return _Run(task, recipe, out, fingerprint, progress, cancel, logs, processes or Processes()).run(resume)


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
        task: Task,
        recipe: Recipe,
        out: Path,
        fingerprint: str = "",
        progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
        logs: Callable[[dict[str, Any]], None] | None = None,
        processes: Processes | None = None,
    ) -> None:
        self.task, self.recipe, self.out, self.fingerprint = task, recipe, out, fingerprint
        self.progress, self.cancel, self.logs = progress, cancel, logs
        self.processes = processes or Processes()
        self.state = _State(split=recipe.accumulate)
        self.steps = step_count(len(task.lengths), recipe)
        optimiser = _optimiser(lora.trainable(task.model), recipe)
        self.module, self.optimiser = self.processes.prepare(task.module, optimiser)
        task.wrap(self.module)
        self.best: checkpoints.Tensors = {}
        self.started = time.monotonic()
        self.session_rows = 0
        self.looked: float | None = None

    def run(self, resume: bool) -> Fit:
        torch.manual_seed(self.recipe.seed + self.processes.rank)
        if resume:
            self._resume()
        self.task.model.train()
        per_epoch = self.steps // self.recipe.epochs
        looks = {round((k + 1) * per_epoch / self.recipe.evaluations) for k in range(self.recipe.evaluations)}
        while self.state.step < self.steps and not self._is_stale():
            plan = self._plan(self.state.step // per_epoch)
            self._train_step(plan[self.state.step % per_epoch])
            in_epoch = (self.state.step - 1) % per_epoch + 1
            if in_epoch in looks or self.state.step == self.steps:
                self._look()
                self._checkpoint()
            elif self.state.step % self.recipe.checkpoints == 0:
                self._checkpoint()
            self._stop_if_asked()
        if self.best:
            checkpoints.put_weights(self.task.model, self.best)
        self.task.wrap(self.task.module)
        s = self.state
        return Fit(s.step, s.best_step, s.best, s.seconds, s.rows, s.tokens, self.best)

    def _plan(self, epoch: int) -> list[list[int]]:
        if getattr(self, "_planned", (-1, []))[0] != epoch:
            seed = self.recipe.seed * 1000 + epoch
            self._planned = (epoch, plan_batches(self.task.lengths, self.recipe.batch_size, seed))
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
        torch.nn.utils.clip_grad_norm_(lora.trainable(self.task.model).values(), self.recipe.clip)
        self.optimiser.step()
        lora.after_step(self.task.model, self.state.step)
        self.optimiser.zero_grad()
        s = self.state
        s.step += 1
        s.rows += len(batch)
        s.tokens += sum(self.task.lengths[i] for i in batch)
        s.seconds += time.monotonic() - began
        self.session_rows += len(batch)
        self._tell(loss, rate)

    def _accumulate(self, batch: list[int]) -> float:
        """The batch's mean loss, its gradients added up over parts; the parts are halved where memory runs out."""
        while True:
            try:
                return self.processes.total(self._backward(batch))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._halve(len(batch), error)

    def _halve(self, rows: int, error: BaseException) -> None:
        """Cut batches into twice as many parts. ModelError where a part is one row, or other processes would wait."""
        size = -(-rows // self.processes.count // self.state.split)
        if size <= 1 or self.processes.count > 1:
            raise ModelError(
                f"out of memory with {max(size, 1)} rows at once; lower --max-tokens, use --gradient-checkpointing, or "
                "cut each batch into more parts with --accumulate"
            ) from error
        self.optimiser.zero_grad()
        self.state.split *= 2
        logger.warning(
            "out of memory: batches of %d are now worked through in %d parts; results stay the same",
            self.recipe.batch_size,
            self.state.split,
        )

    def _backward(self, batch: list[int]) -> float:
        """This process's share of the batch's loss, and its gradients. All processes work through as many parts."""
        rank, count = self.processes.rank, self.processes.count
        mine, most = batch[rank::count], -(-len(batch) // count)
        size = -(-most // self.state.split)
        whole, total = self.task.weight(batch), 0.0
        for start in range(0, most, size):
            part = mine[start : start + size]
            with nullcontext() if start + size >= most else self.processes.without_sync(self.module):
                # A process without a row left takes another's and lets it count for nothing.
                loss = self.task.loss(part) / whole if part else self.task.loss(batch[:1]) * 0.0
                loss = loss + lora.penalty(self.task.model) * (len(part) / len(batch))
                torch.autograd.backward(loss * count)  # gradients are averaged over the processes
            total += float(loss.detach())
        return total

    def _look(self) -> None:
        """Judge the held-back part; keep the weights if they are the best so far."""
        s = self.state
        self.looked = self.processes.of_first(self.task.look())
        self.task.model.train()
        s.stale += 1
        if self.looked > s.best:
            s.best, s.best_step, s.stale = self.looked, s.step, 0
            self.best = checkpoints.weights_of(self.task.model)
            self._guarded(lambda: checkpoints.save_weights(self.out / BEST, self.best))
        self._log({"step": s.step, self.task.measure: self.looked})

    def _checkpoint(self) -> None:
        s = self.state
        state = {name: getattr(s, name) for name in _State.__slots__} | {"fingerprint": self.fingerprint}
        tensors = checkpoints.gather(self.task.model, self.optimiser)
        self._guarded(lambda: checkpoints.save_checkpoint(self.out, tensors, state))

    def _guarded(self, write: Callable[[], object]) -> None:
        """A full disk is said and outlived: the weights stay in memory, and the next checkpoint tries again."""
        if not self.processes.first:
            return
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
            self._keep_log(0)
            return
        saved = checkpoints.read_state(folder)
        if saved.pop("fingerprint") != self.fingerprint:
            raise ModelError(f"{folder} is of a run with other data or another recipe; choose another --out")
        self.state = _State(**saved)
        checkpoints.restore(folder, self.task.model, self.optimiser)
        if (self.out / BEST).is_file():
            import safetensors.torch

            self.best = safetensors.torch.load_file(self.out / BEST)
        self.processes.wait()
        self._keep_log(self.state.step)

    def _keep_log(self, step: int) -> None:
        if self.processes.first:
            _keep_log(self.out / LOG, step)

    def _stop_if_asked(self) -> None:
        asked = self.cancel is not None and self.cancel.is_set()
        if self.processes.total(float(asked)):
            self._checkpoint()
            raise Cancelled(
                f"stopped after step {self.state.step} of {self.steps}; the same command with --resume goes on"
            )

    def _tell(self, loss: float, rate: float) -> None:
        s = self.state
        self._log({"step": s.step, "loss": loss, "rate": rate, "seconds": round(s.seconds, 3)})
        if self.progress is not None and self.processes.first:
            speed = self.session_rows / max(time.monotonic() - self.started, 1e-9)
            left = (self.steps - s.step) * self.recipe.batch_size / max(speed, 1e-9)
            epoch = (s.step - 1) * self.recipe.epochs // self.steps + 1
            self.progress(Progress(s.step, self.steps, epoch, loss, speed, left, self.looked, self.task.measure))

    def _log(self, entry: dict[str, Any]) -> None:
        def write() -> None:
            with (self.out / LOG).open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")

        self._guarded(write)
        if self.logs is not None and self.processes.first:
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
