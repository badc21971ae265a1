"""Messages before a model sees them: text of papers cannot speak for the system, and how much there is of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.errors import ContextTooLong
from assistant.writing import Message

CONTEXT_TOKENS = 16_384
"""Window used where none is set, for local models at most: twelve passages and their steps need 4,000 to 8,000 tokens,
and each further token costs memory (0.14 MB for a Qwen3 of 4 billion weights)."""
SERVER_TOKENS = 4_096
"""Window assumed of a server that does not tell: Ollama's default, which cuts longer prompts without a word."""
BYTES_PER_TOKEN = 3
"""Of letters; English has 4 to 5, German and Finnish 3 to 4, a Chinese character 3 bytes and at most 1.5 tokens."""

_CONTROL = re.compile(
    r"<\|[^\s<>|]{1,40}\|>|<｜[^<>｜]{1,40}｜>|</?(?:s|bos|eos|pad|unk|start_of_turn|end_of_turn|think)>|"
    r"\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS)\]|<</?SYS>>"
)
"""What chat templates part turns with: ChatML, Llama 2 and 3, Gemma, Mistral, DeepSeek."""


def shielded(messages: Sequence[Message], special: Sequence[str] = ()) -> list[Message]:
    """The messages with every control token in their text broken by a space, so that a tokenizer reads plain letters.

    A paper could else end the turn it is quoted in and open one of the system. `special` are the model's own.
    """
    names = "|".join(re.escape(s) for s in sorted(special, key=len, reverse=True) if len(s.strip()) > 1)
    pattern = re.compile(f"{_CONTROL.pattern}|{names}") if names else _CONTROL
    return [replace(m, content=pattern.sub(lambda found: f"{found[0][0]} {found[0][1:]}", m.content)) for m in messages]


def without_system(messages: Sequence[Message]) -> list[Message]:
    """The system's words at the head of the first user's turn, for templates that know no system."""
    system = "\n\n".join(m.content for m in messages if m.role == "system")
    rest = [m for m in messages if m.role != "system"]
    if not system or not rest:
        return rest or [Message("user", system)]
    return [replace(rest[0], content=f"{system}\n\n{rest[0].content}"), *rest[1:]]


def plain(messages: Sequence[Message]) -> str:
    """The messages for a model that knows no turns."""
    return "\n\n".join([*(m.content for m in messages), ""])


def estimated_tokens(text: str) -> int:
    """Tokens that hardly any tokenizer exceeds: one for each digit and sign, one for every three bytes of the rest."""
    single = sum(c.isascii() and not c.isalpha() and not c.isspace() for c in text)
    return single + -(-(len(text.encode("utf-8", "replace")) - single) // BYTES_PER_TOKEN)


def refuse_too_long(messages: Sequence[Message], max_tokens: int, *, window: int, name: str) -> None:
    """Raise ContextTooLong where messages and reply, by estimate, exceed the window of the model `name`."""
    tokens = sum(estimated_tokens(m.content) for m in messages) + max_tokens
    if tokens > window:
        raise ContextTooLong(
            f"about {tokens} tokens exceed the window of {window} tokens of {name}; give it fewer passages, or set "
            "context_tokens to the model's window where it is larger",
            tokens=tokens, window=window,
        )  # fmt: skip
