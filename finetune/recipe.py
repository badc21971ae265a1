"""The choices of one training run: named, with their defaults, from a TOML file or the command line.

Knows numbers and their ranges; no model, no data.
"""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.config import BUILT_IN_EMBEDDER
from assistant.errors import UsageError

FOLDER = Path(__file__).parent / "recipes"
OPTIMISERS = ("adamw", "sgd")
CLASS_WEIGHTS = ("none", "balanced")
LOSSES = ("listwise", "pointwise", "mse")
FULL_RATE, ADAPTER_RATE, SGD_FACTOR = 5e-5, 5e-4, 100.0
"""Default learning rates: an adapter takes about ten times that of full tuning (Schulman 2025), SGD a hundred times."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything a run depends on but its data."""

    base: str = BUILT_IN_EMBEDDER
    head: str = "auto"
    """"classifier", or "words": a language model's label words; "auto" takes words where there is a chat template."""
    method: str = "lora"
    rank: int = 16
    alpha: int = 0
    """0: twice the rank."""
    dropout: float = 0.05
    """Of the adapter's input and inside the base's blocks; 0 learns fastest where a pass or two is all there is."""
    targets: tuple[str, ...] = ()
    """Layers that get an adapter; none: the architecture's default, all linear layers of its blocks."""
    four_bit: bool = False
    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 0.0
    """0: the default of method and optimiser."""
    optimiser: str = "adamw"
    weight_decay: float = 0.01
    warm_up: float = 0.06
    """Share of the steps in which the rate rises; then it falls to zero."""
    clip: float = 1.0
    """Most norm of the gradient."""
    accumulate: int = 1
    """Parts a batch is worked through in; more take less memory and give the same gradients."""
    gradient_checkpointing: bool = False
    """Work activations out again on the way back: about a third slower, a fraction of the memory."""
    class_weights: str = "none"
    label_smoothing: float = 0.0
    loss: str = "listwise"
    """Of the task evidence: "listwise", "pointwise", or "mse" to a teacher's scores."""
    negatives: int = 4
    """Of the tasks evidence and embedder: passages that do not answer, for each question."""
    evaluations: int = 1
    """Looks at the held-back part, per epoch; 0: one, at the end of the run."""
    patience: int = 3
    """Looks without a better score after which training stops; 0: never."""
    checkpoints: int = 200
    """Steps between checkpoints; one is also written at each look."""
    held_back: float = 0.2
    """Share of train held back, by document, for early stopping and calibration where no dev file is given; 0
    (reasoning only): nothing, to learn by heart."""
    max_tokens: int = 256
    seed: int = 0

    def __post_init__(self) -> None:
        _between(self, "rank", 1, 1024)
        _between(self, "epochs", 1, 1000)
        _between(self, "batch_size", 1, 4096)
        _between(self, "accumulate", 1, 4096)
        _between(self, "negatives", 1, 256)
        _between(self, "max_tokens", 16, 131072)
        _between(self, "evaluations", 0, 1000)
        _between(self, "checkpoints", 1, 10**9)
        _between(self, "held_back", 0.0, 0.9)
        for name in ("warm_up", "dropout", "label_smoothing"):
            _between(self, name, 0.0, 0.99)
        for name, choices in (("optimiser", OPTIMISERS), ("class_weights", CLASS_WEIGHTS), ("loss", LOSSES)):
            if getattr(self, name) not in choices:
                raise UsageError(f"{name} is {getattr(self, name)!r}; choose one of {', '.join(choices)}")

    @property
    def rate(self) -> float:
        """The learning rate meant."""
        if self.learning_rate:
            return self.learning_rate
        return (FULL_RATE if self.method == "full" else ADAPTER_RATE) * (SGD_FACTOR if self.optimiser == "sgd" else 1)

    @property
    def scale(self) -> int:
        """The alpha meant."""
        return self.alpha or 2 * self.rank


def load_recipe(name: str | Path | None = None, **changes: Any) -> Recipe:
    """The recipe of that name or TOML file (None: the defaults) with `changes`; a change of None is no change.

    Raises UsageError for an unknown recipe, an unknown key, a value of the wrong type or out of range.
    """
    values = _read(name) if name is not None else {}
    values |= {k: v for k, v in changes.items() if v is not None}
    fields = {f.name: f for f in dataclasses.fields(Recipe)}
    for key, value in values.items():
        if key not in fields:
            raise UsageError(f"unknown choice {key!r} in recipe {name}; known are {', '.join(fields)}")
        values[key] = _as_type(key, value, str(fields[key].type))
    return Recipe(**values)


def recipe_names() -> list[str]:
    """The recipes that come along."""
    return sorted(p.stem for p in FOLDER.glob("*.toml"))


def _read(name: str | Path) -> dict[str, Any]:
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        path = Path(name)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = ", ".join(recipe_names())
        raise UsageError(f"there is no recipe {str(name)!r}; known are {known}, or give a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"recipe {path} cannot be read as TOML ({error})") from error


def _as_type(key: str, value: Any, kind: str) -> Any:
    if kind.startswith("tuple") and isinstance(value, list | tuple):
        return tuple(str(v) for v in value)
    wanted: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,), "str": (str,)}
    if not isinstance(value, wanted.get(kind, ())) or (isinstance(value, bool) and kind != "bool"):
        raise UsageError(f"{key} is {value!r}, which is not of type {kind.split('[')[0]}")
    return float(str(value)) if kind == "float" else value


def _between(recipe: Recipe, name: str, low: float, high: float) -> None:
    if not low <= getattr(recipe, name) <= high:
        raise UsageError(f"{name} is {getattr(recipe, name)}; it must be between {low} and {high}")
