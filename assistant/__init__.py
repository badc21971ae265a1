"""A scientific reasoning assistant over your own papers: every sentence traceable to its place on a page.

Names load on first use (PEP 562), so that `import assistant` pulls in neither torch nor faiss nor gradio.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.api import Assistant as Assistant
    from assistant.config import Settings as Settings
    from assistant.errors import AssistantError as AssistantError
    from assistant.types import Answer as Answer
    from assistant.types import Evidence as Evidence
    from assistant.types import Filters as Filters
    from assistant.types import FlagKind as FlagKind
    from assistant.types import Label as Label
    from assistant.types import Listing as Listing
    from assistant.types import Page as Page
    from assistant.types import Paper as Paper
    from assistant.types import Passage as Passage
    from assistant.types import ReasoningStep as ReasoningStep
    from assistant.types import Relation as Relation
    from assistant.types import Task as Task
    from assistant.types import TaskState as TaskState
    from assistant.types import Verdict as Verdict

__version__ = "0.1.0"

_HOMES = {
    "Assistant": "assistant.api",
    "Settings": "assistant.config",
    "AssistantError": "assistant.errors",
    **dict.fromkeys(
        (
            "Answer",
            "Evidence",
            "Filters",
            "FlagKind",
            "Label",
            "Listing",
            "Page",
            "Paper",
            "Passage",
            "ReasoningStep",
            "Relation",
            "Task",
            "TaskState",
            "Verdict",
        ),
        "assistant.types",
    ),
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'assistant' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
