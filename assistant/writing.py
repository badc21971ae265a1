"""What reasoning needs of something that writes: messages in, pieces of text out. It knows no model.

`assistant.writers.load_writer(spec)` gives one (or None: answers from quotes alone); tests give a scripted one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of what a writer is shown."""

    role: Role
    content: str


class Writer(Protocol):
    """Writes on from messages. Several calls of one answer share their first messages: put what stays the same first.

    Nothing it yields is to be believed: a schema is kept by most writers and only asked of some.
    """

    @property
    def id(self) -> str:
        """Names what writes: model, adapter and the hash of what was loaded, or model and server."""
        ...

    @property
    def context_tokens(self) -> int:
        """Tokens that messages and reply may have together."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of a text by itself: exact for a local model, never too few by design (an estimate) for a server."""
        ...

    def stream(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        """Yield the reply in pieces, as they come; joined they are the whole. It ends at `max_tokens` at the latest.

        `schema`: a JSON schema that the reply must match. What was yielded before an error stands. Raises Cancelled
        soon after `cancel` is set, ContextTooLong where messages and `max_tokens` exceed the window, ModelError
        where the model or the server fails.
        """
        ...
