from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Assistant
from assistant.config import load_settings
from assistant.errors import UsageError
from assistant.settings_file import Origin, keep, origins


def test_each_value_has_its_origin_the_strongest_first(tmp_path: Path) -> None:
    (tmp_path / "assistant.toml").write_text("quotes = 3\nmodel = 'extractive'\nfollow_ups = 1\n")
    found = origins({"model"}, environ={"ASSISTANT_QUOTES": "4", "ASSISTANT_FOLLOW_UPS": ""}, folder=tmp_path)
    wanted = {"model": Origin.ARGUMENT, "quotes": Origin.VARIABLE, "follow_ups": Origin.FILE, "seed": Origin.DEFAULT}
    assert {name: found[name] for name in wanted} == wanted


def test_a_change_is_kept_and_comments_stay(tmp_path: Path) -> None:
    path = tmp_path / "assistant.toml"
    path.write_text('# ours\nquotes = 3  # few\nverifier = "x"\n')
    keep({"quotes": 4, "answer_above": 0.3, "verifier": ""}, folder=tmp_path)
    assert path.read_text() == "# ours\nquotes = 4  # few\nanswer_above = 0.3\n"
    settings = load_settings(environ={}, folder=tmp_path)
    assert (settings.quotes, settings.answer_above) == (4, 0.3)
    assert [p.name for p in tmp_path.iterdir()] == ["assistant.toml"]


def test_a_text_of_any_kind_comes_back_as_it_was(tmp_path: Path) -> None:
    text = 'hf:a"b\\c\nd\u2028é [x] = "1"'
    keep({"model": text}, folder=tmp_path)
    assert load_settings(environ={}, folder=tmp_path).model == text


def test_a_file_that_is_no_toml_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "assistant.toml"
    path.write_text("quotes = = 3")
    with pytest.raises(UsageError, match="cannot be read as TOML"):
        keep({"quotes": 4}, folder=tmp_path)
    assert path.read_text() == "quotes = = 3"


def test_the_assistant_keeps_what_may_be_changed_and_refuses_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSISTANT_QUOTES", "5")
    assistant = Assistant(tmp_path / "library", verifier="builtin")
    changed = assistant.workshop().configure(answer_above=0.5, quotes=5)
    assert changed.answer_above == 0.5
    assert (tmp_path / "assistant.toml").read_text() == "answer_above = 0.5\n"
    assert assistant.with_settings(changed).workshop().origins()["verifier"] is Origin.ARGUMENT
    for wrong in ({"quotes": 2}, {"verifier": ""}, {"answer_above": 1.5}, {"model": "nothing"}, {"model": "openai:x"}):
        with pytest.raises(UsageError):
            assistant.workshop().configure(**wrong)
    assert (tmp_path / "assistant.toml").read_text() == "answer_above = 0.5\n"
