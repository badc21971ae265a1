"""Conversations and their answers, kept beside the library: memory, replay, feedback.

`store` keeps and finds them, `frozen` is how an answer is written down, `review` the queue of what was found wrong.
"""

from __future__ import annotations

from assistant.history.store import History
from assistant.history.turns import Asked, Status, Thread, Turn

__all__ = ["Asked", "History", "Status", "Thread", "Turn"]
