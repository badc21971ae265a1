"""Conversations over the sample papers: follow-ups, what is kept of them, and what a disk or a stop does to it."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from assistant import Assistant
from assistant.errors import Cancelled, LibraryError, UsageError
from assistant.followup import Resolved
from assistant.history import Status
from assistant.history.schema import DATABASE
from assistant.types import Answer, Filters, Label, StepKind, Verdict

QUESTION = "Does velorite increase tomato yield?"


def test_a_question_is_answered_as_without_a_conversation_and_kept(assistant: Assistant) -> None:
    talk = assistant.conversation()
    answer = talk.ask(QUESTION)
    alone = assistant.ask(QUESTION)
    assert replace(answer, id="", timings={}) == replace(alone, timings={})
    assert answer.provenance.passages, "what was read is named"
    assert len(answer.provenance.passages) == assistant.settings.passages
    (turn,) = talk.turns
    assert turn.answer == answer
    assert turn.id == answer.id
    assert turn.asked.settings["quotes"] == "6"
    assert "library" not in turn.asked.settings


def test_a_follow_up_is_read_as_a_question_that_stands_alone(assistant: Assistant) -> None:
    talk = assistant.conversation()
    talk.ask(QUESTION)
    answer = talk.ask("And in sandy soil?")
    assert answer.question == "And in sandy soil?"
    assert answer.standalone == "Does velorite increase tomato yield in sandy soil?"
    assert answer.steps[0].kind is StepKind.SEARCH
    assert answer.steps[0].text == f"Read as: {answer.standalone}"
    assert any("sandy" in e.text or "sandy" in e.paper.title.lower() for e in answer.evidence)
    assert assistant.history().turn(answer.id).standalone == answer.standalone


def test_the_second_paper_is_the_second_cited(assistant: Assistant) -> None:
    talk = assistant.conversation()
    first = talk.ask(QUESTION)
    works = list(dict.fromkeys(e.paper.id for e in first.evidence))
    answer = talk.ask("What dose did the second paper use?")
    assert {e.paper.id for e in answer.evidence} == {works[1]}
    assert "“" in answer.standalone
    again = talk.ask("Why?")
    assert {e.paper.id for e in again.evidence} == {works[1]}, "what is asked on is asked of the same paper"


def test_a_conversation_goes_on_in_another_process(assistant: Assistant) -> None:
    talk = assistant.conversation()
    first = talk.ask(QUESTION)
    later = Assistant(assistant.folder).conversation(talk.id[:6])
    assert later.id == talk.id
    assert later.cited(2) == first.evidence[1]
    assert later.cited(99) is None
    assert later.ask("Does it reduce nitrate leaching?").standalone == "Does velorite reduce nitrate leaching?"
    assert [t.n for t in talk.turns] == [1, 2]
    with pytest.raises(UsageError, match="no conversation"):
        assistant.conversation("c-nothing")


def test_a_claim_is_kept_as_an_answer_with_its_verdict(assistant: Assistant) -> None:
    talk = assistant.conversation()
    verdict = talk.check("Velorite increases tomato yield.")
    (turn,) = talk.turns
    assert turn.mode == "check"
    assert turn.answer is not None
    assert turn.answer.verdicts == (verdict,)
    assert turn.answer.evidence == verdict.evidence
    assert turn.answer.text.startswith(str(verdict.label))
    assert turn.answer.provenance.passages
    assert not turn.answer.abstained
    assert talk.check("It reduces nitrate leaching.").claim == "Velorite reduces nitrate leaching."


def test_an_undecided_claim_is_an_abstention(assistant: Assistant) -> None:
    talk = assistant.conversation()
    assert talk.check("Chess was invented in India.").label is Label.NOT_ENOUGH_INFO
    assert talk.turns[0].answer is not None
    assert talk.turns[0].answer.abstained


def test_what_is_streamed_is_what_is_kept(assistant: Assistant) -> None:
    talk = assistant.conversation()
    for mode, kind in (("ask", Answer), ("check", Verdict)):
        *_, last = talk.stream(QUESTION, mode=mode)  # type: ignore[arg-type]
        assert isinstance(last, kind)
    assert [t.status for t in talk.turns] == [Status.DONE] * 2


def test_what_cannot_be_asked_is_not_kept(assistant: Assistant) -> None:
    talk = assistant.conversation()
    for question in ("", "?!", "x " * 5000):
        with pytest.raises(UsageError):
            talk.ask(question)
    assert talk.id == ""
    assert assistant.history().threads() == []


def test_a_stopped_question_is_kept_with_what_there_was(assistant: Assistant) -> None:
    talk = assistant.conversation()
    cancel = threading.Event()
    events = talk.stream(QUESTION, cancel=cancel)
    first = next(events)
    cancel.set()
    with pytest.raises(Cancelled):
        list(events)
    (turn,) = talk.turns
    assert turn.status is Status.STOPPED
    assert turn.answer is not None
    assert turn.answer.steps == (first,)
    assert "Stopped" in turn.answer.text
    assert talk.ask("why?").standalone == "Does velorite increase tomato yield, and why?"


def test_a_stream_that_is_left_is_kept_as_stopped(assistant: Assistant) -> None:
    talk = assistant.conversation()
    events = talk.stream(QUESTION)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert [t.status for t in talk.turns] == [Status.STOPPED]


def test_a_damaged_history_keeps_no_answer_back(assistant: Assistant, caplog: pytest.LogCaptureFixture) -> None:
    (assistant.folder / DATABASE).write_bytes(b"garbage" * 1000)
    answer = assistant.conversation().ask(QUESTION)
    assert answer.id == ""
    assert answer.evidence
    assert "this answer is not kept" in caplog.text
    with pytest.raises(LibraryError, match="damaged"):
        assistant.conversation("c-1")


def test_another_reader_of_follow_ups_may_be_given(assistant: Assistant) -> None:
    talk = assistant.conversation(resolve=lambda question, earlier: Resolved(QUESTION, QUESTION))
    assert talk.ask("Und die Tomaten?").standalone == QUESTION


def test_filters_hold_where_no_paper_is_named(assistant: Assistant) -> None:
    talk = assistant.conversation()
    paper = assistant.ask(QUESTION).evidence[0].paper
    answer = talk.ask(QUESTION, filters=Filters(papers=(paper.id,)))
    assert {e.paper.id for e in answer.evidence} == {paper.id}
    assert talk.turns[0].asked.filters.papers == (paper.id,)


def test_old_answers_keep_their_sources_when_a_paper_is_removed(assistant: Assistant) -> None:
    talk = assistant.conversation()
    answer = talk.ask(QUESTION)
    assistant.remove(answer.evidence[0].paper.id)
    assert assistant.history().turn(answer.id).answer == answer
