"""A real library for the library's screen: the sample papers, read by the real reader, embedded without a model."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from assistant import Assistant, Task
from assistant.testing import HashEmbedder

SAMPLES = Path(__file__).parents[2] / "examples" / "papers"
PATIENCE = 60.0
OVER = ("indexed", "flagged", "unchanged", "failed", "cancelled", "interrupted")


def open_library(folder: Path) -> Assistant:
    assistant = Assistant(folder)
    assistant._embedder = HashEmbedder()
    return assistant


def until(assistant: Assistant, done: Callable[[list[Task]], bool]) -> list[Task]:
    """The tasks, once they are so."""
    end = time.monotonic() + PATIENCE
    while not done(found := assistant.intake().tasks()):
        assert time.monotonic() < end, found
        time.sleep(0.05)
    return found


def settled(assistant: Assistant) -> list[Task]:
    return until(assistant, lambda found: all(t.state in OVER for t in found))
