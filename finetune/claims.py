"""The task "claims": files of claims -> a trained, calibrated, tested adapter; and the same report for any file.

Wires data, model, loop, calibration and report together; each knows its own business. No argument parsing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import UsageError
from assistant.finetune import adapters, evaluate, report
from assistant.finetune.adapters import Adapter, Calibration, Description
from assistant.finetune.calibration import cross_fit, fit_scaling
from assistant.finetune.classifier import ClaimsTask, score
from assistant.finetune.data import (
    Example,
    Leak,
    apart,
    check_trainable,
    document_hash,
    find_leaks,
    label_indices,
    read_examples,
    split_by_document,
)
from assistant.finetune.loop import Fit, Progress, fit, step_count
from assistant.finetune.pair_adapter import base_model, check_parity, fresh_adapter, trainable_model
from assistant.finetune.processes import Processes, join
from assistant.finetune.recipe import Recipe
from assistant.finetune.runs import DOCUMENTS, as_paths, claim_folder, fingerprint, name_file, speed, written
from assistant.finetune.verifier import load_verifier

logger = logging.getLogger(__name__)

PARITY_PAIRS = 8
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run made: the adapter's folder and the report on the test rows (without any: on the held-back part)."""

    adapter: Adapter
    report: dict[str, Any]
    leaks: list[Leak]
    fit: Fit


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of a run, and how to read them."""

    train: tuple[Path, ...]
    dev: tuple[Path, ...] = ()
    test: tuple[Path, ...] = ()
    corpus: Path | None = None
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    skip_bad: bool = False
    drop_shared: bool = False
    """Leave rows out of dev whose document train has, instead of refusing."""


@dataclass(frozen=True, slots=True)
class _Data:
    train: list[Example]
    held: list[Example]
    test: list[Example]
    leaks: list[Leak]
    files: tuple[dict[str, Any], ...]


def train(
    train: Path | str | Sequence[Path | str],
    out: Path | str,
    *,
    dev: Sequence[Path | str] = (),
    test: Sequence[Path | str] = (),
    recipe: Recipe | None = None,
    start_from: Path | str | None = None,
    corpus: Path | None = None,
    labels: Mapping[str, str] | None = None,
    skip_bad: bool = False,
    drop_shared: bool = False,
    resume: bool = False,
    device: str = "auto",
    say: Callable[[str], None] = logger.info,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    wandb: bool = False,
) -> Trained:
    """Train an adapter on files of claims; `out` becomes its folder.

    Without `dev` a share of train is held back, by document; dev or that part decides when to stop, which weights are
    best, and the temperature. `test` is only reported. `start_from` is an adapter on the same base to go on from.
    `say` gets the leak report and other lines before training. Raises UsageError and ModelError for what is wrong
    with data, recipe or base, Cancelled when `cancel` was set.
    """
    chosen, folder = recipe or Recipe(), Path(out)
    sources = Sources(as_paths(train), as_paths(dev), as_paths(test), corpus, labels or {}, skip_bad, drop_shared)
    processes = join(device)
    claim_folder(folder, resume, processes)
    data = _read(sources, chosen, say)
    start = None if start_from is None else adapters.find_adapter(start_from)
    run = _Run(data, chosen, folder, processes.device(device), start)
    with report.event_log(folder, wandb=wandb and processes.first) as logs:
        done = run.fit(resume, progress, cancel, logs, processes)
    trained = run.finish(done, processes)
    processes.close()
    return trained


def evaluate_file(
    path: Path | str,
    *,
    adapter: Path | str | None = adapters.BUILT_IN,
    corpus: Path | None = None,
    labels: Mapping[str, str] | None = None,
    skip_bad: bool = False,
    device: str = "auto",
) -> dict[str, Any]:
    """The report on any file of claims, by an adapter (default: the built-in one). Errors as of `train`."""
    reading = read_examples(Path(path), corpus=corpus, labels=labels, skip_bad=skip_bad)
    if not reading.examples:
        raise UsageError(f"{path} has no usable row; nothing can be evaluated")
    verifier = load_verifier(adapter, device=device)
    began = time.monotonic()
    logits = verifier.logits([(e.claim, e.evidence) for e in reading.examples])
    seconds = time.monotonic() - began
    result = report.build(
        reading.examples,
        logits,
        scaling=verifier.scaling,
        train_claims=_train_claims(verifier.adapter),
        known_documents=_known_documents(verifier.adapter.folder),
        seconds=seconds,
    )
    return result | {"skipped": len(reading.bad), "adapter": verifier.id}


def _read(sources: Sources, recipe: Recipe, say: Callable[[str], None]) -> _Data:
    """All rows, split by document; says what was skipped and what the splits share."""
    splits = {name: _read_split(name, sources, say) for name in ("train", "dev", "test")}
    check_trainable(splits["train"], "train")
    if splits["dev"]:
        kept, held = splits["train"], _dev(splits, sources.drop_shared, say)
    else:
        kept, held = split_by_document(splits["train"], share=recipe.held_back, seed=recipe.seed)
    check_trainable(kept, "train")
    leaks = find_leaks({"train": kept, "dev" if splits["dev"] else "held back": held, "test": splits["test"]})
    say(f"train: {len(kept)} rows, held back: {len(held)}, test: {len(splits['test'])}")
    for leak in leaks:
        say(f"shared by {leak}")
    files = tuple(name_file(p) for p in (*sources.train, *sources.dev))
    return _Data(kept, held, splits["test"], leaks, files)


def _read_split(name: str, sources: Sources, say: Callable[[str], None]) -> list[Example]:
    rows: list[Example] = []
    for path in getattr(sources, name):
        reading = read_examples(path, corpus=sources.corpus, labels=sources.labels, skip_bad=sources.skip_bad)
        rows += reading.examples
        if reading.bad:
            say(f"{path}: {len(reading.bad)} bad rows skipped, the first: {reading.bad[0]}")
    return rows


def _dev(splits: Mapping[str, list[Example]], drop: bool, say: Callable[[str], None]) -> list[Example]:
    kept, left = apart(splits["train"], splits["dev"], drop)
    if left:
        say(f"dev: {left} rows left out, whose documents train has")
    return kept


class _Run:
    """One training: model and rows, what becomes of them."""

    def __init__(self, data: _Data, recipe: Recipe, out: Path, device: str, start: Adapter | None) -> None:
        self.data, self.recipe, self.out, self.device = data, recipe, out, device
        self.scorer = trainable_model(recipe, device, steps=self._steps, start=start)
        self.start = start
        self.method = recipe.method if start is None else start.description.method

    @property
    def _steps(self) -> int:
        return step_count(len(self.data.train), self.recipe)

    def fit(
        self,
        resume: bool,
        progress: Callable[[Progress], None] | None,
        cancel: threading.Event | None,
        logs: Callable[[dict[str, Any]], None],
        processes: Processes,
    ) -> Fit:
        task = ClaimsTask(self.scorer, self._encode(self.data.train), self._encode(self.data.held), self.recipe)
        start = "" if self.start is None else adapters.folder_hash(self.start.folder)
        return fit(
            task, self.recipe, self.out, fingerprint=fingerprint(self.data.files, self.recipe, start), resume=resume,
            progress=progress, cancel=cancel, logs=logs, processes=processes,
        )  # fmt: skip

    def _encode(self, examples: Sequence[Example]) -> tuple[list[dict[str, list[int]]], Indices]:
        return self.scorer.encode([(e.claim, e.evidence) for e in examples]), label_indices(examples)

    def finish(self, done: Fit, processes: Processes) -> Trained:
        """Calibrate, save, load again and compare, report: the first process does, the others wait and read."""
        if processes.first:
            self._finish(done, processes.sharded)
        processes.wait()
        result = report.read(self.out)
        return Trained(adapters.read_adapter(self.out), result, self.data.leaks, done)

    def _finish(self, done: Fit, sharded: bool) -> None:
        from assistant.finetune import checkpoints, lora

        if sharded:  # a share of the weights cannot judge alone
            self.scorer = base_model(self.recipe, self.device)
            fresh_adapter(self.scorer, self.recipe, self._steps)
            checkpoints.put_weights(self.scorer.model, done.weights)
        held_logits = score(self.scorer, self._encode(self.data.held)[0])
        calibration = calibrate(held_logits, label_indices(self.data.held), [e.doc_id for e in self.data.held])
        with written(self.out):
            lora.save_adapter(self.scorer.model, self.out)
            self._describe(calibration, {"held_back_macro_f1": round(done.best_score, 4)})
            pairs = [(e.claim, e.evidence) for e in self.data.held[:PARITY_PAIRS]]
            check_parity(self.scorer, self.out, pairs, task=adapters.TASK, device=self.device)
            result = self._report(held_logits, calibration, done)
            report.write(self.out, result, report.card(self._describe(calibration, result), result, self.data.leaks))

    def _describe(self, calibration: Calibration, metrics: dict[str, Any]) -> Description:
        kept = ("macro_f1", "accuracy", "ece", "n", "reported_on", "held_back_macro_f1")
        description = Description(
            self.scorer.base.name, self.scorer.base.sha256, self.method, self.scorer.head, self.scorer.max_tokens,
            created=adapters.today(), data=self.data.files, recipe=dataclasses.asdict(self.recipe),
            metrics={k: metrics[k] for k in kept if k in metrics},
        )  # fmt: skip
        adapters.describe(self.out, description, calibration)
        hashes = sorted({document_hash(e.doc_id) for e in self.data.train})
        (self.out / DOCUMENTS).write_text("\n".join(hashes) + "\n", encoding="utf-8")
        if self.scorer.head == "words":
            (self.out / "chat_template.jinja").write_text(str(self.scorer.tokenizer.chat_template), encoding="utf-8")
        return description

    def _report(self, held_logits: Any, calibration: Calibration, done: Fit) -> dict[str, Any]:
        tested = self.data.test or self.data.held
        began = time.monotonic()
        logits = score(self.scorer, self._encode(tested)[0]) if self.data.test else held_logits
        result = report.build(
            tested, logits, scaling=calibration.scaling,
            train_claims=[(e.claim, e.label) for e in self.data.train],
            known_documents={document_hash(e.doc_id) for e in self.data.train},
            seconds=time.monotonic() - began,
        )  # fmt: skip
        return result | {
            "reported_on": "test" if self.data.test else "held back (also used for stopping and calibration)",
            "held_back_macro_f1": done.best_score,
            "training": speed(done),
            "temperature": calibration.temperature,
            "offsets": list(calibration.offsets),
        }  # fmt: skip


def calibrate(logits: Any, gold: Indices, groups: Sequence[str]) -> Calibration:
    """The scaling for these rows; its error is of scalings cross-fitted by document."""
    before = evaluate.calibration_error(evaluate.softmax(logits), gold)
    crossed = cross_fit(logits, gold, groups) if len(set(groups)) > 1 else None
    after = None if crossed is None else evaluate.calibration_error(crossed, gold)
    fitted = fit_scaling(logits, gold)
    on = "rows held back from training, by document"
    return Calibration(fitted.temperature, fitted.offsets, len(gold), before, after, on)


def _known_documents(folder: Path) -> set[str]:
    path = folder / DOCUMENTS
    return set(path.read_text(encoding="utf-8").split()) if path.is_file() else set()


def _train_claims(adapter: Adapter) -> list[tuple[str, Any]]:
    """The training claims with labels, where the very files are still at hand; else none."""
    rows: list[tuple[str, Any]] = []
    for file in adapter.description.data:
        path = Path(str(file.get("path", "")))
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != file.get("sha256"):
            return []
        rows += [(e.claim, e.label) for e in read_examples(path, skip_bad=True).examples]
    return rows
