"""What went wrong, in the reader's language: the page's own sentence, with the engine's as its detail. Pure."""

from __future__ import annotations

from assistant import AssistantError
from assistant.ui.markup import escape
from assistant.ui.said import said
from assistant.ui.words import DEFAULT, Words, table

TELLS_LITTLE = frozenset({"AssistantError", "UsageError", "LibraryError", "Cancelled"})
"""Classes of which the engine's own sentence says more than the page's; it stands alone where it can be said."""


class Refused(AssistantError):
    """A refusal of the page itself, whose sentence is already in the reader's language."""


def explained(error: AssistantError, words: Words) -> str:
    """An error as a notice that is read out at once: what it is and a way on."""
    sentence, detail = told(error, words)
    more = f' <span class="detail" lang="{DEFAULT}" dir="auto">{escape(detail)}</span>' if detail else ""
    return f'<p class="notice" role="alert" dir="auto">{escape(sentence)}{more}</p>'


def told(error: AssistantError, words: Words) -> tuple[str, str]:
    """(sentence, detail); the detail is the engine's own sentence, in English, or nothing."""
    text = str(error)
    kind = next(k.__name__ for k in type(error).__mro__ if f"errors.{k.__name__}" in table())
    translated = said(text, words)
    if isinstance(error, Refused) or (kind in TELLS_LITTLE and (words.language == DEFAULT or translated != text)):
        return translated, ""
    key = f"errors.{kind}"
    return words(key), text
