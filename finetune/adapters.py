"""An adapter is a folder: weights, the base they belong to, label map, calibration, data hashes, card.

Knows files and the shelf of promoted adapters; no torch. What the weights mean is `lora` and `verifier`'s business.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

import platformdirs

from assistant.errors import ModelError, UsageError
from assistant.finetune.calibration import Scaling
from assistant.finetune.data import LABELS

BUILT_IN = "builtin"
BUILT_IN_FOLDER = Path(__file__).parent / BUILT_IN
"""The verifier that comes along."""
BUILT_IN_RANKER = Path(__file__).parent / "builtin_evidence"
"""The ranker that comes along."""
TASK, REASONING, EVIDENCE, EMBEDDER = "claims", "reasoning", "evidence", "embedder"
TASKS = {
    TASK: "judge claims", REASONING: "reason over evidence", EVIDENCE: "rank passages", EMBEDDER: "embed passages",
}  # fmt: skip
"""What an adapter was trained for, and what it can do."""
DESCRIPTION, CALIBRATION, CARD = "assistant.json", "calibration.json", "README.md"
FORMAT = 1
"""Version of the folder's layout."""
SHELF = "adapters"
ACTIVE = "active.json"


@dataclass(frozen=True, slots=True)
class Description:
    """assistant.json: what one must know to use the weights, and where they come from."""

    base: str
    base_sha256: str
    method: str
    head: str
    max_tokens: int
    labels: tuple[str, ...] = tuple(str(label) for label in LABELS)
    task: str = TASK
    format: int = FORMAT
    created: str = ""
    data: tuple[dict[str, Any], ...] = ()
    """Each training file: name, path, sha256, rows."""
    recipe: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How logits become probabilities, as `calibration.Scaling`. `rows` it was fitted on; 0: not."""

    temperature: float = 1.0
    offsets: tuple[float, ...] = Scaling().offsets
    rows: int = 0
    ece_before: float | None = None
    ece_after: float | None = None
    fitted_on: str = ""

    @property
    def scaling(self) -> Scaling:
        return Scaling(self.temperature, self.offsets)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A folder that was read and found whole."""

    folder: Path
    description: Description
    calibration: Calibration

    @property
    def name(self) -> str:
        return BUILT_IN if self.folder == BUILT_IN_FOLDER else self.folder.name


def describe(folder: Path, description: Description, calibration: Calibration) -> None:
    """Write assistant.json and calibration.json into an adapter's folder."""
    write_json(folder / DESCRIPTION, asdict(description))
    write_json(folder / CALIBRATION, asdict(calibration))


def read_adapter(folder: Path, task: str | None = TASK) -> Adapter:
    """The adapter of a folder. ModelError where it is none, is damaged, of a newer version or (unless `task` is None)
    of another task."""
    try:
        raw = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        if raw["format"] > FORMAT:
            raise ModelError(f"the adapter {folder} was written by a newer version; update the assistant")
        _check_task(folder, raw, task)
        description = Description(**raw | {"labels": tuple(raw["labels"]), "data": tuple(raw["data"])})
        calibration = _calibration(json.loads((folder / CALIBRATION).read_text(encoding="utf-8")))
        _check(description, calibration)
    except FileNotFoundError as error:
        raise ModelError(f"{folder} is no adapter (it has no {Path(error.filename).name}); check the path") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"the adapter {folder} is damaged ({type(error).__name__}: {error}); fetch it again"
        ) from error
    return Adapter(folder, description, calibration)


def _check_task(folder: Path, raw: Mapping[str, Any], task: str | None) -> None:
    known, made_for = tuple(raw["labels"]) == tuple(map(str, LABELS)), str(raw["task"])
    if not known or made_for not in TASKS or task not in (None, made_for):
        wanted = TASKS.get(task or made_for, "be used")
        raise ModelError(f"the adapter {folder} has other labels or another task ({made_for}); it cannot {wanted}")


def _check(description: Description, calibration: Calibration) -> None:
    texts = (description.base, description.base_sha256, description.method, description.head)
    if not all(isinstance(t, str) and t for t in texts) or not isinstance(description.max_tokens, int):
        raise ValueError("a field of assistant.json has the wrong type")
    if not isinstance(calibration.temperature, int | float) or not 0 < calibration.temperature < 1000:
        raise ValueError("the temperature is no positive number")
    if len(calibration.offsets) != len(LABELS) or not all(isfinite(offset) for offset in calibration.offsets):
        raise ValueError("the offsets of the calibration are not a number for each label")


def _calibration(raw: dict[str, Any]) -> Calibration:
    return Calibration(**raw | {"offsets": tuple(float(o) for o in raw.get("offsets", Scaling().offsets))})


def check_base(adapter: Adapter, sha256: str) -> None:
    """ModelError where the weights of the base at hand are not those the adapter was trained on."""
    wanted = adapter.description.base_sha256
    if sha256 != wanted:
        raise ModelError(
            f"the adapter {adapter.folder} belongs to the base {adapter.description.base} with weights "
            f"{wanted[:12]}…, but these are {sha256[:12]}…; use that base, or train the adapter anew on this one"
        )


def find_adapter(name: str | Path | None, task: str | None = TASK) -> Adapter:
    """An adapter by folder, by its name on the shelf, "builtin", or (None) the one in use that judges claims.

    ModelError as of `read_adapter`.
    """
    if name is None:
        return active_adapter()
    if str(name) == BUILT_IN:
        return read_adapter(BUILT_IN_RANKER if task == EVIDENCE else BUILT_IN_FOLDER, task)
    on_shelf = shelf() / str(name)
    return read_adapter(on_shelf if on_shelf.is_dir() and not Path(name).is_dir() else Path(name), task)


def shelf() -> Path:
    """Where promoted adapters are kept."""
    return Path(platformdirs.user_data_dir("paper-assistant", appauthor=False)) / SHELF


def list_adapters() -> list[Adapter]:
    """The built-in adapter and those on the shelf, by name; damaged ones are left out."""
    found = []
    for folder in [BUILT_IN_FOLDER, BUILT_IN_RANKER, *sorted(shelf().glob("*/"))]:
        try:
            found.append(read_adapter(folder, task=None))
        except ModelError:
            continue
    return found


def summary(adapter: Adapter) -> dict[str, Any]:
    """One line about an adapter: what `adapters list --json` prints."""
    d = adapter.description
    scores = ("macro_f1", "held_back_macro_f1", "reasoning")
    measure = next((name for name in scores if name in d.metrics), "")
    score = d.metrics.get(measure)
    return {
        "name": adapter.name, "folder": str(adapter.folder), "task": d.task, "method": d.method, "base": d.base,
        "created": d.created, "calibrated": adapter.calibration.rows > 0,
        "macro_f1": None if measure == "reasoning" else score, "reasoning": score if measure == "reasoning" else None,
    }  # fmt: skip


def details(adapter: Adapter) -> dict[str, Any]:
    """All that is known of an adapter: what `adapters show --json` prints."""
    return summary(adapter) | asdict(adapter.description) | {"calibration": asdict(adapter.calibration)}


def card_text(adapter: Adapter) -> str:
    """The model card; without one, the description."""
    path = adapter.folder / CARD
    return path.read_text(encoding="utf-8") if path.is_file() else json.dumps(details(adapter), indent=2)


def active_adapter() -> Adapter:
    """The adapter promoted last, else the built-in one."""
    history = _history()
    return read_adapter(shelf() / history[-1] if history and history[-1] != BUILT_IN else BUILT_IN_FOLDER)


def promote(name: str | Path) -> Adapter:
    """Copy an adapter to the shelf (unless it lies there) and use it from now on."""
    adapter = find_adapter(name)
    kept = BUILT_IN if adapter.name == BUILT_IN else _shelve(adapter)
    write_json(shelf() / ACTIVE, {TASK: [*_history(), kept]})
    return active_adapter()


def roll_back() -> Adapter:
    """Use the adapter that was in use before the last promotion. UsageError where there is none."""
    history = _history()
    if not history:
        raise UsageError("nothing was promoted, so there is nothing to roll back to; the built-in adapter is in use")
    write_json(shelf() / ACTIVE, {TASK: history[:-1]})
    return active_adapter()


def _shelve(adapter: Adapter) -> str:
    """Copy the folder (without checkpoints) under a name that says its content; returns the name."""
    if adapter.folder.parent == shelf():
        return adapter.folder.name
    name = f"{adapter.folder.resolve().name}-{folder_hash(adapter.folder)[:8]}"
    if not (shelf() / name).is_dir():
        fresh = shelf() / f".{name}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(adapter.folder, fresh, ignore=shutil.ignore_patterns("checkpoints", "logs", "best.safetensors"))
        fresh.replace(shelf() / name)
    return name


def folder_hash(folder: Path) -> str:
    """SHA-256 over an adapter's weights and description."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.safetensors"), folder / DESCRIPTION, folder / CALIBRATION]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _history() -> list[str]:
    try:
        history = json.loads((shelf() / ACTIVE).read_text(encoding="utf-8"))[TASK]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{shelf() / ACTIVE} is damaged; remove it to use the built-in adapter") from error
    if not isinstance(history, list) or not all(isinstance(n, str) and Path(n).name == n for n in history):
        raise ModelError(f"{shelf() / ACTIVE} is damaged; remove it to use the built-in adapter")
    return history


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    write_whole(path, lambda fresh: fresh.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8"))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a new file, then put it in the place of `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        write(fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime())
