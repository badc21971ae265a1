"""Question -> steps written by a language model, each checked and judged -> conclusion from the steps -> cited answer.

The writer is believed in nothing. Knows no model, no library and no browser: a `Writer`, a `Retriever` and a
`Verifier` are handed in. A call that fails, a stop and a spent budget end the writing, and what stands is kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant import prompts, steps
from assistant.asking import Asker
from assistant.budget import Budget
from assistant.config import Settings
from assistant.drafting import SAYS, SHORT_REPLY_TOKENS, Drafting, note_of, stands
from assistant.exhibits import Cited, Exhibits
from assistant.finding import Findings, abstention, can_answer, checked, find, nearest, nothing_found
from assistant.inquiry import follow_ups, suggest
from assistant.judging import judge_step
from assistant.phrases import marks
from assistant.questions import as_claim
from assistant.quotes import Retriever
from assistant.steps import Drop
from assistant.types import Answer, Evidence, Filters, Hit, Provenance, ReasoningStep, StepKind, Verdict
from assistant.verification import Verifier
from assistant.writing import Writer

FOUND_AGAIN = 4
"""Passages of the second search for a step that is not supported."""
PROPOSED = 3
"""Questions the writer is asked for."""

Event = ReasoningStep | Evidence | Answer


def write_answer(
    question: str,
    retriever: Retriever,
    writer: Writer,
    *,
    verifier: Verifier,
    settings: Settings | None = None,
    filters: Filters | None = None,
    cancel: threading.Event | None = None,
    standalone: str = "",
) -> Iterator[Event]:
    """Each `ReasoningStep` as it is made, each `Evidence` before the step that cites it, and last the `Answer`.

    `standalone` is the question with its references to earlier ones resolved, where it has any. Raises UsageError for a
    question that is none, LibraryError for a library without passages, Cancelled where `cancel` is set before anything
    was found, ModelError where the model fails before it wrote a step; after that, an Answer with what stands, which
    says why it ends.
    """
    settings, filters = settings or Settings(), filters or Filters()
    question = checked(question, "question")
    began = time.perf_counter()
    asked = standalone.strip() or question
    made: list[ReasoningStep] = []
    for event in find(asked, retriever, settings=settings, filters=filters, cancel=cancel):
        if isinstance(event, ReasoningStep):
            made.append(event)
            yield event
    assert isinstance(event, Findings), "the findings come last"
    searched = time.perf_counter()
    run = _Run(asked, event, retriever, writer, verifier, settings, filters, cancel)
    for step in run.events():
        if isinstance(step, ReasoningStep):
            made.append(step)
        yield step
    ended = time.perf_counter()
    yield Answer(
        question,
        run.text(),
        run.conclusion is None,
        tuple(made),
        tuple(run.exhibits.evidence),
        run.provenance(),
        verdicts=run.verdicts,
        timings={"search": searched - began, "writing": ended - searched, "total": ended - began},
        standalone=standalone.strip(),
        follow_ups=run.follow_ups,
    )


class _Run:
    """One answer in the making, from what was found on."""

    def __init__(
        self,
        question: str,
        findings: Findings,
        retriever: Retriever,
        writer: Writer,
        verifier: Verifier,
        settings: Settings,
        filters: Filters,
        cancel: threading.Event | None,
    ) -> None:
        self.conclusion: ReasoningStep | None = None
        self.verdicts: tuple[Verdict, ...] = ()
        self.follow_ups: tuple[str, ...] = ()
        self.exhibits = Exhibits(retriever, _by_relevance(findings), findings.candidates)
        self._question, self._findings = question, findings
        self._retriever, self._verifier = retriever, verifier
        self._settings, self._filters = settings, filters
        budget = Budget(settings.budget_calls, settings.budget_tokens, settings.budget_seconds)
        self._asker = Asker(writer, budget, cancel)
        self._draft = Drafting(
            question, self.exhibits, self._asker, verifier, self._search_again,
            show_unsupported=settings.unsupported == "mark",
        )  # fmt: skip
        self._written: list[ReasoningStep] = []

    def events(self) -> Iterator[ReasoningStep | Evidence]:
        """Evidence and steps, as they are made."""
        if not self._findings.found:
            yield from self._nearest()
            yield nothing_found(self.exhibits.evidence)
            return
        for event in self._draft.events():
            if isinstance(event, ReasoningStep) and event.kind is not StepKind.SEARCH:
                self._written.append(event)
            yield event
        yield from self._conclude()
        self.follow_ups = self._ask_next()
        if self._asker.ended:
            yield ReasoningStep(StepKind.CAVEAT, f"{self._asker.ended.rstrip('.')}; what stands by then is kept.")

    def _search_again(self, inference: str) -> list[Hit]:
        return self._retriever.search(inference, k=FOUND_AGAIN, filters=self._filters)

    def _nearest(self) -> Iterator[Evidence]:
        new, _ = self.exhibits.cite([Cited(c.hit, c.start, c.end) for c in nearest(self._findings.candidates)])
        yield from new

    def _conclude(self) -> Iterator[ReasoningStep | Evidence]:
        """What follows from the steps that stand, held against what their quotes say directly."""
        standing = self._draft.standing
        if not standing:
            if not self.exhibits.evidence:
                yield from self._nearest()
            text = f"{self._why_nothing()} So nothing follows."
            yield ReasoningStep(StepKind.CONCLUSION, text, tuple(e.n for e in self.exhibits.evidence))
            return
        text, verdict = self._conclusion(standing)
        numbers = tuple(sorted({n for s in standing for n in s.evidence}))
        self.conclusion = ReasoningStep(StepKind.CONCLUSION, text, numbers, verdict, note=note_of(verdict))
        yield self.conclusion
        yield from self._compare(text, verdict, [s.text for s in standing])

    def _compare(self, text: str, verdict: Verdict, bases: Sequence[str]) -> Iterator[ReasoningStep]:
        """The verdict by the steps beside the one by the quotes, of the claim asked about or else of the conclusion."""
        claim = as_claim(self._question) or text
        by_steps = verdict if claim == text else judge_step(self._verifier, claim, bases)
        direct = judge_step(self._verifier, claim, [e.text for e in self.exhibits.evidence])
        self.verdicts = (by_steps,)
        if direct.label is not by_steps.label:
            said = (
                f"By the steps “{claim}” is {SAYS[by_steps.label]}, by the quotes themselves it is "
                f"{SAYS[direct.label]}."
            )
            yield ReasoningStep(StepKind.DIFFERENCE, said, tuple(e.n for e in self.exhibits.evidence), direct)

    def _conclusion(self, standing: Sequence[ReasoningStep]) -> tuple[str, Verdict]:
        """The writer's, where all its steps stand and bear it; else one written from those that do; else the first of
        them."""
        first = self._draft.concluded if self._draft.is_whole else ""
        judged = self._judge_conclusion(first, standing)
        if judged is None or not stands(judged[1]):
            again = self._judge_conclusion(self._concluded_again(standing), standing)
            judged = again if again is not None and (judged is None or stands(again[1])) else judged
        if judged is not None and (stands(judged[1]) or self._settings.unsupported == "mark"):
            return judged
        verdict = standing[0].verdict
        assert verdict is not None, "every written step was judged"
        return f"What follows, from the steps alone: {standing[0].text}", verdict

    def _concluded_again(self, standing: Sequence[ReasoningStep]) -> str:
        prompt = prompts.conclude_prompt(self._question, [s.text for s in standing])
        return steps.read_conclusion(self._asker.reply(prompt, steps.conclusion_schema(), SHORT_REPLY_TOKENS))

    def _judge_conclusion(self, raw: str, standing: Sequence[ReasoningStep]) -> tuple[str, Verdict] | None:
        """With its verdict by the steps; None for none, and, counted, for one that fails a check."""
        if not raw:
            return None
        text = steps.without_marks(raw)
        cited = {n for s in standing for n in s.evidence}
        bases = [s.text for s in standing]
        grounds = [*bases, *(e.text for e in self.exhibits.evidence if e.n in cited)]
        fault: Drop | None = steps.fault(text, grounds, language=self._draft.language)
        if fault is not None:
            self._draft.counts[str(fault)] += 1
            return None
        return text, judge_step(self._verifier, text, bases)

    def _ask_next(self) -> tuple[str, ...]:
        """What the writer would ask next, then what a rule would: only what a search can answer."""
        wanted = self._settings.follow_ups
        if not wanted or self.conclusion is None or self._asker.is_stopped:
            return ()
        prompt = prompts.follow_ups_prompt(self._question, self.exhibits.texts)
        text = self._asker.reply(prompt, steps.questions_schema(PROPOSED), SHORT_REPLY_TOKENS)
        quotes = [e.text for e in self.exhibits.evidence]
        unquoted = [c.text for c in self._findings.candidates if not any(c.text in quote for quote in quotes)]
        by_rule = suggest(self._question, quotes, unquoted, self.exhibits.texts)
        can = can_answer(self._retriever, self._settings, self._filters)
        return follow_ups(self._question, [*steps.read_questions(text), *by_rule], can, count=wanted)

    def text(self) -> str:
        """The conclusion, then the steps it rests on and those that are marked, each with what it cites."""
        if not self._findings.found:
            return abstention(len(self._findings.hits), self.exhibits.evidence)
        steps_text = "\n".join(_line(s) for s in self._written)
        if self.conclusion is None:
            return "\n\n".join([self._why_nothing(), steps_text or f"The nearest: {marks(self.exhibits.evidence)}."])
        return "\n\n".join([_line(self.conclusion), steps_text])

    def _why_nothing(self) -> str:
        if self._asker.ended and not self._written:
            return f"{self._asker.ended.rstrip('.')}, before a step was written."
        if not self._written and not self._draft.counts:
            return "The model drew nothing from the passages that answers this."
        return "Nothing that the model wrote is borne out by the papers."

    def provenance(self) -> Provenance:
        """What the answer was made from."""
        searched = self._retriever.provenance()
        return replace(
            searched,
            models=(*searched.models, self._asker.writer.id, self._verifier.id),
            prompts=prompts.fingerprint(),
            passages=tuple(hit.passage.id for hit in self.exhibits.shown),
            counts=dict(sorted(self._draft.counts.items())),
        )


def _line(step: ReasoningStep) -> str:
    cited = "".join(f" [{n}]" for n in step.evidence)
    return f"{step.text}{cited}{f' ({step.note})' if step.note else ''}"


def _by_relevance(findings: Findings) -> list[Hit]:
    """The passages, those with the likeliest sentences first; those without any last."""
    best: dict[int, float] = {}
    for c in findings.candidates:
        best.setdefault(c.hit.passage.id, c.score)
    return sorted(findings.hits, key=lambda h: (-best.get(h.passage.id, 0.0), h.rank))
