"""The review queue: frozen, blind first, and out again as rows to learn from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import LibraryError, UsageError
from assistant.finetune.data import read_examples
from assistant.history import Asked, History, review
from assistant.history.review import Item, Kind
from assistant.types import Answer, Label
from tests.assistant.export.hostile import STRINGS
from tests.assistant.export.test_export import ANSWER, VERDICT, hostile_turn


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path)


def keep(history: History, mode: str = "check", answer: Answer = ANSWER) -> str:
    turn = history.begin("", "q?", standalone="", mode=mode, asked=Asked("q"), state=0)
    return history.finish(turn, answer).id


def test_an_item_of_a_claim_names_claim_and_passage_and_hides_the_models_label(history: History) -> None:
    item = review.add_feedback(history, keep(history), "wrong verdict", text="not so")
    assert (item.claim, item.quote, item.kind, item.text) == ("Velorite raises yield.", 1, Kind.WRONG_VERDICT, "not so")
    assert (item.blind, item.label, item.reviewed) == (None, None, "")
    assert review.items(history) == [item]


def test_the_first_label_is_blind_and_stays_the_second_counts(history: History) -> None:
    item = review.add_feedback(history, keep(history), Kind.WRONG_CITATION, evidence=1)
    blind = review.label(history, item.id, "ref")
    assert (blind.blind, blind.label, blind.reviewed, blind.model_label) == (Label.REFUTES, None, "", Label.SUPPORTS)
    assert not blind.trains
    final = review.label(history, item.id, Label.NOT_ENOUGH_INFO)
    assert (final.blind, final.label) == (Label.REFUTES, Label.NOT_ENOUGH_INFO)
    assert final.reviewed
    assert review.find(history, item.id) == final
    assert review.items(history, reviewed=False) == []


def test_a_blind_label_of_another_reviewer_is_not_written_over(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = review.add_feedback(history, keep(history), "down")
    review.label(history, item.id, "supports")
    monkeypatch.setattr(review, "find", lambda *_: item)  # what the second reviewer had read before
    with pytest.raises(UsageError, match="another reviewer"):
        review.label(history, item.id, "refutes")


def test_what_is_reviewed_is_read_by_finetune(history: History, tmp_path: Path) -> None:
    for label in ("supports", "refutes"):
        item = review.add_feedback(history, keep(history), "down", evidence=1)
        review.label(history, item.id, label)
        review.label(history, item.id, label)
    review.add_feedback(history, keep(history), "down", evidence=1)
    (tmp_path / "claims.jsonl").write_text(review.claims_jsonl(review.items(history)), encoding="utf-8")
    examples = read_examples(tmp_path / "claims.jsonl").examples
    assert [(e.claim, e.evidence, e.label, e.doc_id) for e in examples] == [
        ("Velorite raises yield.", "Yield rose by 12 %.", Label.SUPPORTS, "w"),
        ("Velorite raises yield.", "Yield rose by 12 %.", Label.REFUTES, "w"),
    ]


def test_a_question_is_no_claim_until_a_reviewer_says_one(history: History) -> None:
    item = review.add_feedback(history, keep(history, "ask"), "wrong citation", evidence=1)
    assert (item.claim, item.quote) == ("", 1)
    item = review.label(history, item.id, "s")
    item = review.label(history, item.id, "s")
    assert item.reviewed
    assert not item.trains
    assert review.claims_jsonl([item]) == ""
    item = review.label(history, item.id, "s", claim="Yield rises.")
    assert item.trains


def test_a_step_that_was_judged_is_a_claim(history: History) -> None:
    item = review.add_feedback(history, keep(history, "ask"), "wrong verdict", step=2)
    assert (item.claim, item.quote) == ("It rose.", 1)
    assert item.model_label is Label.SUPPORTS


def test_a_verdict_of_several_passages_wants_one_named(history: History) -> None:
    quotes = (VERDICT.evidence[0], replace(VERDICT.evidence[0], n=2, stance=Label.REFUTES))
    verdict = replace(VERDICT, evidence=quotes)
    answer = replace(ANSWER, evidence=quotes, verdicts=(verdict,))
    item = review.add_feedback(history, keep(history, answer=answer), "wrong verdict")
    assert (item.quote, item.model_label) == (None, Label.SUPPORTS)
    assert review.label(history, item.id, "r", quote=2).model_label is Label.REFUTES


def test_praise_is_kept_and_asks_for_no_review(history: History) -> None:
    item = review.add_feedback(history, keep(history), "up")
    assert review.items(history) == []
    assert review.items(history, praise=True) == [item]


def test_the_snapshot_outlives_its_conversation(history: History) -> None:
    answer = keep(history)
    item = review.add_feedback(history, answer, "down")
    history.delete(history.turn(answer).conversation)
    assert review.find(history, item.id).answer == replace(ANSWER, id=answer)
    assert review.forget(history, item.id).id == item.id
    with pytest.raises(UsageError, match="no item"):
        review.find(history, item.id)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "bad"}, "choose one of up, down"),
        ({"kind": "down", "step": 0}, "no step 0"),
        ({"kind": "down", "step": 3}, "has 2 steps"),
        ({"kind": "down", "evidence": 7}, r"no passage \[7\]; it has \[1\]"),
        ({"kind": "down", "text": "x" * 5000}, "shorten it"),
    ],
)
def test_what_cannot_be_said(history: History, options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        review.add_feedback(history, keep(history), **options)  # type: ignore[arg-type]


def test_an_answer_that_never_was_cannot_be_judged(history: History) -> None:
    turn = history.begin("", "q?", standalone="", mode="ask", asked=Asked("q"), state=0)
    with pytest.raises(UsageError, match="interrupted"):
        review.add_feedback(history, turn.id, "down")


@pytest.mark.parametrize("label", ["", "maybe", "x"])
def test_a_label_that_is_none(history: History, label: str) -> None:
    item = review.add_feedback(history, keep(history), "down")
    with pytest.raises(UsageError, match="no label"):
        review.label(history, item.id, label)


def test_a_damaged_item_is_named(history: History) -> None:
    item = review.add_feedback(history, keep(history), "down")
    with history.writing() as db:
        db.execute("UPDATE feedback SET snapshot = '{'")
    with pytest.raises(LibraryError, match=f"item {item.id} of the review queue is damaged"):
        review.items(history)


def test_hostile_strings_come_out_as_they_went_in(history: History, tmp_path: Path) -> None:
    said: list[Item] = []
    for text in STRINGS[::20]:
        answer = hostile_turn(text).answer
        assert answer is not None
        item = review.add_feedback(history, keep(history, answer=answer), "down", evidence=1, text=text[:4000])
        review.label(history, item.id, "s")
        said.append(review.label(history, item.id, "s"))
    assert review.items(history) == said
    (tmp_path / "claims.jsonl").write_text(review.claims_jsonl(said), encoding="utf-8")
    read = read_examples(tmp_path / "claims.jsonl", skip_bad=True)
    assert len(read.examples) + len(read.bad) == len(said)
