"""What goes wrong, in the page's language: a sentence of the page's own, and what the engine says of it. Pure."""

from __future__ import annotations

from assistant import AssistantError
from assistant.ui.said import said
from assistant.ui.words import Words

KINDS = {
    "DiskFull": "chat.failed_disk",
    "LibraryBusy": "chat.failed_busy",
    "ModelError": "chat.failed_model",
    "ReadError": "chat.failed_read",
}
"""Name of an error's class, or of one it descends from -> what the page says of it."""


def told(error: AssistantError, words: Words) -> tuple[str, str]:
    """(sentence, detail). What the engine says stands alone where it can be said in the page's language."""
    text = str(error)
    kind = next((KINDS[c.__name__] for c in type(error).__mro__ if c.__name__ in KINDS), "")
    if not kind and (words.language == "en" or said(text, words) != text):
        return _sentence(said(text, words)), ""
    return words(kind or "chat.failed"), text


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
