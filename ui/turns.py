"""Whose question is answered now: a few at once, the others in the order in which they came.

The models, and the cores they run on, are shared by all who read; asked by twenty at once each would be slow for all.
Knows neither models nor readers.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from assistant.errors import Cancelled

QUESTIONS_AT_ONCE = 2
"""Questions answered at the same time: what two cores carry without each taking longer than one after the other."""
LOOK_S = 0.5
"""Seconds between looks at the wish to stop, while waiting."""


class Turns:
    """The line in front of the models: the first `at_once` places run, the rest wait.

    with turns.place() as place:
        for ahead in place.waiting(cancel):
            ...  # say that so many are before this one
        ...      # it is this one's turn until the block ends
    """

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self._line: list[Place] = []
        self._moved = threading.Condition()

    @contextmanager
    def place(self) -> Iterator[Place]:
        """A place at the end of the line, given up at the end of the block."""
        mine = Place(self)
        with self._moved:
            self._line.append(mine)
        try:
            yield mine
        finally:
            with self._moved:
                self._line.remove(mine)
                self._moved.notify_all()

    def position(self, place: Place) -> int:
        """0: it runs; 1: it is the next; 2: one waits before it."""
        with self._moved:
            return self._position(place)

    def moved(self, place: Place, since: int) -> int:
        """The position once it is another than `since`, or after LOOK_S."""
        with self._moved:
            self._moved.wait_for(lambda: self._position(place) != since, timeout=LOOK_S)
            return self._position(place)

    def _position(self, place: Place) -> int:
        return max(0, self._line.index(place) + 1 - self.at_once)


@dataclass(frozen=True, eq=False)
class Place:
    """One question's place in the line."""

    line: Turns

    def waiting(self, cancel: threading.Event | None = None) -> Iterator[int]:
        """Each new position (1: the next) until it is this one's turn; nothing where it is at once. Raises Cancelled
        when `cancel` is set meanwhile."""
        position = self.line.position(self)
        while position:
            yield position
            told = position
            while (position := self.line.moved(self, told)) == told:
                if cancel is not None and cancel.is_set():
                    raise Cancelled("stopped before its turn came")
