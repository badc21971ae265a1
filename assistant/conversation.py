"""Questions that follow one another: each is read in the light of the earlier ones, asked, and kept.

Knows the history, how follow-ups are read, and an `Assistant` to ask; it makes no answer itself. What cannot be kept
(a full disk, a damaged history) is answered all the same, with a note.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from assistant.errors import LibraryError
from assistant.followup import Earlier, Resolved, resolve
from assistant.history import Asked, History, Status, Turn
from assistant.types import (
    Answer,
    Evidence,
    Filters,
    Label,
    Provenance,
    ReasoningStep,
    StepKind,
    Verdict,
)

if TYPE_CHECKING:
    from assistant.api import Assistant, Mode, StreamEvent

logger = logging.getLogger(__name__)

OF_THE_MACHINE = frozenset({"library", "device", "workers", "ocr"})
"""Settings that say where and how papers are read, not what an answer is."""
REMEMBERED = 20
"""Turns that a question may lean on: older ones are not loaded for it."""
EVERYTHING = Filters()

Resolve = Callable[[str, Sequence[Earlier]], Resolved]
"""Reads a question in the light of earlier ones; a language model may do it in place of `followup.resolve`."""


class Conversation:
    """Questions about one library with a memory. `Assistant.conversation` makes one.

        talk = assistant.conversation()
        talk.ask("Does velorite increase tomato yield?")
        talk.ask("And in sandy soil?").standalone   # "Does velorite increase tomato yield in sandy soil?"

    `id` is "" until the first question is kept; `answering` names the answer in the making, once its question is kept.
    """

    def __init__(self, assistant: Assistant, history: History, id: str = "", *, resolve: Resolve = resolve) -> None:  # noqa: A002
        self.id = id
        self.answering = ""
        self._assistant = assistant
        self._history = history
        self._resolve = resolve

    @property
    def turns(self) -> list[Turn]:
        """What was asked and answered so far, in order."""
        return self._history.turns(self.id) if self.id else []

    @property
    def remembered(self) -> list[Turn]:
        """The last turns, which a question may lean on."""
        return self._history.turns(self.id, last=REMEMBERED) if self.id else []

    def cited(self, n: int) -> Evidence | None:
        """The passage [n] of the last answer that has one."""
        kept = [t.answer for t in reversed(self.remembered) if t.answer]
        return next((e for answer in kept for e in answer.evidence if e.n == n), None)

    def ask(self, question: str, *, filters: Filters = EVERYTHING, cancel: threading.Event | None = None) -> Answer:
        """As `Assistant.ask`; `question` may lean on earlier ones."""
        *_, answer = self.stream(question, filters=filters, cancel=cancel)
        assert isinstance(answer, Answer)
        return answer

    def check(self, claim: str, *, filters: Filters = EVERYTHING, cancel: threading.Event | None = None) -> Verdict:
        """As `Assistant.check`; `claim` may lean on earlier questions."""
        *_, verdict = self.stream(claim, mode="check", filters=filters, cancel=cancel)
        assert isinstance(verdict, Verdict)
        return verdict

    def stream(
        self,
        question: str,
        *,
        mode: Mode = "ask",
        filters: Filters = EVERYTHING,
        cancel: threading.Event | None = None,
    ) -> Iterator[StreamEvent]:
        """As `Assistant.stream`. Where the question is read as another, the first step says so.

        The question is kept once it has been searched for, the answer when it is complete; what there is of it when it
        is stopped, fails or is left. Raises also UsageError for a paper that no earlier answer has.
        """
        read = self._resolve(question, [_earlier(t) for t in self.remembered])
        asked = Asked(
            read.query,
            replace(filters, papers=read.papers) if read.papers else filters,
            settings_of(self._assistant),
            read.papers,
        )
        putting = Putting(self._assistant, question, read.standalone, mode, asked)
        events = putting.events(cancel)
        first = next(events)  # what cannot be asked raises here, before it is kept
        turn = self._begin(putting)
        self.answering = turn.id if turn else ""
        done = False
        try:
            for event in chain([first], events):
                if isinstance(event, (Answer, Verdict)):
                    done = True
                    # A stopped answer may come as far as it got.
                    stopped = cancel is not None and cancel.is_set()
                    answer = self._finish(turn, putting.answer(event), Status.STOPPED if stopped else Status.DONE)
                    event = answer if isinstance(event, Answer) else event
                yield event
        finally:
            if not done:
                self._finish(turn, putting.partial(), Status.STOPPED)

    def _begin(self, putting: Putting) -> Turn | None:
        """Keep the question; None, with a note, where that cannot be."""
        provenance = putting.searcher.provenance()
        try:
            state = self._history.remember(
                provenance.library_generation,
                putting.searcher.describe()[0],
                lambda: {p.id: p.title for p in self._assistant.papers()},
            )
            turn = self._history.begin(
                self.id,
                putting.question,
                standalone=putting.standalone,
                mode=putting.mode,
                asked=putting.asked,
                state=state,
            )
        except LibraryError as error:
            logger.warning("this answer is not kept: %s", error)
            return None
        self.id = turn.conversation
        return turn

    def _finish(self, turn: Turn | None, answer: Answer, status: Status) -> Answer:
        """Keep the answer; gives it with its id, or without one where it cannot be kept."""
        if turn is None:
            return answer
        try:
            return self._history.finish(turn, answer, status).answer or answer
        except LibraryError as error:
            logger.warning("this answer is not kept: %s", error)
            return answer


class Putting:
    """A question being put to the library, and what has come of it so far."""

    def __init__(self, assistant: Assistant, question: str, standalone: str, mode: str, asked: Asked) -> None:
        self.question, self.standalone, self.asked = question, standalone, asked
        self.mode: Mode = "check" if mode == "check" else "compare" if mode == "compare" else "ask"
        self.searcher = assistant.searcher()
        self.steps: list[ReasoningStep] = []
        self.seconds: list[float] = []
        self.evidence: list[Evidence] = []
        self._assistant = assistant

    def events(self, cancel: threading.Event | None = None) -> Iterator[StreamEvent]:
        """The events of the answer, its reading first; the Answer or Verdict last, as the engine gives it."""
        began = time.perf_counter()
        run = self._assistant.stream(
            self.asked.query,
            mode=self.mode,
            filters=self.asked.filters,
            cancel=cancel,
            searcher=self.searcher,
        )
        first = next(run)
        reading = ReasoningStep(StepKind.SEARCH, f"Read as: {self.standalone}")
        for event in chain([reading] if self.standalone else [], [first], run):
            if isinstance(event, ReasoningStep):
                self.steps.append(event)
                self.seconds.append(time.perf_counter() - began)
            if isinstance(event, Evidence):
                self.evidence.append(event)
            yield event

    def answer(self, result: Answer | Verdict) -> Answer:
        """The result as it is kept: as it was asked, with all steps that were shown, and when each of them was."""
        if isinstance(result, Verdict):
            made = of_verdict(result, self.question, self.standalone, self.steps, self.searcher.provenance())
            return replace(made, timings=self._times(made.steps))
        reading = self.steps[:1] if self.standalone else []
        steps = (*reading, *result.steps)
        timings = {**result.timings, **self._times(steps)}
        return replace(result, question=self.question, standalone=self.standalone, steps=steps, timings=timings)

    def _times(self, steps: Sequence[ReasoningStep]) -> dict[str, float]:
        """Seconds from the beginning to each step, by "step 1" and so on; nothing where other steps were shown."""
        if [s.text for s in steps] != [s.text for s in self.steps]:
            return {}
        return {f"step {i}": seconds for i, seconds in enumerate(self.seconds, 1)}

    def partial(self) -> Answer:
        """What there is of an answer that was not completed. Steps that cite what had not come yet are left out."""
        known = {e.n for e in self.evidence}
        steps = tuple(s for s in self.steps if known.issuperset(s.evidence))
        text = "Stopped before the answer was complete."
        found = self.searcher.provenance()
        return Answer(self.question, text, True, steps, tuple(self.evidence), found, standalone=self.standalone)


def of_verdict(
    verdict: Verdict, question: str, standalone: str, steps: Sequence[ReasoningStep], provenance: Provenance
) -> Answer:
    """A verdict as an answer, so that what is checked is kept, shown and replayed as what is asked is."""
    said = steps[-1].text if steps else ""
    undecided = verdict.label is Label.NOT_ENOUGH_INFO and not verdict.conflict
    return Answer(
        question, f"{verdict.label}: {said}", undecided, tuple(steps), verdict.evidence, provenance, (verdict,),
        standalone=standalone,
    )  # fmt: skip


def settings_of(assistant: Assistant) -> dict[str, str]:
    """The settings that an answer depends on, each as the text that `load_settings` reads."""
    values = {f.name: getattr(assistant.settings, f.name) for f in dataclasses.fields(assistant.settings)}
    return {name: str(v) for name, v in values.items() if v is not None and name not in OF_THE_MACHINE}


def _earlier(turn: Turn) -> Earlier:
    evidence = turn.answer.evidence if turn.answer else ()
    return Earlier(turn.standalone or turn.question, evidence, turn.asked.named, turn.asked.query)
