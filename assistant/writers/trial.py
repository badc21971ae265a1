"""Whether a writer can be had: it is loaded and asked for a word, within a time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from assistant.config import Settings
from assistant.errors import ModelError
from assistant.writers import EXTRACTIVE, load_writer
from assistant.writing import Message

SECONDS = 20.0
"""How long a reader waits at a button; a large local model may well take longer to load."""
WORD = (Message("user", "Reply with the single word: ready"),)
REPLY_TOKENS = 64
"""Enough for a word, and for a model that thinks a little before it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A writer that answered: its id, its window in tokens, and the seconds from start to reply."""

    id: str
    context_tokens: int
    seconds: float


def try_writer(settings: Settings, *, seconds: float = SECONDS) -> Trial:
    """Load the writer that the settings name and have it write a word. Raises as `load_writer`, and ModelError where
    it has not answered within `seconds`."""
    cancel, began = threading.Event(), time.monotonic()

    def work() -> tuple[str, int]:
        writer = load_writer(
            settings.model, adapter=settings.adapter, device=settings.device, seed=settings.seed,
            four_bit=settings.four_bit, context_tokens=settings.context_tokens, chat_template=settings.chat_template,
        )  # fmt: skip
        if writer is None:
            return EXTRACTIVE, 0
        for _ in writer.stream(WORD, max_tokens=REPLY_TOKENS, cancel=cancel):
            pass
        return writer.id, writer.context_tokens

    worker = ThreadPoolExecutor(1, thread_name_prefix="trial")
    try:
        name, window = worker.submit(work).result(timeout=seconds)
    except TimeoutError as error:
        raise ModelError(
            f"{settings.model} has not answered within {seconds:.0f} seconds; it may still be loading: try again"
        ) from error
    finally:
        cancel.set()
        worker.shutdown(wait=False)
    return Trial(name, window, time.monotonic() - began)
