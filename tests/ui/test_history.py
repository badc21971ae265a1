from __future__ import annotations

import json
import re
from urllib.parse import unquote

import pytest

from assistant.ui.download import FORMS, NAME_LENGTH, export_html, file_name
from assistant.ui.screens import history_html
from assistant.ui.words import Words
from tests.ui.conftest import Kept
from tests.ui.scripted import HOSTILE, make_answer, make_evidence, make_paper

EVIL = " ".join(HOSTILE)


def test_conversations_are_listed_newest_first_and_lead_to_the_chat(kept: Kept) -> None:
    first, second = kept.answer("First?"), kept.answer("Second?")
    kept.history.clock = lambda: "2031-01-01T00:00:00Z"
    html = kept.client.get("/screens/history").text
    assert f'href="#chat/{first.conversation}"' in html
    assert {first.conversation, second.conversation} == set(re.findall(r'href="#chat/(c-\w+)"', html))
    assert "历史" in kept.client.get("/screens/history?lang=zh").text


def test_an_empty_history_says_where_to_begin(kept: Kept) -> None:
    assert 'href="#chat"' in kept.client.get("/screens/history").text


def test_a_search_shows_the_hit_marked_in_its_sentence(kept: Kept) -> None:
    quote = "It was dry. " * 30 + "In sandy soil the YIELD of tomato rose by 12 %. " + "It was wet. " * 30
    turn = kept.answer("Does it help?", make_answer("Yes [1].", [make_evidence(1, quote)]))
    kept.answer("Something else?", make_answer("No."))
    html = kept.client.post("/screens/history", data={"sought": "yield sandy"}).text
    assert f'href="#chat/{turn.conversation}"' in html
    assert "<mark>sandy</mark> soil the <mark>YIELD</mark>" in html
    assert html.count('class="hit"') == 1
    assert len(re.search(r'class="hit"[^>]*>(.*?)</p>', html)[1]) < 400  # type: ignore[index]
    nothing = kept.client.post("/screens/history", data={"sought": "<b>absent"}).text
    assert "&lt;b&gt;absent" in nothing
    assert 'class="hit"' not in nothing


def test_the_first_are_listed_until_more_are_asked_for(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_html, "SHOWN", 2)
    for i in range(3):
        kept.answer(f"Question {i}?")
    few = kept.client.get("/screens/history").text
    assert few.count('class="title"') == 2
    assert "Show 1 more" in few
    assert kept.client.post("/screens/history", data={"everything": "1"}).text.count('class="title"') == 3


def test_a_conversation_is_renamed_and_deleted(kept: Kept) -> None:
    turn = kept.answer()
    renamed = kept.client.post(
        "/screens/history/rename", data={"conversation": turn.conversation, "title": "Tomatoes <i>"}
    )
    assert "Tomatoes &lt;i&gt;" in renamed.text
    assert unquote(renamed.headers["x-said"]) == "Renamed."
    empty = kept.client.post("/screens/history/rename", data={"conversation": turn.conversation, "title": " "})
    assert (empty.status_code, kept.history.thread(turn.conversation).title) == (422, "Tomatoes <i>")
    deleted = kept.client.post("/screens/history/delete", data={"conversation": turn.conversation})
    assert "Deleted" in unquote(deleted.headers["x-said"])
    assert kept.history.threads() == []


def test_nothing_is_changed_by_another_page(kept: Kept) -> None:
    turn = kept.answer()
    del kept.client.headers["X-Asked-By"]
    answer = kept.client.post("/screens/history/delete", data={"conversation": turn.conversation})
    assert answer.status_code == 403
    assert len(kept.history.threads()) == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("which", ["answer", "conversation"])
def test_an_answer_or_a_conversation_is_taken_away_as_a_file(kept: Kept, form: str, which: str) -> None:
    paper = make_paper(EVIL)
    turn = kept.answer(EVIL, make_answer(f"{EVIL} [1].", [make_evidence(1, EVIL, paper=paper)]))
    name = turn.id if which == "answer" else turn.conversation
    answer = kept.client.get(f"/screens/history/export/{name}.{form}")
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    said = answer.headers["content-disposition"]
    assert re.fullmatch(rf'attachment; filename="[A-Za-z0-9-]+\.{form}"; filename\*=UTF-8\'\'[\w%.-]+\.{form}', said)
    assert "<script" not in answer.text or form != "html"
    if form == "json":
        assert json.loads(answer.text)["turns"][0]["id"] == turn.id


@pytest.mark.parametrize(
    ("path", "status"),
    [("c-none.md", 404), ("a-none.md", 404), ("../../x.md", 404), ("c-none.exe", 404), ("%00.md", 404), ("*.md", 404)],
)
def test_what_is_not_there_is_not_found(kept: Kept, path: str, status: int) -> None:
    kept.answer()
    assert kept.client.get(f"/screens/history/export/{path}").status_code == status


@pytest.mark.parametrize("act", ["rename", "delete"])
def test_to_change_what_is_not_there_is_told(kept: Kept, act: str) -> None:
    answer = kept.client.post(f"/screens/history/{act}?lang=zh", data={"conversation": "c-none", "title": "x"})
    assert answer.status_code == 404
    assert "不存在" in answer.text


def test_hostile_titles_are_text(kept: Kept) -> None:
    kept.answer(EVIL, make_answer(EVIL, [make_evidence(1, EVIL, paper=make_paper(EVIL))]))
    for html in (
        kept.client.get("/screens/history").text,
        kept.client.post("/screens/history", data={"sought": "script"}).text,
    ):
        assert not re.search(r"<(script|img|svg|iframe|style)\b", html)
        assert not re.search(r"\son\w+\s*=", re.sub(r"&#?\w+;", "", re.sub(r">[^<]*<", "><", html)))


def test_a_name_of_a_file_keeps_letters_of_any_script_and_nothing_else() -> None:
    assert file_name("番茄产量 / ../..\\x: “y”\u202e") == "番茄产量-x-y"
    assert file_name("...") == "file"
    assert len(file_name("word " * 100)) <= NAME_LENGTH
    assert len(file_name("字" * 500)) <= NAME_LENGTH


def test_links_to_take_away_name_every_form_in_each_language() -> None:
    for language in ("en", "zh"):
        html = export_html("a-1", Words(language))
        assert [f'href="/screens/history/export/a-1.{form}"' in html for form in FORMS] == [True] * 5
