"""Who is reading, and whose library that is. Every route and every event of the page asks here, and nowhere else.

Without accounts there is one reader, at this machine, and one library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.ui.live import Live
from assistant.ui.pages import Pages
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
    loaded."""

    def __init__(self, assistant: Assistant) -> None:
        self.pages = Pages()
        self.live = Live()
        self.warmth = Warmth()
        self._only = Reader("", assistant)

    def reader(self, cookies: Mapping[str, str]) -> Reader:
        """The reader of a request with these cookies."""
        return self._only

    def replace(self, reader: str, settings: Settings) -> None:
        """From the next question on this reader's assistant has these settings; a question in hand ends with its
        own."""
        self._only = Reader(reader, self._only.assistant.with_settings(settings))
