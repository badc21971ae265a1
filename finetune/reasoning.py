"""The task "reasoning": files of steps over evidence -> a trained, tested adapter; and the same report for any file.

Wires data, model, loop, measure and report together; each knows its own business. No argument parsing.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import ModelError, UsageError
from assistant.finetune import adapters, reasoning_report, report
from assistant.finetune.adapters import Adapter, Calibration, Description
from assistant.finetune.citations import Judge, Written, measure, read_output
from assistant.finetune.data import Leak, apart, document_hash, find_leaks, split_by_document
from assistant.finetune.loop import Fit, Progress, fit, step_count
from assistant.finetune.processes import Processes, join
from assistant.finetune.reasoning_data import Example, read_rows
from assistant.finetune.recipe import Recipe
from assistant.finetune.runs import DOCUMENTS, as_paths, claim_folder, fingerprint, name_file, speed, written

if TYPE_CHECKING:
    from assistant.finetune.reasoner import Row, TextModel

logger = logging.getLogger(__name__)

LOOK_ROWS = 64
"""Held-back rows that a look has written: +-6 points of a share, and a minute or so of generation."""
PARITY_ROWS = 4
LEAST_ROWS = 4
KEPT = ("reasoning", "valid_format", "citation_recall", "citation_precision", "label_accuracy", "n", "reported_on")
"""Numbers that an adapter's description repeats."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run made: the adapter's folder and the report on test rows (without any: on those held back)."""

    adapter: Adapter
    report: dict[str, Any]
    leaks: list[Leak]
    fit: Fit


@dataclass(slots=True)
class _Data:
    train: list[Example]
    held: list[Example]
    test: list[Example]
    leaks: list[Leak]
    files: tuple[dict[str, Any], ...]
    by_heart: bool
    too_long: dict[str, int] = dataclasses.field(default_factory=dict)


def train_reasoning(
    train: Path | str | Sequence[Path | str],
    out: Path | str,
    *,
    recipe: Recipe,
    dev: Sequence[Path | str] = (),
    test: Sequence[Path | str] = (),
    judge: Judge | None = None,
    start_from: Path | str | None = None,
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
    """Train an adapter that reasons on files of rows (`reasoning_data.read_rows`); `out` becomes its folder.

    `judge` (a verifier's `probabilities`) rates citations; without one they are compared with the rows' numbers.
    Without `dev` a share of train is held back, by document; with a share of 0 nothing is, and the model learns by
    heart. `say` gets what was skipped and the leak report. Raises UsageError and ModelError for what is wrong with
    data, recipe or base, Cancelled when `cancel` was set.
    """
    folder, processes = Path(out), join(device)
    claim_folder(folder, resume, processes)
    reader = _Reader(labels or {}, skip_bad, say)
    data = reader.read(as_paths(train), as_paths(dev), as_paths(test), recipe, drop_shared)
    start = None if start_from is None else adapters.find_adapter(start_from, adapters.REASONING)
    run = _Run(data, recipe, folder, processes.device(device), start, judge, say)
    with report.event_log(folder, wandb=wandb and processes.first) as logs:
        done = run.fit(resume, progress, cancel, logs, processes)
    if processes.first:
        run.finish(done, processes.sharded)
    processes.wait()
    result = report.read(folder)
    trained = Trained(adapters.read_adapter(folder, adapters.REASONING), result, data.leaks, done)
    processes.close()
    return trained


def evaluate_reasoning(
    path: Path | str,
    *,
    adapter: Path | str,
    judge: Judge | None = None,
    labels: Mapping[str, str] | None = None,
    skip_bad: bool = False,
    device: str = "auto",
) -> dict[str, Any]:
    """The report on any file of rows, by an adapter. Errors as of `train_reasoning`."""
    from assistant.finetune.reasoner import load_reasoner

    reading = read_rows(Path(path), labels=labels, skip_bad=skip_bad)
    if not reading.examples:
        raise UsageError(f"{path} has no usable row; nothing can be evaluated")
    writer, found = load_reasoner(adapter, device=device)
    rows = writer.encode(reading.examples)
    kept = [e for e, r in zip(reading.examples, rows, strict=True) if writer.fits(r)]
    if not kept:
        raise UsageError(f"every row of {path} is longer than the {writer.max_tokens} tokens of the adapter")
    result = assess(writer, kept, _answer_tokens(found, [r for r in rows if writer.fits(r)]), judge)
    counts = {"skipped": len(reading.bad), "too_long": len(reading.examples) - len(kept)}
    return result | counts | {"adapter": found.name, "reported_on": Path(path).name}


def assess(writer: TextModel, examples: Sequence[Example], most: int, judge: Judge | None) -> dict[str, Any]:
    """Have the rows written, in at most `most` tokens each, and measure."""
    began = time.monotonic()
    done = _write(writer, examples, most)
    seconds = time.monotonic() - began
    return measure(done, judge) | {"seconds": seconds, "worst": reasoning_report.worst(done)}


def _write(writer: TextModel, examples: Sequence[Example], most: int) -> list[Written]:
    return [read_output(e, text) for e, text in zip(examples, writer.write(examples, most), strict=True)]


def _answer_tokens(adapter: Adapter, rows: Sequence[Row]) -> int:
    from assistant.finetune.reasoner import answer_tokens

    return max(int(adapter.description.metrics.get("answer_tokens", 0)), answer_tokens(rows))


class _Reader:
    """How files become rows; says what was skipped."""

    def __init__(self, labels: Mapping[str, str], skip_bad: bool, say: Callable[[str], None]) -> None:
        self.labels, self.skip_bad, self.say = labels, skip_bad, say

    def read(
        self, train: Sequence[Path], dev: Sequence[Path], test: Sequence[Path], recipe: Recipe, drop_shared: bool
    ) -> _Data:
        """All rows, split by document."""
        learned, tested = self._rows(train), self._rows(test)
        if len(learned) < LEAST_ROWS:
            raise UsageError(f"train has {len(learned)} usable rows; at least {LEAST_ROWS} are needed to train")
        by_heart = not dev and not recipe.held_back
        if dev:
            held = self._apart(learned, self._rows(dev), drop_shared)
        elif by_heart:
            held = learned
            self.say("nothing is held back: the model learns by heart, and its report says nothing about new rows")
        else:
            learned, held = split_by_document(learned, share=recipe.held_back, seed=recipe.seed)
        splits = {"train": learned, "dev" if dev else "held back": [] if by_heart else held, "test": tested}
        leaks = find_leaks(splits)
        self.say(f"train: {len(learned)} rows, held back: {0 if by_heart else len(held)}, test: {len(tested)}")
        for leak in leaks:
            self.say(f"shared by {leak}")
        return _Data(learned, held, tested, leaks, tuple(name_file(p) for p in (*train, *dev)), by_heart)

    def _rows(self, paths: Sequence[Path]) -> list[Example]:
        rows: list[Example] = []
        for path in paths:
            reading = read_rows(path, labels=self.labels, skip_bad=self.skip_bad)
            rows += reading.examples
            if reading.bad:
                self.say(f"{path}: {len(reading.bad)} bad rows skipped, the first: {reading.bad[0]}")
        return rows

    def _apart(self, train: Sequence[Example], dev: Sequence[Example], drop: bool) -> list[Example]:
        kept, left = apart(train, dev, drop)
        if left:
            self.say(f"dev: {left} rows left out, whose documents train has")
        return kept


class _Run:
    """One training: model and rows, what becomes of them."""

    def __init__(
        self,
        data: _Data,
        recipe: Recipe,
        out: Path,
        device: str,
        start: Adapter | None,
        judge: Judge | None,
        say: Callable[[str], None],
    ) -> None:
        self.data, self.recipe, self.out, self.device = data, recipe, out, device
        self.start, self.judge, self.say = start, judge, say
        self.writer = self._model()
        self.method = recipe.method if start is None else start.description.method
        self.rows = {name: self._encode(name) for name in ("train", "held", "test")}
        from assistant.finetune.reasoner import answer_tokens

        self.most = answer_tokens([row for rows in self.rows.values() for row in rows])

    def _model(self) -> TextModel:
        """The base with a fresh adapter, or with the one to go on from."""
        import torch

        from assistant.finetune import lora
        from assistant.finetune.reasoner import load_text_model

        recipe = self.recipe
        torch.manual_seed(recipe.seed)  # a fresh adapter is drawn
        writer = load_text_model(
            recipe.base, max_tokens=recipe.max_tokens, device=self.device, four_bit=recipe.four_bit,
            dropout=recipe.dropout,
        )  # fmt: skip
        if self.start is not None:
            adapters.check_base(self.start, writer.base.sha256)
            writer.model = lora.load_adapter(writer.model, self.start.folder, trainable=True)
        else:
            steps = step_count(len(self.data.train), recipe)
            writer.model = lora.attach(writer.model, classifies=False, steps=steps, **lora.choices(recipe))
        if recipe.gradient_checkpointing:
            lora.checkpoint_gradients(writer.model)
        return writer

    def _encode(self, name: str) -> list[Row]:
        """Token ids of a split; rows longer than the window leave it, counted and said."""
        examples: list[Example] = getattr(self.data, name)
        rows = self.writer.encode(examples)
        fitting = [self.writer.fits(row) for row in rows]
        self.data.too_long[name] = fitting.count(False)
        if not all(fitting):
            longest = max(max(len(r["input_ids"]), len(r["labels"])) for r in rows)
            self.say(
                f"{name}: {fitting.count(False)} of {len(rows)} rows are longer than {self.writer.max_tokens} tokens "
                f"and left out; --max-tokens {longest} takes them all"
            )
        kept = [r for r, fits in zip(rows, fitting, strict=True) if fits]
        setattr(self.data, name, [e for e, fits in zip(examples, fitting, strict=True) if fits])
        if not kept and name != "test":
            raise UsageError(f"every row of {name} is longer than {self.writer.max_tokens} tokens; raise --max-tokens")
        return kept

    def fit(
        self,
        resume: bool,
        progress: Callable[[Progress], None] | None,
        cancel: threading.Event | None,
        logs: Callable[[dict[str, Any]], None],
        processes: Processes,
    ) -> Fit:
        from assistant.finetune.reasoner import ReasoningTask

        task = ReasoningTask(self.writer, self.rows["train"], self.rows["held"], self._rate)
        start = "" if self.start is None else adapters.folder_hash(self.start.folder)
        return fit(
            task, self.recipe, self.out, fingerprint=fingerprint(self.data.files, self.recipe, start), resume=resume,
            progress=progress, cancel=cancel, logs=logs, processes=processes,
        )  # fmt: skip

    def _rate(self) -> float:
        looked = self.data.held[:LOOK_ROWS]
        return float(measure(_write(self.writer, looked, self.most), self.judge)["reasoning"])

    def finish(self, done: Fit, sharded: bool) -> None:
        """Save, load again and compare, report."""
        from assistant.finetune import checkpoints, lora

        if sharded:  # a share of the weights cannot write alone
            self.writer = self._model()
            checkpoints.put_weights(self.writer.model, done.weights)
        with written(self.out):
            lora.save_adapter(self.writer.model, self.out)
            result = self._report(done)
            description = self._describe(result)
            self._check_parity()
            card = reasoning_report.card(description, result, self.data.leaks)
            reasoning_report.write(self.out, result, card)

    def _report(self, done: Fit) -> dict[str, Any]:
        from assistant.finetune.reasoner import mean_loss

        name = "test" if self.data.test else "held"
        result = assess(self.writer, getattr(self.data, name), self.most, self.judge)
        on = "train (learned by heart: says nothing about new rows)" if self.data.by_heart else "held back (also used"
        on = on if self.data.by_heart else on + " for stopping)"
        return result | {
            "reported_on": "test" if self.data.test else on,
            "loss_per_token": mean_loss(self.writer, self.rows[name]),
            "too_long": dict(self.data.too_long),
            "answer_tokens": self.most,
            "training": speed(done),
        }

    def _describe(self, result: dict[str, Any]) -> Description:
        writer = self.writer
        description = Description(
            writer.base.name, writer.base.sha256, self.method, "text", writer.max_tokens, task=adapters.REASONING,
            created=adapters.today(), data=self.data.files, recipe=dataclasses.asdict(self.recipe),
            metrics={k: result[k] for k in (*KEPT, "answer_tokens") if k in result},
        )  # fmt: skip
        adapters.describe(self.out, description, Calibration())
        hashes = sorted({document_hash(e.doc_id) for e in self.data.train})
        (self.out / DOCUMENTS).write_text("\n".join(hashes) + "\n", encoding="utf-8")
        if writer.tokenizer.chat_template:
            (self.out / "chat_template.jinja").write_text(str(writer.tokenizer.chat_template), encoding="utf-8")
        return description

    def _check_parity(self) -> None:
        """ModelError unless the saved adapter writes what the trained model does."""
        from assistant.finetune.reasoner import load_reasoner

        rows = self.data.held[:PARITY_ROWS]
        again, _ = load_reasoner(self.out, device=self.device)
        if again.write(rows, self.most) != self.writer.write(rows, self.most):
            raise ModelError(f"the adapter saved in {self.out} writes otherwise when loaded; keep the checkpoints and "
                             "report this")  # fmt: skip
