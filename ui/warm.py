"""Models and index loaded ahead of the first question, while the reader still reads the page."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from assistant import AssistantError, Filters

if TYPE_CHECKING:
    from assistant import Assistant

logger = logging.getLogger(__name__)


class Warmth:
    """Which libraries have been made ready. Safe to share between threads."""

    def __init__(self) -> None:
        self._begun: set[str] = set()
        self._guard = threading.Lock()

    def begin(self, assistant: Assistant) -> None:
        """Load, in a thread of its own, what the first question needs; once for each library."""
        folder = str(assistant.folder)
        with self._guard:
            if folder in self._begun:
                return
            self._begun.add(folder)
        threading.Thread(target=self._load, args=(assistant, folder), name="warm", daemon=True).start()

    def _load(self, assistant: Assistant, folder: str) -> None:
        try:
            assistant.searcher().search("yield", k=1, filters=Filters())
            assistant.verifier()
        except AssistantError as error:
            logger.debug("not made ready: %s", error)
            with self._guard:
                self._begun.discard(folder)
