"""Trainings as background runs beside a library: which data, which choices, how far, what came of it.

    training = Training(library)
    run = training.start(Choices(train=Path("rows.jsonl")))
    training.progress(run)

Each is the very command `assistant finetune`, so what it writes is what it would write in a terminal. Knows the files
of a run; not how one trains.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from assistant import background
from assistant.background import Run, State
from assistant.config import BUILT_IN_EMBEDDER
from assistant.errors import DiskFull, UsageError
from assistant.finetune import adapters, load_recipe
from assistant.finetune.data import check_trainable, read_examples

HOME, ADAPTER, DATA = "runs", "adapter", "rows.jsonl"
KIND = "training"
METRICS, REPORT, PAGE = "log.jsonl", "report.json", "report.html"
TASKS = ("claims", "reasoning")
METHODS = ("lora", "dora", "rslora", "adalora", "prefix", "ia3", "full")
DATA_SUFFIXES = (".jsonl", ".csv", ".tsv")
MOST_BYTES = 200 * 1024**2
"""Of a file of rows that is handed in: about a million claims."""
_ROWS = re.compile(r"^train: (\d+) rows")
_starting = threading.Lock()


@dataclass(frozen=True, slots=True)
class Choices:
    """What a training is to do; options as of `assistant finetune`. `base` "": the built-in model (claims only).
    `learning_rate` 0: the method's default. `go_on`: start from the built-in verifier instead of from nothing."""

    train: Path
    test: Path | None = None
    task: str = "claims"
    base: str = ""
    method: str = "lora"
    epochs: int = 5
    rank: int = 16
    batch_size: int = 32
    learning_rate: float = 0.0
    max_tokens: int = 256
    seed: int = 0
    skip_bad: bool = False
    go_on: bool = False

    def arguments(self, out: Path) -> list[str]:
        """Those of the command. Raises UsageError for a choice that is none."""
        self._check()
        chosen = {
            "task": self.task, "train": self.train.absolute(), "out": out, "method": self.method,
            "epochs": self.epochs, "rank": self.rank, "batch-size": self.batch_size, "max-tokens": self.max_tokens,
            "seed": self.seed, "base": self.base, "test": self.test and self.test.absolute(),
            "learning-rate": self.learning_rate or None, "start-from": adapters.BUILT_IN if self.go_on else None,
        }  # fmt: skip
        # One word each, so that a path or a name that begins with a dash stays a value.
        given = [f"--{name}={value}" for name, value in chosen.items() if value not in (None, "")]
        return ["finetune", *given, *(["--skip-bad"] if self.skip_bad else [])]

    def _check(self) -> None:
        if self.task not in TASKS or self.method not in METHODS:
            raise UsageError("choose one of the tasks and one of the methods")
        if self.task == "reasoning" and not self.base:
            raise UsageError("the task reasoning needs a model that writes; name a causal or a T5 model as its base")
        if self.go_on and (self.base or self.method != "lora" or self.task != "claims"):
            raise UsageError("only lora on the built-in model, for claims, can go on from the built-in verifier")
        load_recipe(
            base=self.base or BUILT_IN_EMBEDDER, method=self.method, epochs=self.epochs, rank=self.rank,
            batch_size=self.batch_size, learning_rate=self.learning_rate, max_tokens=self.max_tokens, seed=self.seed,
        )  # fmt: skip


class Point(NamedTuple):
    """A number that was logged at a step."""

    step: int
    value: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is. `steps` 0: not known yet; `measure` names what `looks` at the held-back rows saw, 0 to 1;
    `seconds_left` None: not known."""

    loss: tuple[Point, ...]
    looks: tuple[Point, ...]
    measure: str
    steps: int
    seconds_left: float | None

    @property
    def step(self) -> int:
        return self.loss[-1].step if self.loss else 0


class Training:
    """The trainings of one library; they lie in `runs/` of its folder."""

    def __init__(self, library: Path) -> None:
        self.home = library / HOME

    def runs(self) -> list[Run]:
        """Newest first."""
        return background.runs(self.home, KIND)

    def find(self, id: str) -> Run:  # noqa: A002
        """The training of that id. UsageError where there is none."""
        run = background.find(self.home, id)
        if run.kind != KIND:
            raise UsageError("there is no such training (any more); load the page again")
        return run

    def keep(self, rows: IO[bytes], name: str) -> Path:
        """A copy of rows that were handed in, in a folder that `start` then uses. Raises UsageError for another kind of
        file or one over MOST_BYTES, DiskFull."""
        suffix = Path(name).suffix.lower()
        if suffix not in DATA_SUFFIXES:
            raise UsageError(f"rows come as {', '.join(DATA_SUFFIXES)}; this file's name ends otherwise")
        path = background.new_folder(self.home) / (Path(DATA).stem + suffix)
        try:
            with path.open("wb") as file:
                copied = 0
                while block := rows.read(1 << 20):
                    copied += len(block)
                    if copied > MOST_BYTES:
                        raise UsageError(f"the file has more than {MOST_BYTES // 1024**2} MB; name its path instead")
                    file.write(block)
        except (OSError, UsageError) as error:
            shutil.rmtree(path.parent, ignore_errors=True)
            if isinstance(error, UsageError):
                raise
            raise DiskFull(f"{path} cannot be written ({error.strerror or error}); make room there") from error
        return path

    def start(self, choices: Choices, title: str = "") -> Run:
        """Start it in the background. Raises UsageError for bad rows (by file and line), for a wrong choice, and while
        another training runs: two at once would only slow each other."""
        own = choices.train.parent.parent == self.home
        try:
            arguments = choices.arguments(Path(ADAPTER))
            _check_rows(choices)
            with _starting:
                if any(background.state(r) is State.RUNNING for r in self.runs()):
                    raise UsageError("a training is running; wait for its end or stop it, then start the next")
                folder = choices.train.parent if own else background.new_folder(self.home)
                arguments = choices.arguments(folder / ADAPTER)
                return background.start(folder, KIND, title or choices.train.name, arguments)
        except UsageError:
            if own:
                shutil.rmtree(choices.train.parent, ignore_errors=True)
            raise

    def resume(self, id: str) -> Run:  # noqa: A002
        """Go on from the last checkpoint."""
        run = self.find(id)
        if any(background.state(r) is State.RUNNING for r in self.runs()):
            raise UsageError("a training is running; wait for its end or stop it, then go on with this one")
        return background.again(run, "--resume")

    def stop(self, id: str) -> None:  # noqa: A002
        """Ask a training to end after a checkpoint; a second time: at once."""
        background.stop(self.find(id))

    def remove(self, id: str) -> None:  # noqa: A002
        """Forget a training that has ended, and its files."""
        background.remove(self.find(id))

    def adapter(self, id: str) -> Path:  # noqa: A002
        """The folder of the adapter that a training made."""
        return adapter_folder(self.find(id))

    def progress(self, run: Run) -> Progress:
        """What its log of numbers says."""
        loss, looks, measure, seconds = [], [], "", 0.0
        for entry in _entries(adapter_folder(run) / METRICS):
            step = int(entry["step"])
            if "loss" in entry:
                loss.append(Point(step, float(entry["loss"])))
                seconds = float(entry.get("seconds", 0.0))
            else:
                measure, value = next((k, v) for k, v in entry.items() if k != "step")
                looks.append(Point(step, float(value)))
        steps = _steps(run)
        left = seconds / loss[-1].step * (steps - loss[-1].step) if loss and steps else None
        return Progress(tuple(loss), tuple(looks), measure, steps, left)

    def report(self, run: Run) -> dict[str, Any] | None:
        """The final report; None before there is one."""
        return read_report(adapter_folder(run))

    def report_page(self, run: Run) -> Path | None:
        """The report as an HTML file; None before there is one."""
        path = adapter_folder(run) / PAGE
        return path if path.is_file() else None


def adapter_folder(run: Run) -> Path:
    """Where a training's adapter is, or will be."""
    return run.folder / ADAPTER


def read_report(adapter: Path) -> dict[str, Any] | None:
    """The report beside an adapter's weights; None for none."""
    try:
        found = json.loads((adapter / REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def option(run: Run, name: str) -> str:
    """The value that a training's command has for an option; "" for none."""
    return next((a.partition("=")[2] for a in run.arguments if a.startswith(f"--{name}=")), "")


def _check_rows(choices: Choices) -> None:
    """Errors in the rows of claims are told at once, not in a log."""
    if choices.task != "claims":
        if not choices.train.is_file():
            raise UsageError(f"there is no file {choices.train}; check the path")
        return
    check_trainable(read_examples(choices.train, skip_bad=choices.skip_bad).examples, "train")
    if choices.test:
        read_examples(choices.test, skip_bad=choices.skip_bad)


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a log of numbers; the last may be half written."""
    with contextlib.suppress(OSError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and len(entry) > 1 and "step" in entry:
                yield entry


def _steps(run: Run) -> int:
    """Steps of the whole training, from the number of rows that it says; 0: not said yet."""
    rows = next((int(m[1]) for line in _head(run) if (m := _ROWS.match(line))), 0)
    return math.ceil(rows / int(option(run, "batch-size") or 1)) * int(option(run, "epochs") or 1)


def _head(run: Run) -> list[str]:
    try:
        with (run.folder / background.LOG).open(encoding="utf-8", errors="replace") as file:
            return file.read(background.LOG_BYTES).splitlines()
    except OSError:
        return []
