"""Any langchain-core chat model writes, and any writer is one."""

from __future__ import annotations

import threading

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from assistant.errors import Cancelled, ContextTooLong, ModelError, UsageError
from assistant.writers import load_writer
from assistant.writers.langchain import as_chat_model
from assistant.writing import Message, Writer

ASKED = [Message("system", "Answer."), Message("user", "Does lime raise the pH?")]
REPLY = "Lime raises the pH."


def ready(reply: str = REPLY) -> Writer:
    writer = load_writer(GenericFakeChatModel(messages=iter([AIMessage(reply)] * 3)))
    assert writer is not None
    return writer


def test_a_chat_model_writes() -> None:
    pieces = list(ready().stream(ASKED, schema={"type": "object"}, max_tokens=20))
    assert len(pieces) > 1
    assert "".join(pieces) == REPLY


def test_a_chat_model_that_writes_without_end_is_cut() -> None:
    assert len("".join(ready("word " * 5000).stream(ASKED, max_tokens=10))) < 1000


def test_what_a_chat_model_raises_is_an_error_of_the_model() -> None:
    pieces = ready("").stream(ASKED, max_tokens=10)
    with pytest.raises(ModelError, match="GenericFakeChatModel failed"):
        list(pieces)


def test_a_stop_is_heard_between_pieces() -> None:
    cancel = threading.Event()
    pieces = ready().stream(ASKED, max_tokens=20, cancel=cancel)
    next(pieces)
    cancel.set()
    with pytest.raises(Cancelled):
        list(pieces)


def test_more_than_the_window_is_refused() -> None:
    with pytest.raises(ContextTooLong):
        list(ready().stream([Message("user", "word " * 5000)], max_tokens=20))


def test_a_writer_is_a_chat_model() -> None:
    model = as_chat_model(ready())
    assert model.invoke([HumanMessage("Does lime raise the pH?")]).content == REPLY
    assert "".join(str(c.content) for c in model.stream("Does lime raise the pH?")) == REPLY
    with pytest.raises(UsageError, match="tool"):
        model.invoke([ToolMessage("x", tool_call_id="1")])


def test_options_of_a_local_model_go_with_no_other() -> None:
    with pytest.raises(UsageError, match="--adapter"):
        load_writer("extractive", adapter="a")
    with pytest.raises(UsageError, match="langchain"):
        load_writer(7)  # type: ignore[arg-type]
