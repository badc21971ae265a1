"""Every setting and its default, once. Arguments win over ASSISTANT_* variables, these over assistant.toml, that
over the defaults. Knows nothing of what the settings do."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from assistant.errors import UsageError

BUILT_IN_EMBEDDER = "all-MiniLM-L6-v2"
DEVICES = ("auto", "cpu", "cuda", "mps")
OCR = ("auto", "off")
CHAT_TEMPLATES = ("model", "plain")
UNSUPPORTED = ("mark", "drop")
CHOICES = {"device": DEVICES, "ocr": OCR, "chat_template": CHAT_TEMPLATES, "unsupported": UNSUPPORTED}
LIBRARY_FOLDER = ".assistant"
FILE = "assistant.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """`library` None means: the nearest `.assistant/` upward, else one in the user's data folder."""

    library: Path | None = None
    embedder: str | None = None
    """Name or path; None means the library's own, and the built-in one for a new library."""
    device: str = "auto"
    workers: int = max(1, (os.cpu_count() or 2) - 1)
    """Files read at once, each in a process of its own."""
    ocr: str = "auto"
    """Whether pages that are pictures are read: "auto" where tesseract is installed, "off" never."""
    model: str = "extractive"
    """What writes: "extractive" (no language model), hf:NAME_OR_FOLDER, or openai:NAME@URL (`assistant.writers`)."""
    adapter: str | None = None
    """Folder or name of a LoRA adapter for a model of hf:."""
    verifier: str = ""
    """Folder or name of the adapter that judges claims; "" means the one in use (`assistant adapters`)."""
    four_bit: bool = False
    """Load a model of hf: in 4 bits (GPU, bitsandbytes)."""
    context_tokens: int = 0
    """Tokens that prompt and reply may have together; 0: what the model says, within bounds."""
    chat_template: str = "model"
    """The model's own, or "plain" for a model of hf: that was tuned without one."""
    upload_megabytes: int = 500
    """The largest file (MiB) that the page takes."""
    history: bool = True
    """Whether the command line keeps questions and answers beside the library (history.db)."""
    seed: int = 0
    passage_tokens: int = 160
    """Wished length of a passage, in tokens of the embedder."""
    candidates: int = 100
    """Passages each of the two searches hands to fusion."""
    rerank: int = 0
    """Of the passages found, so many are read again together with the question, and put in order by that; 0: none."""
    reranker: str = ""
    """Folder or name of the adapter that does (`assistant finetune --task evidence`), or of any sentence-transformers
    cross-encoder; "" means the built-in one."""
    passages: int = 12
    """Passages read for an answer."""
    quotes: int = 6
    """Quotes shown in an answer, at most."""
    answer_above: float = 0.15
    """Least probability of relevance of the best quote; below it the assistant abstains. The highest at which four of
    five claims of SciFact train are answered over its corpus (benchmarks/extractive.py)."""

    follow_ups: int = 3
    """Questions proposed after an answer, each looked up before; 0: none."""
    unsupported: str = "mark"
    """What becomes of a written step that its evidence does not support: "mark" shows it as such, "drop" does not."""
    budget_calls: int = 12
    """Calls of the model of one answer, at most."""
    budget_tokens: int = 60_000
    """Tokens that it reads and writes for one answer, at most."""
    budget_seconds: float = 600.0
    """Time for one answer; what stands by then is shown."""

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise UsageError(f"{name} is {getattr(self, name)!r}; choose one of {', '.join(choices)}")
        for name in ("follow_ups", "budget_seconds", "rerank"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be 0 or more")
        if not 0 <= self.answer_above <= 1:
            raise UsageError(f"answer_above is {self.answer_above}; it is a probability, from 0 to 1")
        if self.context_tokens < 0:
            raise UsageError(f"context_tokens is {self.context_tokens}; it must be 0 or more")
        for name in (
            "workers", "passage_tokens", "candidates", "passages", "quotes", "budget_calls", "budget_tokens",
            "upload_megabytes",
        ):  # fmt: skip
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be at least 1")


def load_settings(*, environ: Mapping[str, str] = os.environ, folder: Path | None = None, **arguments: Any) -> Settings:
    """Settings from arguments (None: not given), variables and `assistant.toml` in `folder` (default: here).

    Raises UsageError for an unknown name in the file or a value of the wrong type.
    """
    values: dict[str, Any] = _from_file((folder or Path.cwd()) / FILE)
    fields = {f.name: f for f in dataclasses.fields(Settings)}
    values |= {n: environ[v] for n in fields if environ.get(v := variable(n))}
    values |= {n: v for n, v in arguments.items() if v is not None}
    if unknown := sorted(set(values) - set(fields)):
        raise UsageError(f"unknown setting {unknown[0]!r}; known are {', '.join(fields)}")
    return Settings(**{n: _convert(n, v, str(fields[n].type)) for n, v in values.items()})


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"ASSISTANT_{name.upper()}"


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{path} cannot be read as TOML ({error}); mend or remove it") from error


def _convert(name: str, value: Any, kind: str) -> Any:
    try:
        if kind == "int":
            return int(value)
        if kind == "bool":
            return _switch(value)
        if kind == "float":
            return float(value)
        if kind.startswith("Path"):
            return Path(value).expanduser()
        return str(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"setting {name} is {value!r}, which is not of type {kind}") from error


def find_library(settings: Settings, *, start: Path | None = None) -> Path:
    """The library folder to use: the one set, else the nearest `.assistant/` upward, else the user's own."""
    if settings.library is not None:
        return settings.library.absolute()
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / LIBRARY_FOLDER).is_dir():
            return folder / LIBRARY_FOLDER
    return Path(platformdirs.user_data_dir("paper-assistant", appauthor=False)) / "library"


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise ValueError(word)
