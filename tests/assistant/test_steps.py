from __future__ import annotations

import json

import pytest

from assistant.steps import MAX_STEPS, Drop, Reply, fault, find_quote, read_conclusion, read_questions, schema

STEP = {"evidence": [1], "quote": "it rose by 5 %", "inference": "It rose.", "type": "observation"}
TEXT = json.dumps({"steps": [STEP, STEP | {"quote": 'a "}]" b'}], "conclusion": "So\nit rose.", "label": None})


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_steps_come_out_whole_however_the_text_comes_in(size: int) -> None:
    reply = Reply()
    found = [s for i in range(0, len(TEXT), size) for s in reply.feed(TEXT[i : i + size])]
    assert [*found, *reply.end()] == json.loads(TEXT)["steps"]
    assert reply.conclusion == "So it rose."
    assert reply.drops == []


def test_a_reply_cut_off_gives_its_whole_steps_and_counts_the_rest() -> None:
    reply = Reply()
    assert reply.feed(TEXT[: TEXT.index('\\"}')]) == [STEP]
    assert reply.end() == []
    assert reply.drops == [Drop.NO_JSON]
    assert reply.conclusion == ""


def test_what_stands_around_the_json_is_passed_over() -> None:
    reply = Reply()
    assert len(reply.feed(f"Sure!\n```json\n{TEXT}\n```")) == 2
    assert reply.end() == []
    assert reply.drops == []


def test_more_steps_than_are_read_count_as_a_drop() -> None:
    reply = Reply()
    assert len(reply.feed(json.dumps({"steps": [STEP] * 40}))) == MAX_STEPS
    assert reply.end() == []
    assert reply.drops == [Drop.NO_JSON]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The yield rose by 5 % (p < 0.05).", None),
        ("The rate in mg/kg and e.g. litres rose.", None),
        ("The yield rose, see www.evil.test", Drop.MARKUP),
        ("The yield rose, see evil.test/x", Drop.MARKUP),
        ("The yield <i>rose</i>.", Drop.MARKUP),
        ("The yield [rose](there) much.", Drop.MARKUP),
        ("The yield rose in IL-6 knockouts.", None),
        ("The yield rose in IL-9 knockouts.", Drop.NUMBERS),
        ("...", Drop.LENGTH),
    ],
)
def test_faults_of_an_inference(text: str, why: Drop | None) -> None:
    cited = ["In IL-6 knockouts the yield rose by 5 % (p = 0.03)."]
    assert fault(text, cited, language="en") is why


def test_a_link_that_the_paper_holds_may_be_said() -> None:
    cited = ["Data are at https://doi.org/10.1/x for all."]
    assert fault("The data are at https://doi.org/10.1/x here.", cited) is None


def test_a_quote_is_found_whatever_its_white_space() -> None:
    text = "It\n rose (by 5 %)."
    assert find_quote("rose (by", text) == (4, 12)
    assert find_quote("rose [by", text) is None


def test_conclusions_and_questions_are_read_out_of_anything() -> None:
    assert read_conclusion('x {"conclusion": "So it is."} y') == "So it is."
    assert read_conclusion('{"conclusion": 5}') == read_conclusion("") == read_conclusion('{"conclusion": "') == ""
    asked = ["Why so?", "No question.", "Is <b>this</b> one?", 7, "x" * 300 + "?"]
    assert read_questions(json.dumps({"questions": asked})) == ["Why so?"]
    assert read_questions('{"questions": "Why?"}') == read_questions("") == []


def test_the_schema_names_the_evidence_first_and_only_what_is_shown() -> None:
    step = schema(3)["properties"]["steps"]["items"]
    assert list(step["properties"]) == ["evidence", "quote", "inference", "type"]
    assert step["properties"]["evidence"]["items"]["maximum"] == 3
