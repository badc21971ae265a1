"""The evidence of answers that are still being made, or could not be kept: by reader and answer, in memory only.

A finished answer's evidence is the history's.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant import Evidence

KEPT = 200
"""Answers, of all readers together."""


class Live:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, str], tuple[Evidence, ...]] = OrderedDict()
        self._guard = threading.Lock()

    def hold(self, reader: str, answer: str, evidence: Sequence[Evidence]) -> None:
        """All the evidence of this reader's answer so far."""
        with self._guard:
            self._held[reader, answer] = tuple(evidence)
            self._held.move_to_end((reader, answer))
            while len(self._held) > KEPT:
                self._held.popitem(last=False)

    def drop(self, reader: str, answer: str) -> None:
        """The history has it now."""
        with self._guard:
            self._held.pop((reader, answer), None)

    def evidence(self, reader: str, answer: str) -> tuple[Evidence, ...]:
        """What is held of this reader's answer; nothing of another's."""
        with self._guard:
            return self._held.get((reader, answer), ())
