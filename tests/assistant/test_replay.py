"""Answers made again: the same byte for byte, or exactly what is different."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.errors import UsageError
from assistant.history.schema import DATABASE
from assistant.replay import Change, answer_changes, library_changes, provenance_changes
from assistant.types import Label
from tests.assistant.test_contract import ANSWER

QUESTION = "Does velorite increase tomato yield?"


def test_an_answer_comes_out_the_same_byte_for_byte(assistant: Assistant) -> None:
    talk = assistant.conversation()
    talk.ask(QUESTION)
    talk.ask("What dose did the second paper use?")
    talk.check("It reduces nitrate leaching.")
    for turn in talk.turns:
        replayed = assistant.replay(turn.id)
        assert (replayed.causes, replayed.changes) == ((), ()), turn.question
        assert replayed.same


def test_settings_of_then_are_used(assistant: Assistant) -> None:
    few = assistant.with_settings(replace(assistant.settings, quotes=1, passages=3))
    answer = few.conversation().ask(QUESTION)
    replayed = assistant.replay(answer.id)
    assert replayed.same
    assert len(replayed.again.evidence) == len(answer.evidence)
    assert len(replayed.again.provenance.passages) == 3


def test_a_paper_removed_is_named_and_what_differs_too(assistant: Assistant) -> None:
    answer = assistant.conversation().ask(QUESTION)
    gone = answer.evidence[0].paper
    assistant.remove(gone.id)
    replayed = assistant.replay(answer.id)
    assert not replayed.same
    causes = [str(c) for c in replayed.causes]
    assert f"paper removed: {gone.id[:12]} “{gone.title}” → gone" in causes
    assert any(c.startswith("library generation: ") for c in causes)
    assert any(c.where == "text" for c in replayed.changes)
    assert any(c.where.startswith("passage [1], ") for c in replayed.changes)


@pytest.mark.soak
def test_a_paper_added_that_changes_nothing_said_is_a_cause_only(assistant: Assistant, tmp_path: Path) -> None:
    answer = assistant.conversation().ask(QUESTION)
    (tmp_path / "bridges.txt").write_text("Steel bridges. " + "The old bridge rusted slowly in the rain. " * 9, "utf-8")
    assistant.ingest(tmp_path / "bridges.txt")
    replayed = assistant.replay(answer.id)
    assert any(c.where == "paper added" for c in replayed.causes)
    changed = {c.where for c in replayed.changes}
    assert "step 1, text" in changed, "it counts the passages searched"
    assert not [w for w in changed - {"step 1, text"} if not w.endswith(", score")], "rarer words weigh otherwise"


def test_a_setting_that_is_not_known_any_more_is_named(assistant: Assistant) -> None:
    answer = assistant.conversation().ask(QUESTION)
    with sqlite3.connect(assistant.folder / DATABASE) as db:
        db.execute("""UPDATE turns SET settings = replace(settings, '"quotes":', '"old":"3","quotes":')""")
    db.close()
    replayed = assistant.replay(answer.id)
    assert [str(c) for c in replayed.causes] == ["setting old, not known any more: 3 → gone"]
    assert replayed.same


def test_an_answer_that_was_stopped_cannot_be_compared(assistant: Assistant) -> None:
    talk = assistant.conversation()
    events = talk.stream(QUESTION)
    next(events)
    events.close()  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="stopped before it was complete"):
        assistant.replay(talk.turns[0].id)


def test_an_answer_that_is_not_there(assistant: Assistant) -> None:
    with pytest.raises(UsageError, match="no answer"):
        assistant.replay("a-123")


def test_what_is_not_compared() -> None:
    quote, bare = ANSWER.evidence
    moved = replace(quote, paper=replace(quote.paper, paths=()), passage=replace(quote.passage, id=99))
    assert answer_changes(ANSWER, replace(ANSWER, evidence=(moved, bare), timings={}, id="a-1")) == []


def test_each_difference_names_its_place() -> None:
    quote = ANSWER.evidence[0]
    step = replace(ANSWER.steps[1], text="c [1] else")
    other = replace(
        ANSWER,
        text="u [1]",
        steps=(ANSWER.steps[0], step),
        evidence=(replace(quote, score=0.5),),
        verdicts=(replace(ANSWER.verdicts[0], label=Label.SUPPORTS),),
    )
    assert [str(c) for c in answer_changes(ANSWER, other)] == [
        "text: t [1] → u [1]",
        "step 2, text: c [1] → c [1] else",
        "passage [1], score: 0.75 → 0.5",
        "passage [2]: quote → gone",
        "verdict 1, label: REFUTES → SUPPORTS",
    ]


def test_long_texts_are_shown_around_the_first_difference() -> None:
    (change,) = answer_changes(replace(ANSWER, text="a" * 500 + "b"), replace(ANSWER, text="a" * 500 + "c"))
    assert change == Change("text", "…" + "a" * 60 + "b", "…" + "a" * 60 + "c")


def test_what_an_answer_is_made_from() -> None:
    before = replace(ANSWER.provenance, passages=(1, 2, 3), prompts="")
    after = replace(before, library_generation=4, embedder="other@1", models=(), passages=(3, 4), prompts="ab")
    assert [str(c) for c in provenance_changes(before, after)] == [
        "library generation: 3 → 4",
        "embedder: mini@53aa → other@1",
        "models (writer, verifier, adapters): m → none",
        "prompts: nothing → ab",
        "passages read: 3 → 2 (2 not found any more, 1 new)",
    ]
    assert [c.after for c in provenance_changes(before, replace(before, passages=(3, 2, 1)))] == [
        "3 (0 not found any more, 0 new, another order)"
    ]
    assert [str(c) for c in library_changes({"a": "A"}, {"b": "B"})] == [
        "paper added: new, b “B”",
        "paper removed: a “A” → gone",
    ]
