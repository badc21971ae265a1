"""What one answer may cost, what it has cost, and the moment at which it must stop. Knows no model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

LEAST_REPLY = 32
"""Tokens: a reply shorter than this holds no step."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Calls of the writer, tokens read and written by it, and seconds, of one answer."""

    calls: int = 12
    tokens: int = 60_000
    seconds: float = 600.0


class Spent(Exception):
    """The budget ends here; the message says which part of it. Never leaves the loop."""


class Deadline(threading.Event):
    """Set when the caller's event is, and when the time is up."""

    def __init__(
        self, seconds: float, cancel: threading.Event | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._cancel, self._clock, self._end = cancel, clock, clock() + seconds

    def is_set(self) -> bool:
        return self.is_asked or self.is_late

    @property
    def is_asked(self) -> bool:
        """Whether the caller wants an end."""
        return self._cancel is not None and self._cancel.is_set()

    @property
    def is_late(self) -> bool:
        """Whether the time is up."""
        return self._clock() >= self._end


class Ledger:
    """The calls and tokens an answer has used."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.calls = 0
        self.tokens = 0

    @property
    def left(self) -> int:
        """Tokens that may still be read and written."""
        return self.budget.tokens - self.tokens

    def open_call(self, prompt: int, reply: int) -> int:
        """Begin a call that reads `prompt` tokens; how many it may write, at most `reply`. Raises Spent."""
        if self.calls >= self.budget.calls:
            raise Spent(f"the {self.budget.calls} calls of the model that an answer may take are used up")
        room = min(reply, self.left - prompt)
        if room < LEAST_REPLY:
            raise Spent(f"the {self.budget.tokens:,} tokens that an answer may take are used up")
        self.calls += 1
        self.tokens += prompt
        return room
