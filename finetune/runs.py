"""What every training task does around its loop: the folder of a run, the names of its files, its speed.

Knows files and recipes; no task.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assistant.errors import ModelError, UsageError
from assistant.finetune.loop import Fit
from assistant.finetune.processes import Processes
from assistant.finetune.recipe import Recipe

DOCUMENTS = "train_documents.txt"
"""Hashes of the training documents' ids, so that a later evaluation can say which documents are new."""


def as_paths(given: Path | str | Sequence[Path | str]) -> tuple[Path, ...]:
    """One path or several, as paths."""
    return (Path(given),) if isinstance(given, Path | str) else tuple(Path(p) for p in given)


def claim_folder(folder: Path, resume: bool, processes: Processes) -> None:
    """Make the folder of a run; UsageError where another run or something else lies there."""
    if processes.first:
        if folder.is_dir() and any(folder.iterdir()) and not resume:
            raise UsageError(f"{folder} is not empty; choose another --out, or go on with --resume")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder} cannot be made ({error.strerror}); choose another --out") from error
    processes.wait()


def name_file(path: Path) -> dict[str, Any]:
    """What an adapter keeps of a training file: name, path, SHA-256."""
    data = path.read_bytes()
    return {"name": path.name, "path": str(path.absolute()), "sha256": hashlib.sha256(data).hexdigest()}


def fingerprint(files: Sequence[dict[str, Any]], recipe: Recipe, start: str) -> str:
    """Equal for runs that would be equal; `start` is the hash of the adapter they go on from."""
    what = [sorted(f["sha256"] for f in files), dataclasses.asdict(recipe), start]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


@contextmanager
def written(folder: Path) -> Iterator[None]:
    """Turns a failure to write the adapter into a ModelError that says how to go on."""
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"the adapter cannot be written to {folder} ({error.strerror}); make room and run the same command "
            "with --resume: the trained weights are in its last checkpoint"
        ) from error


def speed(done: Fit) -> dict[str, Any]:
    """Steps, time and throughput of a training, for its report."""
    counted = {f.name: getattr(done, f.name) for f in dataclasses.fields(done) if f.name != "weights"}
    seconds = max(done.seconds, 1e-9)
    return counted | {"rows_per_second": done.rows / seconds, "tokens_per_second": done.tokens / seconds}
