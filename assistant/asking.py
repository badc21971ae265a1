"""A writer asked within a budget, which may fail or be stopped: the reply as far as it came, and why it ends.

Knows calls, tokens and seconds; nothing of what is asked or written.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.budget import Budget, Deadline, Ledger, Spent
from assistant.errors import Cancelled, ModelError
from assistant.steps import MAX_REPLY
from assistant.writing import Message, Writer


class Asker:
    """Asks one writer for one answer. `ended` says why it is asked no more; "" while it is."""

    def __init__(self, writer: Writer, budget: Budget, cancel: threading.Event | None) -> None:
        self.writer = writer
        self.ended = ""
        self._ledger = Ledger(budget)
        self._deadline = Deadline(budget.seconds, cancel)

    @property
    def is_stopped(self) -> bool:
        """Whether the caller wants an end, or the time is up."""
        return self._deadline.is_set()

    def fits(self, prompt: str, reply: int) -> bool:
        """Whether the writer's window and the budget hold a prompt and a reply of so many tokens."""
        return self.writer.count_tokens(prompt) + reply <= min(self.writer.context_tokens, self._ledger.left)

    def pieces(self, prompt: str, schema: Mapping[str, Any], most: int) -> Iterator[str]:
        """The reply of one call, of at most `most` tokens, as it comes. Raises Spent, Cancelled, ModelError."""
        room = self._ledger.open_call(self.writer.count_tokens(prompt), most)
        self._stop_if_asked()
        written = ""
        try:
            for piece in self.writer.stream(
                [Message("user", prompt)], schema=schema, max_tokens=room, cancel=self._deadline
            ):
                written += piece
                yield piece
                if len(written) > MAX_REPLY:
                    return
                self._stop_if_asked()
        finally:
            self._ledger.tokens += self.writer.count_tokens(written)

    def reply(self, prompt: str, schema: Mapping[str, Any], most: int) -> str:
        """The whole reply of a further call; "" where there is none, and `ended` says why."""
        if self.ended:
            return ""
        try:
            return "".join(self.pieces(prompt, schema, most))
        except (Spent, Cancelled, ModelError) as error:
            self.end(error)
            return ""

    def end(self, error: Exception) -> None:
        """Ask no more, for this reason."""
        if not isinstance(error, Cancelled):
            self.ended = f"{str(error)[:1].upper()}{str(error)[1:]}"
        elif self._deadline.is_asked:
            self.ended = "Stopped as asked"
        else:
            self.ended = f"The {self._ledger.budget.seconds:g} seconds that an answer may take are used up"

    def _stop_if_asked(self) -> None:
        if self._deadline.is_set():
            raise Cancelled("stopped as asked")
