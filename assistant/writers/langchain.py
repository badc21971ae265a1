"""The border to langchain-core: any chat model as a writer, and any writer as a chat model."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict

from assistant.errors import Cancelled, ModelError, UsageError
from assistant.writers.pieces import without_thoughts
from assistant.writers.prompt import SERVER_TOKENS, estimated_tokens, refuse_too_long, shielded
from assistant.writers.server import TOKEN_CHARACTERS
from assistant.writing import Message, Role, Writer

REPLY_TOKENS = 1024
"""Of a writer that is called as a chat model, where the call names no max_tokens."""
_CLASSES: dict[str, type[BaseMessage]] = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
_ROLES: dict[str, Role] = {"system": "system", "human": "user", "ai": "assistant"}


class ChatModelWriter:
    """A ready chat model. It writes as it was set up: schema and max_tokens are asked for by the prompt alone, a reply
    is cut where it grows past any max_tokens, and a stop is heard between two pieces."""

    def __init__(self, model: BaseChatModel, *, context_tokens: int = 0) -> None:
        if not isinstance(model, BaseChatModel):
            raise UsageError(f"model is a {type(model).__name__}; give a name or a langchain-core chat model")
        self._model = model
        self.context_tokens = context_tokens or SERVER_TOKENS
        named = getattr(model, "model_name", None) or getattr(model, "model", None)
        self.id = f"langchain:{type(model).__name__}" + (f":{named}" if isinstance(named, str) else "")

    def count_tokens(self, text: str) -> int:
        return estimated_tokens(text)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        refuse_too_long(messages, max_tokens, window=self.context_tokens, name=self.id)
        yield from without_thoughts(self._pieces(messages, TOKEN_CHARACTERS * max_tokens, cancel))

    def _pieces(self, messages: Sequence[Message], limit: int, cancel: threading.Event | None) -> Iterator[str]:
        written = 0
        for piece in self._texts([_CLASSES[m.role](content=m.content) for m in shielded(messages)]):
            if cancel is not None and cancel.is_set():
                raise Cancelled("stopped as asked")
            yield piece
            written += len(piece)
            if written > limit:
                return

    def _texts(self, messages: list[BaseMessage]) -> Iterator[str]:
        try:
            for chunk in self._model.stream(messages):
                yield str(chunk.text)
        except Exception as error:  # whatever a chat model of someone else's raises, an empty reply too
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ModelError(f"{self.id} failed: {first}") from error


class WriterChatModel(BaseChatModel):
    """A writer for those who build with langchain. `max_tokens` and `schema` may be given to each call."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    writer: Any
    max_tokens: int = REPLY_TOKENS

    @property
    def _llm_type(self) -> str:
        return "assistant-writer"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"writer": self.writer.id}

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        if stop:
            raise UsageError("stop sequences are not kept by a writer; leave `stop` out")
        writer: Writer = self.writer
        pieces = writer.stream(
            [_message(m) for m in messages], schema=kwargs.get("schema"),
            max_tokens=kwargs.get("max_tokens", self.max_tokens), cancel=kwargs.get("cancel"),
        )  # fmt: skip
        for piece in pieces:
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
            if run_manager is not None:
                run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = "".join(str(c.message.content) for c in self._stream(messages, stop, run_manager, **kwargs))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text))])


def as_chat_model(writer: Writer, *, max_tokens: int = REPLY_TOKENS) -> BaseChatModel:
    """The writer as a langchain-core chat model."""
    return WriterChatModel(writer=writer, max_tokens=max_tokens)


def _message(message: BaseMessage) -> Message:
    if message.type not in _ROLES:
        raise UsageError(f"a writer takes messages of system, user and assistant, not of type {message.type!r}")
    return Message(_ROLES[message.type], str(message.text))
