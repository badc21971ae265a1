"""What goes wrong through no fault of the page: a sentence and a way on, in the page's language."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, background, errors
from assistant.errors import AssistantError, DiskFull, LibraryError, ModelError
from assistant.ui.errors import explained, told
from assistant.ui.words import Words
from tests.finetune.tiny import rows, write_rows
from tests.ui.doors import Doors

CHINESE = re.compile(r"[\u4e00-\u9fff]{4,}")
KINDS = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, AssistantError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_of_ours_is_told_in_the_pages_language_with_the_engines_detail(kind: type[AssistantError]) -> None:
    error = kind("the <b>thing</b> failed; do this")
    english, chinese = (explained(error, Words(language)) for language in ("en", "zh"))
    assert "the &lt;b&gt;thing&lt;/b&gt; failed; do this" in english
    assert CHINESE.search(chinese)
    assert '<span class="detail" lang="en" dir="auto">the &lt;b&gt;' in chinese
    assert CHINESE.search(told(error, Words("zh"))[0])


def failure(call: Any) -> AssistantError:
    with pytest.raises(AssistantError) as caught:
        call()
    return caught.value


def test_a_question_to_an_empty_library_says_what_to_do(tmp_path: Path) -> None:
    error = failure(lambda: Assistant(tmp_path / "none").ask("Does it help?"))
    assert isinstance(error, LibraryError)
    for language in ("en", "zh"):
        sentence, _ = told(error, Words(language))
        assert sentence
        assert bool(CHINESE.search(sentence)) == (language == "zh")


def test_a_model_that_is_missing_is_named_and_nothing_takes_its_place(sample_library: Path, tmp_path: Path) -> None:
    assistant = Assistant(sample_library, model=f"hf:{tmp_path / 'none'}")
    error = failure(lambda: assistant.ask("Does velorite increase yield?"))
    assert isinstance(error, ModelError)
    sentence, detail = told(error, Words("zh"))
    assert CHINESE.search(sentence)
    assert "none" in detail
    assistant.close()


def test_a_question_during_a_re_index_is_answered_from_the_index_of_before(
    sample_library: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(sample_library, tmp_path / "library")
    with Assistant(folder) as busy, Assistant(folder) as asked:
        running = busy.reembed()
        next(running)
        assert asked.ask("Does velorite increase tomato yield?").evidence
        running.close()


def test_a_full_disk_is_told_where_a_file_is_handed_in_and_nothing_half_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doors = Doors(Assistant(tmp_path / "library"), language="zh")
    data = write_rows(tmp_path / "rows.jsonl", rows(40)).read_bytes()

    def full(*_: object, **__: object) -> Path:
        raise DiskFull("no room")

    monkeypatch.setattr(background, "new_folder", full)
    html = doors.post("/screens/training/start", {"source": "upload"}, rows=("rows.jsonl", data))
    assert doors.status == 422
    assert "磁盘已满" in html
    assert doors.assistant.workshop().training().runs() == []


def test_a_settings_file_that_is_damaged_is_told_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    doors = Doors(Assistant(tmp_path / "library"), language="zh")
    (tmp_path / "assistant.toml").write_text("quotes = = 2")
    assert "请" in doors.get("/screens/settings")
    doors.post("/screens/settings", {"quotes": "3"})
    assert doors.status == 422
    assert (tmp_path / "assistant.toml").read_text() == "quotes = = 2"
