"""What the history holds: conversations, their turns, and how each was asked. Frozen values only."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from assistant.types import Answer, Filters


class Status(enum.StrEnum):
    """How far a turn came. An open one was interrupted before anything but its question was kept."""

    OPEN = "open"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Asked:
    """How a question was put to the library: enough to put it again. `query` is what was searched with, which may leave
    out what `filters` say; `settings` hold each value as text; `named` are the papers that the question named."""

    query: str
    filters: Filters = field(default_factory=Filters)
    settings: dict[str, str] = field(default_factory=dict)
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what came of it, number `n` (from 1) of its conversation.

    `answer` is a frozen snapshot: it keeps its own sources, whatever becomes of the library. A claim that was checked
    is an answer too, its verdict the first of `answer.verdicts`. It is None where the turn was interrupted before
    anything was kept, and holds what there was where it was stopped. `state` names the papers that the library held.
    """

    id: str
    conversation: str
    n: int
    mode: str
    status: Status
    question: str
    standalone: str
    asked: Asked
    answer: Answer | None
    state: int
    created: str


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation as it is listed; times are UTC, ISO 8601; `turns` counts them."""

    id: str
    title: str
    created: str
    updated: str
    turns: int
