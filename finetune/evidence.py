"""The task "evidence": files of questions with passages -> a trained, tested adapter that ranks passages.

Wires data, model, loop and measure together; each knows its own business. No argument parsing.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.finetune import adapters, report
from assistant.finetune.adapters import CARD, Adapter, Calibration, Description, write_json, write_whole
from assistant.finetune.data import Leak, apart, document_hash, find_leaks, split_by_document
from assistant.finetune.loop import Fit, Progress, fit, step_count
from assistant.finetune.pair_adapter import base_model, check_parity, fresh_adapter, trainable_model
from assistant.finetune.processes import Processes, join
from assistant.finetune.ranking_data import Group, Judged, Mine, check_trainable, read_groups, with_negatives
from assistant.finetune.recipe import Recipe
from assistant.finetune.runs import DOCUMENTS, as_paths, claim_folder, fingerprint, name_file, speed, written

if TYPE_CHECKING:
    from assistant.finetune.pairs import PairModel

logger = logging.getLogger(__name__)

PARITY_PAIRS = 8


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run made: the adapter's folder and the report on the test rows (without any: on the held-back part)."""

    adapter: Adapter
    report: dict[str, Any]
    leaks: list[Leak]
    fit: Fit


@dataclass(frozen=True, slots=True)
class Data:
    """Groups by split, what the splits share, and the files they come from."""

    train: list[Group]
    held: list[Group]
    test: list[Group]
    leaks: list[Leak]
    files: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """How files become groups with negatives. `read_folder` reads a test collection, `mine` finds hard negatives among
    the passages of collections, of `pool` (the user's library) and of the other rows."""

    recipe: Recipe
    read_folder: Callable[[Path], Judged] | None = None
    mine: Mine | None = None
    pool: Sequence[str] = ()
    skip_bad: bool = False
    drop_shared: bool = False
    say: Callable[[str], None] = logger.info

    def read(self, train: Sequence[Path], dev: Sequence[Path], test: Sequence[Path]) -> Data:
        """All groups, split by document; says what was skipped and what the splits share."""
        splits = {name: self._split(paths) for name, paths in (("train", train), ("dev", dev), ("test", test))}
        kept, held = splits["train"], splits["dev"]
        check_trainable(kept, "train")
        if held:
            held, left = apart(kept, held, self.drop_shared)
            if left:
                self.say(f"dev: {left} questions left out, whose documents train has")
        else:
            kept, held = split_by_document(kept, share=self.recipe.held_back, seed=self.recipe.seed)
        check_trainable(kept, "train")
        leaks = find_leaks({"train": kept, "dev" if dev else "held back": held, "test": splits["test"]})
        self.say(f"train: {len(kept)} questions, held back: {len(held)}, test: {len(splits['test'])}")
        for leak in leaks:
            self.say(f"shared by {leak}")
        return Data(kept, held, splits["test"], leaks, tuple(map(_named, (*train, *dev))))

    def _split(self, paths: Sequence[Path]) -> list[Group]:
        groups, collected, bad = read_groups(paths, read_folder=self.read_folder, skip_bad=self.skip_bad)
        if bad:
            self.say(f"{len(bad)} bad rows skipped, the first: {bad[0]}")
        pool = [*collected, *self.pool]
        return with_negatives(groups, self.recipe.negatives, pool=pool, mine=self.mine, seed=self.recipe.seed)


def _named(path: Path) -> dict[str, Any]:
    """A file by its own hash; a collection by that of its queries, since its judgements may be several files."""
    if not path.is_dir():
        return name_file(path)
    inside = next(p for p in (path / "queries.jsonl", path / "queries.jsonl.gz") if p.is_file())
    return name_file(inside) | {"name": path.name, "path": str(path.absolute())}


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

    Rows and folders as `ranking_data.read_groups`; the rest as `Reader`. `start_from` is an adapter for evidence or
    for claims on the same base. Without `dev` a share of train is held back, by document. Raises UsageError and
    ModelError for what is wrong with data, recipe or base, Cancelled when `cancel` was set.
    """
    chosen, folder, processes = recipe or Recipe(), Path(out), join(device)
    claim_folder(folder, resume, processes)
    reader = Reader(chosen, read_folder, mine, pool, skip_bad, drop_shared, say)
    data = reader.read(as_paths(train), as_paths(dev), as_paths(test))
    start = None if start_from is None else find_start(start_from)
    run = _Run(data, chosen, folder, processes.device(device), start)
    with report.event_log(folder, wandb=wandb and processes.first) as logs:
        done = run.fit(resume, progress, cancel, logs, processes)
    if processes.first:
        run.finish(done, processes.sharded)
    processes.wait()
    trained = Trained(*run.result(), data.leaks, done)
    processes.close()
    return trained


def find_start(name: Path | str) -> Adapter:
    """An adapter to go on from: one that ranks, or one that judges claims, whose logits mean the same. ModelError for
    any other."""
    found = adapters.find_adapter(name, task=None)
    return found if found.description.task in (adapters.TASK, adapters.EVIDENCE) else adapters.find_adapter(name)


class _Run:
    """One training: model and groups, what becomes of them."""

    def __init__(self, data: Data, recipe: Recipe, out: Path, device: str, start: Adapter | None) -> None:
        self.data, self.recipe, self.out, self.device, self.start = data, recipe, out, device, start
        self.scorer: PairModel = trainable_model(recipe, device, steps=self._steps, start=start)
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
        from assistant.finetune.ranker import EvidenceTask

        task = EvidenceTask(self.scorer, self.data.train, self.data.held, self.recipe)
        start = "" if self.start is None else adapters.folder_hash(self.start.folder)
        return fit(
            task, self.recipe, self.out, fingerprint=fingerprint(self.data.files, self.recipe, start), resume=resume,
            progress=progress, cancel=cancel, logs=logs, processes=processes,
        )  # fmt: skip

    def finish(self, done: Fit, sharded: bool) -> None:
        """Save, load again and compare, report."""
        from assistant.finetune import checkpoints, lora

        if sharded:  # a share of the weights cannot rank alone
            self.scorer = base_model(self.recipe, self.device)
            fresh_adapter(self.scorer, self.recipe, self._steps)
            checkpoints.put_weights(self.scorer.model, done.weights)
        with written(self.out):
            lora.save_adapter(self.scorer.model, self.out)
            self._describe({})
            pairs = [(g.query, p) for g in self.data.held for p in g.passages][:PARITY_PAIRS]
            check_parity(self.scorer, self.out, pairs, task=adapters.EVIDENCE, device=self.device)
            result = self._report(done)
            write_json(self.out / report.REPORT, result)
            text = card(self._describe(result), result, self.data.leaks)
            write_whole(self.out / CARD, lambda p: p.write_text(text, encoding="utf-8"))

    def result(self) -> tuple[Adapter, dict[str, Any]]:
        """The adapter and its report, as they lie in the folder."""
        return adapters.read_adapter(self.out, adapters.EVIDENCE), report.read(self.out)

    def _describe(self, metrics: dict[str, Any]) -> Description:
        kept = ("ndcg@10", "n", "reported_on")
        description = Description(
            self.scorer.base.name, self.scorer.base.sha256, self.method, self.scorer.head, self.scorer.max_tokens,
            task=adapters.EVIDENCE, created=adapters.today(), data=self.data.files,
            recipe=dataclasses.asdict(self.recipe), metrics={k: metrics[k] for k in kept if k in metrics},
        )  # fmt: skip
        adapters.describe(self.out, description, Calibration())
        hashes = sorted({document_hash(g.doc_id) for g in self.data.train})
        (self.out / DOCUMENTS).write_text("\n".join(hashes) + "\n", encoding="utf-8")
        return description

    def _report(self, done: Fit) -> dict[str, Any]:
        from assistant.finetune.ranker import encode, mean_ndcg, predict

        tested = self.data.test or self.data.held
        began = time.monotonic()
        predicted = predict(self.scorer, encode(self.scorer, tested))
        seconds = time.monotonic() - began
        chance = [np.zeros(len(odds)) for odds in predicted]
        return {
            "task": adapters.EVIDENCE, "n": len(tested), "passages": sum(map(len, predicted)),
            "ndcg@10": mean_ndcg(tested, predicted), "ndcg@10 by order of the rows": mean_ndcg(tested, chance),
            "reported_on": "test" if self.data.test else "held back (also used for stopping)",
            "pairs_per_second": sum(map(len, predicted)) / max(seconds, 1e-9), "training": speed(done),
        }  # fmt: skip


def card(description: Description, result: dict[str, Any], leaks: Sequence[Leak]) -> str:
    """The model card, in Markdown; every number is the report's."""
    numbers = [["measure", "value"], ["---", "---"], *summary(result)]
    return (
        "\n\n".join(
            [
                "# Evidence ranker",
                f"Says how likely a passage is to answer a question. {description.method} adapter on "
                f"{description.base} (weights {description.base_sha256[:12]}…), made {description.created}.",
                f"## Numbers\n\nOn: {result['reported_on']}. nDCG among each question's own passages and negatives.",
                report.markdown(numbers),
                *report.made_of(description, leaks),
                "## Limits\n\nIt reads one short passage at a time, in the language it was trained on; its scores "
                "order the passages of one question and are no calibrated probabilities.",
            ]
        )
        + "\n"
    )


def summary(result: dict[str, Any]) -> list[list[str]]:
    """The main numbers: name and value, as text."""
    training = result["training"]
    return [
        ["questions", str(result["n"])],
        ["passages", str(result["passages"])],
        ["nDCG@10", f"{result['ndcg@10']:.3f}"],
        ["training", f"{training['seconds']:.0f} s, {training['rows_per_second']:.1f} questions/s"],
    ]
