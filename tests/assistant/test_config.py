"""Arguments over variables over file over defaults; a wrong value is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.config import Settings, find_library, load_settings
from assistant.errors import UsageError


def test_arguments_beat_variables_beat_the_file_beat_defaults(tmp_path: Path) -> None:
    (tmp_path / "assistant.toml").write_text("quotes = 3\npassages = 7\nworkers = 5\n", encoding="utf-8")
    environ = {"ASSISTANT_PASSAGES": "8", "ASSISTANT_WORKERS": "6", "ASSISTANT_SEED": ""}
    settings = load_settings(environ=environ, folder=tmp_path, workers=7, seed=None)
    assert (settings.quotes, settings.passages, settings.workers, settings.seed) == (3, 8, 7, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [("nonsense = 1", "nonsense"), ("quotes = 'x'", "quotes"), ("quotes = [", "TOML"), ("quotes = 0", "at least 1")],
)
def test_a_wrong_file_is_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "assistant.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=words):
        load_settings(environ={}, folder=tmp_path)


def test_what_writes_is_named_by_settings(tmp_path: Path) -> None:
    assert Settings().model == "extractive"
    (tmp_path / "assistant.toml").write_text('model = "hf:m"\nfour_bit = true\n', encoding="utf-8")
    environ = {"ASSISTANT_MODEL": "openai:m@http://localhost/v1", "ASSISTANT_CONTEXT_TOKENS": "8192"}
    settings = load_settings(environ=environ, folder=tmp_path)
    assert (settings.model, settings.four_bit, settings.context_tokens) == (environ["ASSISTANT_MODEL"], True, 8192)
    assert load_settings(environ={"ASSISTANT_FOUR_BIT": "no"}, folder=tmp_path).four_bit is False
    for wrong in (
        {"ASSISTANT_FOUR_BIT": "perhaps"},
        {"ASSISTANT_CONTEXT_TOKENS": "-1"},
        {"ASSISTANT_CHAT_TEMPLATE": "x"},
    ):
        with pytest.raises(UsageError):
            load_settings(environ=wrong, folder=tmp_path)


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(UsageError, match="cuda"):
        Settings(device="gpu")
    with pytest.raises(UsageError, match="auto, off"):
        Settings(ocr="always")


def test_the_nearest_library_upward_is_found(tmp_path: Path) -> None:
    (tmp_path / ".assistant").mkdir()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_library(Settings(), start=below) == tmp_path / ".assistant"
    assert find_library(Settings(library=Path("x"))) == Path("x").absolute()


def test_else_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    found = find_library(Settings(), start=tmp_path)
    assert found.name == "library"
    assert "paper-assistant" in str(found)
