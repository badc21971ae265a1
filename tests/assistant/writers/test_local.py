"""A local model writes: held to a schema, the same twice, stopped, with and without an adapter."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from assistant.errors import AssistantError, Cancelled, ContextTooLong, ModelError, UsageError
from assistant.writers import load_writer
from assistant.writing import Message, Writer
from tests.assistant.writers.tiny import byte_adapter, byte_model

ASKED = [Message("system", "Answer from the evidence."), Message("user", "Does lime raise the pH?")]
SCHEMA = {
    "type": "object",
    "properties": {"kind": {"enum": ["causal", "caveat"]}, "sure": {"type": "boolean"}},
    "required": ["kind", "sure"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return byte_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def writer(base: Path) -> Writer:
    found = load_writer(f"hf:{base}", device="cpu")
    assert found is not None
    return found


def test_extractive_is_no_writer() -> None:
    assert load_writer("extractive") is None


@pytest.mark.parametrize("spec", ["qwen", "hf:", "openai:", "openai:m@ftp://x", "openai:m@http://user:key@host/v1"])
def test_a_spec_that_is_none_is_refused(spec: str) -> None:
    with pytest.raises(UsageError):
        load_writer(spec)


def test_a_schema_is_kept_by_a_model_of_random_weights(writer: Writer) -> None:
    row = json.loads("".join(writer.stream(ASKED, schema=SCHEMA, max_tokens=60)))
    assert set(row) == {"kind", "sure"}
    assert row["kind"] in {"causal", "caveat"}
    assert isinstance(row["sure"], bool)


def test_the_same_messages_give_the_same_text_before_and_after_a_reload(writer: Writer, base: Path) -> None:
    first = "".join(writer.stream(ASKED, max_tokens=24))
    again = load_writer(f"hf:{base}", device="cpu")
    assert again is not None
    assert first
    assert "".join(writer.stream(ASKED, max_tokens=24)) == first
    assert "".join(again.stream(ASKED, max_tokens=24)) == first
    assert again.id == writer.id


def test_an_adapter_changes_what_is_written_and_the_id(writer: Writer, base: Path, tmp_path: Path) -> None:
    tuned = load_writer(f"hf:{base}", device="cpu", adapter=str(byte_adapter(base, tmp_path / "tuned")))
    assert tuned is not None
    assert tuned.id != writer.id
    assert "".join(tuned.stream(ASKED, max_tokens=24)) != "".join(writer.stream(ASKED, max_tokens=24))


def test_a_stop_is_heard(writer: Writer) -> None:
    cancel = threading.Event()
    pieces = writer.stream(ASKED, max_tokens=1500, cancel=cancel)
    next(pieces)
    cancel.set()
    with pytest.raises(Cancelled):
        list(pieces)


def test_more_than_the_window_is_refused(writer: Writer) -> None:
    with pytest.raises(ContextTooLong):
        list(writer.stream([Message("user", "pH " * 1000)], max_tokens=10))


def test_a_model_without_a_chat_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="chat template"):
        load_writer(f"hf:{byte_model(tmp_path, template=None)}", device="cpu")


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssistantError, match="nothing-here"):
        load_writer(f"hf:{tmp_path / 'nothing-here'}", device="cpu")
