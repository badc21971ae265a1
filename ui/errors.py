"""What went wrong, in the reader's language. The engine's own sentence, which is English and names the very thing,
stands behind as the detail."""

from __future__ import annotations

from assistant import AssistantError
from assistant.ui.markup import escape
from assistant.ui.words import DEFAULT, Words, table


class Refused(AssistantError):
    """A refusal of the page itself, whose sentence is already in the reader's language."""


def explained(error: AssistantError, words: Words) -> str:
    """An error as a notice that is read out at once: what it is and a way on."""
    return f'<p class="notice" role="alert" dir="auto">{sentence(error, words)}</p>'


def sentence(error: AssistantError, words: Words) -> str:
    """As HTML without an element around it. In the engine's own language its sentence says it all."""
    detail = escape(str(error))
    if words.language == DEFAULT or isinstance(error, Refused):
        return detail
    return f'{escape(words(_key(error)))} <span class="detail" lang="{DEFAULT}" dir="auto">{detail}</span>'


def _key(error: AssistantError) -> str:
    """The sentence for its class, or for the nearest class above that has one."""
    keys = (f"errors.{kind.__name__}" for kind in type(error).__mro__)
    return next(key for key in keys if key in table())
