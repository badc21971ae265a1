"""What writes answers: a local model, a server, a chat model of langchain, or nothing. One setting names it.

Knows how each is started; not what is asked of it, and never another one than the one named.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from assistant.errors import UsageError
from assistant.writing import Writer

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

EXTRACTIVE, LOCAL, SERVER = "extractive", "hf:", "openai:"
FORMS = f"{EXTRACTIVE}, {LOCAL}NAME_OR_FOLDER, or {SERVER}NAME@URL (such as openai:qwen3@http://localhost:11434/v1)"


def load_writer(
    spec: str | BaseChatModel,
    *,
    adapter: str | None = None,
    device: str = "auto",
    seed: int = 0,
    four_bit: bool = False,
    context_tokens: int = 0,
    chat_template: str = "model",
) -> Writer | None:
    """The writer that `spec` names; None for "extractive".

    `adapter`: folder of a LoRA adapter for a local model. `four_bit`: load a local model in 4 bits.
    `context_tokens`: the most that prompt and reply may have; 0: what the model says, within CONTEXT_TOKENS.
    `chat_template`: "model" for the model's own, "plain" for one that needs none. Raises UsageError for a spec that
    is none and options that do not go with it, ModelError where the model does not load, does not fit or does not
    answer. Nothing is ever tried in its place.
    """
    if not isinstance(spec, str):
        from assistant.writers.langchain import ChatModelWriter

        _refuse(spec, adapter=adapter, four_bit=four_bit)
        return ChatModelWriter(spec, context_tokens=context_tokens)
    if spec == EXTRACTIVE:
        _refuse(spec, adapter=adapter, four_bit=four_bit)
        return None
    if spec.startswith(LOCAL) and spec != LOCAL:
        from assistant.writers.local import load_local

        return load_local(
            spec.removeprefix(LOCAL), adapter=adapter, device=device, four_bit=four_bit,
            context_tokens=context_tokens, chat_template=chat_template,
        )  # fmt: skip
    if spec.startswith(SERVER):
        from assistant.writers.server import ServerWriter

        _refuse(spec, adapter=adapter, four_bit=four_bit)
        name, url = split_server(spec)
        return ServerWriter(name, url, seed=seed, context_tokens=context_tokens)
    raise UsageError(f"model is {spec!r}; write {FORMS}")


def check_spec(spec: str, *, adapter: str | None = None) -> None:
    """UsageError for a name that is no writer's, or an adapter that does not go with it; nothing is loaded."""
    if spec.startswith(LOCAL) and spec != LOCAL:
        return
    if spec != EXTRACTIVE:
        if not spec.startswith(SERVER):
            raise UsageError(f"model is {spec!r}; write {FORMS}")
        split_server(spec)
    _refuse(spec, adapter=adapter, four_bit=False)


def split_server(spec: str) -> tuple[str, str]:
    """("qwen3", "http://localhost:11434/v1") of "openai:qwen3@http://localhost:11434/v1". UsageError otherwise."""
    found = re.fullmatch(r"openai:(?P<name>\S+?)@(?P<url>https?://\S+)", spec)
    try:
        parts = urlsplit(found["url"]) if found else None
        host = parts.hostname if parts else None
        _ = parts.port if parts else None
    except ValueError:
        host, parts = None, None
    if not found or not host or parts is None:
        raise UsageError(f"model is {spec!r}, which names no server; write {SERVER}NAME@URL, with http:// or https://")
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(f"a key does not belong in the address of {host}; set ASSISTANT_API_KEY and leave it out")
    return found["name"], found["url"].rstrip("/")


def _refuse(spec: Any, *, adapter: str | None, four_bit: bool) -> None:
    name = spec if isinstance(spec, str) else type(spec).__name__
    for option, given in (("--adapter", adapter is not None), ("four_bit", four_bit)):
        if given:
            raise UsageError(f"{option} goes with a local model (hf:NAME) only, not with {name}; leave it out")
