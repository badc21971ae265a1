"""Who is reading, and whose library that is. Every route and every event of the page asks here, and nowhere else.

Without accounts there is one reader, at this machine, and one library. With them each reader has an own library, and
so own papers, history, reviews and jobs; models are loaded once for all.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.errors import UsageError
from assistant.ui.door import Door
from assistant.ui.live import Live
from assistant.ui.pages import Pages
from assistant.ui.turns import QUESTIONS_AT_ONCE, Turns
from assistant.ui.warm import Warmth

if TYPE_CHECKING:
    from assistant import Assistant, Settings


@dataclass(frozen=True, slots=True)
class Reader:
    """One who reads: `name` is "" where the page has no accounts; `assistant` is over this reader's own library."""

    name: str
    assistant: Assistant


class Site:
    """The page's readers, and what is kept in memory for them: drawn pages, answers still being made, which models are
    loaded, whose turn it is. `door` None: no accounts. Safe to share between threads."""

    def __init__(self, assistant: Assistant, door: Door | None = None) -> None:
        self.door = door
        self.pages = Pages()
        self.live = Live()
        self.warmth = Warmth()
        self.turns = Turns(QUESTIONS_AT_ONCE)
        self._only = Reader("", assistant)
        self._readers: dict[str, Reader] = {}
        self._guard = threading.Lock()

    def reader(self, cookies: Mapping[str, str]) -> Reader:
        """The reader of a request with these cookies. Raises UsageError for one who is not signed in."""
        if self.door is None:
            return self._only
        name = self.door.user(cookies)
        if name is None:
            raise UsageError("you are signed out; load the page again to sign in")
        folder = self.door.accounts.folder(name)
        with self._guard:
            known = self._readers.get(name)
            if known is None or known.assistant.folder != folder:
                known = self._readers[name] = Reader(name, self._only.assistant.beside(folder))
                known.assistant.intake().start()  # what an earlier run of the program left unread
            return known

    def replace(self, reader: str, settings: Settings) -> None:
        """From the next question, and the next file that is read, this reader's assistant has these settings; what is
        in hand ends with its own."""
        with self._guard:
            before = self._only if self.door is None else self._readers[reader]
            after = Reader(before.name, before.assistant.with_settings(settings))
            if self.door is None:
                self._only = after
            else:
                self._readers[reader] = after
        before.assistant.intake().close(wait=False)
        after.assistant.intake().start()

    def close(self) -> None:
        """Let go of the readers' libraries; the one that was given is its owner's to close."""
        with self._guard:
            for reader in self._readers.values():
                reader.assistant.close()
            self._readers.clear()
