"""Feedback, review and what comes out of it to train on, through the page's own routes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from assistant.finetune.data import read_examples
from assistant.history import Turn, review
from assistant.types import Label, ReasoningStep, StepKind, Verdict
from assistant.ui.feedback import feedback_html
from assistant.ui.words import Words
from tests.ui.conftest import Kept
from tests.ui.scripted import HOSTILE, make_answer, make_evidence

EVIL = " ".join(HOSTILE).replace("\ud800", "")  # what a browser cannot send


def checked(kept: Kept, claim: str = "Yield rose.", label: Label = Label.REFUTES) -> Turn:
    """A claim that the model refutes by the one passage."""
    evidence = make_evidence(stance=label)
    verdict = Verdict(claim, label, 0.9, evidence=(evidence,))
    return kept.answer(claim, replace(make_answer("Refuted.", [evidence]), verdicts=(verdict,)), mode="check")


def say(kept: Kept, turn: Turn, **more: object) -> int:
    """Feedback on an answer; the number of its item."""
    data = {"answer": turn.id, "kind": "wrong verdict", "text": "not so", **more}
    answer = kept.client.post("/screens/review/feedback", data=data)
    assert answer.status_code == 200, answer.text
    return review.items(kept.history, praise=True)[-1].id


def test_feedback_is_kept_with_the_answer_as_it_stands(kept: Kept) -> None:
    steps = (ReasoningStep(StepKind.SEARCH, "Searched."), ReasoningStep(StepKind.CONCLUSION, "So [1].", (1,)))
    turn = kept.answer("Does it?", make_answer("Yes [1].", [make_evidence()], steps=steps))
    answer = kept.client.post(
        "/screens/review/feedback",
        data={"answer": turn.id, "kind": "wrong citation", "step": "2", "evidence": "1", "text": EVIL},
    )
    assert "Thank you" in answer.text
    assert "Thank you" in unquote(answer.headers["x-said"])
    (item,) = review.items(kept.history)
    assert (item.kind, item.step, item.evidence, item.answer) == (review.Kind.WRONG_CITATION, 2, 1, turn.answer)
    kept.history.delete(turn.conversation)
    assert review.items(kept.history) == [item]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"kind": "up"}, 200),
        ({"kind": "down", "step": "", "evidence": ""}, 200),
        ({"kind": "comment", "text": "  "}, 422),
        ({"kind": "lovely"}, 422),
        ({"kind": "down", "step": "9"}, 422),
        ({"kind": "down", "evidence": "9"}, 422),
        ({"kind": "down", "evidence": "x"}, 422),
        ({"kind": "down", "text": "x" * 5000}, 422),
        ({"kind": "down", "answer": "a-none"}, 404),
    ],
)
def test_what_feedback_may_say(kept: Kept, data: dict[str, str], status: int) -> None:
    turn = kept.answer()
    answer = kept.client.post("/screens/review/feedback", data={"answer": turn.id, **data})
    assert answer.status_code == status
    assert len(review.items(kept.history, praise=True)) == (status == 200)


def test_the_models_label_and_the_readers_word_are_not_shown_before_the_blind_label(kept: Kept) -> None:
    item = say(kept, checked(kept), text="the yield did rise")
    for html in (
        kept.client.get("/screens/review").text,
        kept.client.post("/screens/review", data={"item": item}).text,
    ):
        assert "Yield rose." in html
        assert "<mark>Yield rose by 12 %.</mark>" in html
        for hidden in ("the yield did rise", "verdict is wrong", "revealed", "badge", "Refuted"):
            assert hidden not in html, hidden
    blind = kept.client.post(
        "/screens/review/label", data={"item": item, "given": "SUPPORTS", "claim": "Yield rose.", "quote": 1}
    ).text
    assert "the yield did rise" in blind
    assert re.search(r"The model said</dt><dd>.*Refutes", blind)
    assert review.find(kept.history, item).blind is Label.SUPPORTS


def test_feedback_review_and_training_data_make_a_round_trip(kept: Kept, tmp_path: Path) -> None:
    for given in ("SUPPORTS", "REFUTES", "NOT_ENOUGH_INFO"):
        item = say(kept, checked(kept))
        for _ in ("blind", "with the model's label in sight"):
            data = {"item": item, "given": given, "claim": "Yield rose.", "quote": 1, "note": "seen"}
            assert kept.client.post("/screens/review/label", data=data).status_code == 200
        assert review.find(kept.history, item).note == "seen"
    say(kept, checked(kept))
    reviewed = kept.client.post("/screens/review", data={"reviewed": "1"}).text
    assert "Of 3 items that the model had labelled, reviewers saw 2 otherwise." in reviewed
    answer = kept.client.get("/screens/review/claims.jsonl")
    assert answer.headers["content-disposition"].startswith("attachment")
    (tmp_path / "claims.jsonl").write_text(answer.text, encoding="utf-8")
    rows = read_examples(tmp_path / "claims.jsonl").examples
    assert [(r.claim, r.evidence, r.label) for r in rows] == [
        ("Yield rose.", "Yield rose by 12 %.", label)
        for label in (Label.SUPPORTS, Label.REFUTES, Label.NOT_ENOUGH_INFO)
    ]


def test_a_reviewer_names_claim_and_passage_where_the_answer_does_not(kept: Kept) -> None:
    passages = [make_evidence(1), make_evidence(2, "Yield fell.")]
    item = say(kept, kept.answer("Does it help?", make_answer("Yes [1] [2].", passages)), kind="down")
    html = kept.client.get("/screens/review").text
    assert html.count('type="radio"') == 2
    missing = kept.client.post("/screens/review/label", data={"item": item, "given": "REFUTES", "quote": 2})
    assert (missing.status_code, review.find(kept.history, item).blind) == (422, None)
    for _ in range(2):
        kept.client.post(
            "/screens/review/label", data={"item": item, "given": "REFUTES", "quote": 2, "claim": "It helps."}
        )
    done = review.find(kept.history, item)
    assert (done.claim, done.quote, done.label, done.trains) == ("It helps.", 2, Label.REFUTES, True)


def test_skip_goes_on_and_comes_round(kept: Kept) -> None:
    first, second = say(kept, checked(kept, "One.")), say(kept, checked(kept, "Two."))
    html = kept.client.post("/screens/review/label", data={"item": first, "given": "skip"}).text
    assert f'name="item" value="{second}"' in html.split('class="queue"')[0]
    html = kept.client.post("/screens/review/label", data={"item": second, "given": "skip"}).text
    assert f'name="item" value="{first}"' in html.split('class="queue"')[0]
    assert all(i.blind is None for i in review.items(kept.history))


def test_an_item_is_taken_out_and_what_is_not_there_is_told(kept: Kept) -> None:
    item = say(kept, checked(kept))
    assert kept.client.post("/screens/review/forget", data={"item": item}).status_code == 200
    assert review.items(kept.history) == []
    for act in ("forget", "label"):
        gone = kept.client.post(f"/screens/review/{act}?lang=zh", data={"item": item, "given": "s", "claim": "x"})
        assert gone.status_code == 404
        assert "队列" in gone.text


def test_hostile_claims_quotes_and_remarks_are_text(kept: Kept) -> None:
    evidence = make_evidence(1, EVIL, section=EVIL, stance=Label.SUPPORTS)
    verdict = Verdict(EVIL, Label.SUPPORTS, 0.9, evidence=(evidence,))
    turn = kept.answer(EVIL, replace(make_answer(EVIL, [evidence]), verdicts=(verdict,)), mode="check")
    item = say(kept, turn, text=EVIL)
    pages = [kept.client.get("/screens/review").text]
    pages.append(kept.client.post("/screens/review/label", data={"item": item, "given": "s", "claim": EVIL}).text)
    pages.append(feedback_html(EVIL, Words("en"), steps=2, passages=[1]))
    for html in pages:
        assert not re.search(r"<(script|img|iframe|style)\b|<svg/", html)


def test_the_form_under_an_answer_names_its_steps_and_passages() -> None:
    html = feedback_html("a-1", Words("en"), steps=2, passages=(1, 3))
    assert re.findall(r'<option value="(\d*)">', html) == ["", "1", "2", "", "1", "3"]
    assert html.count('data-into="#feedback-a-1"') == 2
    assert '<select name="step"' not in feedback_html("a-1", Words("zh"))
