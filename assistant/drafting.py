"""What a writer writes of a question -> steps: read as they come, checked, judged, written once more, shown or not.

A step that fails a check by rule is counted and never shown. One that its evidence does not support is written once
more over a second search; then it is shown as such, or not. Knows no library and no model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

from assistant import prompts, steps
from assistant.asking import Asker
from assistant.budget import Spent
from assistant.errors import Cancelled, ContextTooLong, ModelError
from assistant.exhibits import Cited, Exhibits
from assistant.finetune.reasoning_format import Step
from assistant.judging import LANGUAGE, judge_step
from assistant.language import guess_language
from assistant.phrases import count
from assistant.steps import Drop
from assistant.types import Evidence, Hit, Label, ReasoningStep, StepKind, Verdict
from assistant.verification import Verifier

REPLY_TOKENS = 1536
"""Room for a reply of steps: eight of some 150 tokens, and a conclusion."""
SHORT_REPLY_TOKENS = 512
"""Room for one step, a conclusion or three questions."""
NOT_SUPPORTED, CONTRADICTED, REWRITTEN = "not supported", "contradicted by its evidence", "rewritten"
SAYS = {Label.SUPPORTS: "supported", Label.REFUTES: "contradicted", Label.NOT_ENOUGH_INFO: "not decided"}

Event = ReasoningStep | Evidence
SearchAgain = Callable[[str], Sequence[Hit]]


@dataclass(frozen=True, slots=True)
class Checked:
    """A step that passed every check by rule, what it cites, and how that was judged."""

    step: Step
    cited: list[Cited]
    verdict: Verdict


def stands(verdict: Verdict) -> bool:
    """Whether a step so judged may be built on: supported, or in a language that is not judged."""
    return verdict.label is Label.SUPPORTS or verdict.reason == LANGUAGE


def note_of(verdict: Verdict) -> str:
    """What is said beside a step so judged."""
    if stands(verdict):
        return "" if verdict.label is Label.SUPPORTS else verdict.reason
    return CONTRADICTED if verdict.label is Label.REFUTES else NOT_SUPPORTED


class Drafting:
    """The steps of one answer in the making. `standing`: those that may be built on; `counts`: what was dropped;
    `concluded`: what the writer concluded beside them, unchecked."""

    def __init__(
        self,
        question: str,
        exhibits: Exhibits,
        asker: Asker,
        verifier: Verifier,
        search_again: SearchAgain,
        *,
        show_unsupported: bool,
    ) -> None:
        self.question, self.exhibits, self.asker, self.verifier = question, exhibits, asker, verifier
        self.language = guess_language(question)
        self.counts: Counter[str] = Counter()
        self.standing: list[ReasoningStep] = []
        self.concluded = ""
        self._search_again, self._show_unsupported = search_again, show_unsupported
        self._doubtful: list[Checked] = []
        self._said: set[str] = set()

    @property
    def is_whole(self) -> bool:
        """Whether all that was written stands, so that what was concluded from it may too."""
        return bool(self.standing) and not self.counts and not self._doubtful

    def events(self) -> Iterator[Event]:
        """Steps, and before each the evidence it is the first to cite. Raises ModelError where the writer fails before
        a step was written."""
        yield from self._fit()
        yield from self._first_reply()
        for doubtful in self._doubtful:
            mended = yield from self._write_again(doubtful)
            if not mended:
                yield from self._leave(doubtful)

    def _fit(self) -> Iterator[ReasoningStep]:
        """Leave out the least relevant passages until prompt and reply fit."""
        keep = len(self.exhibits.shown)
        while keep > 1 and not self.asker.fits(self._prompt(keep), REPLY_TOKENS):
            keep -= 1
        if keep < len(self.exhibits.shown):
            yield self._cut(keep)

    def _cut(self, keep: int) -> ReasoningStep:
        dropped = self.exhibits.keep(keep)
        return ReasoningStep(
            StepKind.SEARCH,
            f"The model's window holds {count(keep, 'passage')}; the {count(dropped, 'passage')} that "
            f"{'fits' if dropped == 1 else 'fit'} least {'was' if dropped == 1 else 'were'} left out.",
        )

    def _prompt(self, keep: int | None = None) -> str:
        return prompts.steps_prompt(self.question, self.exhibits.texts[:keep])

    def _first_reply(self) -> Iterator[Event]:
        while True:
            try:
                yield from self._streamed()
            except ContextTooLong:
                keep = len(self.exhibits.shown) // 2
                if not keep or self._said:
                    raise
                yield self._cut(keep)
                continue
            except (Spent, Cancelled, ModelError) as error:
                if isinstance(error, ModelError) and not self._said:
                    raise
                self.asker.end(error)
            return

    def _streamed(self) -> Iterator[Event]:
        """The steps of the first reply, each as soon as it is complete."""
        reply = steps.Reply()
        pieces = self.asker.pieces(self._prompt(), steps.schema(len(self.exhibits.shown)), REPLY_TOKENS)
        for piece in pieces:
            for raw in reply.feed(piece):
                yield from self._consider(raw)
        for raw in reply.end():
            yield from self._consider(raw)
        self.counts.update(map(str, reply.drops))
        self.concluded = reply.conclusion

    def _consider(self, raw: object) -> Iterator[Event]:
        """Show a step that stands, put aside one that is doubtful, count one that fails a check."""
        found = self._check(raw)
        if isinstance(found, Drop):
            self.counts[str(found)] += 1
        elif stands(found.verdict):
            yield from self._show(found, note_of(found.verdict))
        else:
            self._doubtful.append(found)

    def _check(self, raw: object) -> Checked | Drop:
        step = steps.read(raw, len(self._said) + 1, self.exhibits.texts)
        if isinstance(step, Drop):
            return step
        cited = self.exhibits.locate(step)
        texts = [c.text for c in cited]
        if fault := steps.fault(step.inference, texts, language=self.language):
            return fault
        if step.inference.casefold() in self._said:
            return Drop.REPEATED
        self._said.add(step.inference.casefold())
        return Checked(step, cited, judge_step(self.verifier, step.inference, texts))

    def _show(self, found: Checked, note: str) -> Iterator[Event]:
        new, numbers = self.exhibits.cite(found.cited)
        yield from new
        step = found.step
        shown = ReasoningStep(step.type, step.inference, numbers, found.verdict, step.quote, note)
        if stands(found.verdict):
            self.standing.append(shown)
        yield shown

    def _write_again(self, doubtful: Checked) -> Generator[Event, None, bool]:
        """A second search and a second try; whether that stands."""
        if self.asker.ended:
            return False
        inference = doubtful.step.inference
        added = self._add(inference, self._search_again(inference))
        yield ReasoningStep(
            StepKind.SEARCH,
            f"A step was {SAYS[doubtful.verdict.label]} by what it cites: searched again, read "
            f"{count(added, 'further passage')}, and had it written once more.",
        )
        said = prompts.rewrite_prompt(self.question, self.exhibits.texts, inference, SAYS[doubtful.verdict.label])
        reply = steps.Reply()
        text = self.asker.reply(said, steps.schema(len(self.exhibits.shown)), SHORT_REPLY_TOKENS)
        for raw in [*reply.feed(text), *reply.end()][:1]:
            found = self._check(raw)
            if isinstance(found, Drop):
                self.counts[str(found)] += 1
            elif stands(found.verdict):
                self.counts[str(Drop.REWRITTEN)] += 1
                yield from self._show(found, REWRITTEN)
                return True
            else:
                self.counts[str(Drop.UNSUPPORTED)] += 1
        if text:
            self.counts.update(map(str, reply.drops))
        return False

    def _add(self, inference: str, hits: Sequence[Hit]) -> int:
        """Show as many more passages as fit; how many."""
        added = 0
        for hit in self.exhibits.new(hits):
            texts = [*self.exhibits.texts, hit.passage.text]
            if not self.asker.fits(
                prompts.rewrite_prompt(self.question, texts, inference, NOT_SUPPORTED), SHORT_REPLY_TOKENS
            ):
                break
            self.exhibits.shown.append(hit)
            added += 1
        return added

    def _leave(self, doubtful: Checked) -> Iterator[Event]:
        if self._show_unsupported:
            yield from self._show(doubtful, note_of(doubtful.verdict))
        else:
            self.counts[str(Drop.UNSUPPORTED)] += 1
