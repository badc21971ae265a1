"""One training on questions with passages, whichever model learns: files -> groups -> loop -> adapter and report.

What the model is, what it learns and how good it is, a `Learner` says. No argument parsing.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from assistant.finetune import adapters, loop, report
from assistant.finetune.adapters import CARD, Adapter, Calibration, Description, write_json, write_whole
from assistant.finetune.bases import Base
from assistant.finetune.data import Leak, apart, document_hash, find_leaks, split_by_document
from assistant.finetune.loop import Fit, Progress, fit
from assistant.finetune.processes import join
from assistant.finetune.ranking_data import Group, Judged, Mine, check_trainable, read_groups, with_negatives
from assistant.finetune.recipe import Recipe
from assistant.finetune.runs import DOCUMENTS, as_paths, claim_folder, fingerprint, name_file, speed, written

logger = logging.getLogger(__name__)


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
    own: Sequence[Group] = ()
    """Groups that come from no file: made of the user's library."""
    skip_bad: bool = False
    drop_shared: bool = False
    say: Callable[[str], None] = logger.info

    def read(self, train: Sequence[Path], dev: Sequence[Path], test: Sequence[Path]) -> Data:
        """All groups, split by document; says what was skipped and what the splits share."""
        splits = {name: self._split(paths) for name, paths in (("dev", dev), ("test", test))}
        splits["train"] = self._split(train, self.own)
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

    def _split(self, paths: Sequence[Path], own: Sequence[Group] = ()) -> list[Group]:
        groups, collected, bad = read_groups(paths, read_folder=self.read_folder, skip_bad=self.skip_bad)
        groups += own
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


class Learner(Protocol):
    """A model and what it learns. `task` is a name of `adapters.TASKS`; the card is headed by `title` and says the
    `purpose` and the `limits`."""

    task: str
    title: str
    purpose: str
    limits: str
    base: Base
    head: str
    method: str
    max_tokens: int
    start_hash: str
    """Of the adapter that training goes on from; "" for none."""

    def lesson(self, train: Sequence[Group], held: Sequence[Group]) -> loop.Task:
        """What the loop works through."""
        ...

    def save(self, out: Path, done: Fit, sharded: bool) -> None:
        """Write the adapter's weights."""
        ...

    def check(self, out: Path, groups: Sequence[Group]) -> None:
        """ModelError unless what was saved, and described, loads equal."""
        ...

    def measure(self, groups: Sequence[Group]) -> dict[str, Any]:
        """The numbers of the report on some groups: n, ndcg@10 and others."""
        ...


@dataclass(frozen=True, slots=True)
class Watch:
    """What a run tells while it goes on, and what stops it."""

    progress: Callable[[Progress], None] | None = None
    cancel: threading.Event | None = None
    wandb: bool = False


def run(
    files: tuple[Any, Sequence[Path | str], Sequence[Path | str]],
    out: Path | str,
    recipe: Recipe,
    make: Callable[[Data, str], Learner],
    *,
    reader: Reader,
    resume: bool,
    device: str,
    watch: Watch,
) -> Trained:
    """Train on `files` (train, dev, test); `out` becomes the adapter's folder. `make` gives the learner for the data
    and a device. Errors as of the tasks."""
    folder, processes = Path(out), join(device)
    claim_folder(folder, resume, processes)
    train, dev, test = map(as_paths, files)
    data = reader.read(train, dev, test)
    learner = make(data, processes.device(device))
    with report.event_log(folder, wandb=watch.wandb and processes.first) as logs:
        done = fit(
            learner.lesson(data.train, data.held), recipe, folder,
            fingerprint=fingerprint(data.files, recipe, learner.start_hash), resume=resume,
            progress=watch.progress, cancel=watch.cancel, logs=logs, processes=processes,
        )  # fmt: skip
    if processes.first:
        _finish(learner, data, recipe, folder, done, processes.sharded)
    processes.wait()
    trained = Trained(adapters.read_adapter(folder, learner.task), report.read(folder), data.leaks, done)
    processes.close()
    return trained


def _finish(learner: Learner, data: Data, recipe: Recipe, out: Path, done: Fit, sharded: bool) -> None:
    """Save, load again and compare, report."""
    with written(out):
        learner.save(out, done, sharded)
        _describe(learner, data, recipe, out, {})
        learner.check(out, data.held)
        result = {
            "task": learner.task, **learner.measure(data.test or data.held),
            "reported_on": "test" if data.test else "held back (also used for stopping)", "training": speed(done),
        }  # fmt: skip
        write_json(out / report.REPORT, result)
        text = card(learner, _describe(learner, data, recipe, out, result), result, data.leaks)
        write_whole(out / CARD, lambda p: p.write_text(text, encoding="utf-8"))


def _describe(learner: Learner, data: Data, recipe: Recipe, out: Path, metrics: dict[str, Any]) -> Description:
    kept = ("ndcg@10", "n", "reported_on")
    description = Description(
        learner.base.name, learner.base.sha256, learner.method, learner.head, learner.max_tokens, task=learner.task,
        created=adapters.today(), data=data.files, recipe=dataclasses.asdict(recipe),
        metrics={k: metrics[k] for k in kept if k in metrics},
    )  # fmt: skip
    adapters.describe(out, description, Calibration())
    hashes = sorted({document_hash(g.doc_id) for g in data.train})
    (out / DOCUMENTS).write_text("\n".join(hashes) + "\n", encoding="utf-8")
    return description


def card(learner: Learner, description: Description, result: dict[str, Any], leaks: Sequence[Leak]) -> str:
    """The model card, in Markdown; every number is the report's."""
    numbers = [["measure", "value"], ["---", "---"], *summary(result)]
    return (
        "\n\n".join(
            [
                f"# {learner.title}",
                f"{learner.purpose} {description.method} adapter on {description.base} (weights "
                f"{description.base_sha256[:12]}…), made {description.created}.",
                f"## Numbers\n\nOn: {result['reported_on']}. Each question ranks its own passages and negatives.",
                report.markdown(numbers),
                *report.made_of(description, leaks),
                f"## Limits\n\n{learner.limits}",
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
