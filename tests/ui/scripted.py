"""A scripted assistant for the page, and the strings that a hostile paper would hold."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import Cancelled, LibraryError, UsageError
from assistant.types import (
    Answer,
    Evidence,
    Filters,
    Label,
    Paper,
    Passage,
    Provenance,
    ReasoningStep,
    Span,
    StepKind,
    Verdict,
)

EVERYTHING = Filters()
Event = ReasoningStep | Evidence | Answer | Verdict

HOSTILE = (
    "<script>window.pwned=1</script>",
    '<img src="http://127.0.0.1:9/leak" onerror="window.pwned=2">',
    "<svg/onload=window.pwned=3>",
    '"><a href="javascript:window.pwned=4">x</a>',
    "' onmouseover='window.pwned=5",
    "[x](javascript:window.pwned=6)",
    "![x](http://127.0.0.1:9/leak)",
    "{{value}} {{#each this}}{{{.}}}{{/each}}",
    "${window.pwned=7}",
    "`+(window.pwned=8)+`",
    "\\u003cscript\\u003ewindow.pwned=9\\u003c/script\\u003e",
    "</blockquote></li></ol><iframe src=//127.0.0.1:9></iframe>",
    "<style>@import url(http://127.0.0.1:9/leak)</style>",
    "&lt;script&gt;window.pwned=10&lt;/script&gt;",
    "a\x00b\x1b[2Jc\ud800d",
    "\u202eevil\u202c",
)


def make_paper(
    title: str = "Velorite and tomato yield", authors: tuple[str, ...] = ("A. Author", "B. Author")
) -> Paper:
    return Paper("a" * 64, "work", title, authors, 2021)


def make_evidence(
    n: int = 1,
    text: str = "Yield rose by 12 %.",
    *,
    paper: Paper | None = None,
    section: str = "Results",
    label: str = "113",
    score: float = 0.804,
    stance: Label | None = None,
) -> Evidence:
    spans = (Span(3, 0, len(text)),)
    passage = Passage("a" * 64, text, spans, section)
    return Evidence(n, text, spans, passage, paper or make_paper(), score, label, stance)


def make_answer(
    text: str = "Yield rose [1].", evidence: Sequence[Evidence] = (), *, steps: Sequence[ReasoningStep] = ()
) -> Answer:
    return Answer(
        "Does it help?", text, not evidence, tuple(steps), tuple(evidence), Provenance(1, "reader", "embedder")
    )


def script() -> list[Event]:
    """Two passages, one of them hostile, found between the steps of an answer that cites both."""
    evil = " ".join(HOSTILE[:10])
    evidence = (make_evidence(1), make_evidence(2, evil, paper=make_paper(evil, (evil,)), section=evil))
    steps = (
        ReasoningStep(StepKind.SEARCH, "Searched 2 papers."),
        ReasoningStep(StepKind.CONCLUSION, f"It follows from [1], [2] and {evil}.", (1, 2)),
    )
    answer = make_answer(f"Yield rose [1].\nAnother paper says {evil} [2].", evidence, steps=steps)
    return [steps[0], *evidence, steps[1], answer]


@dataclass(frozen=True)
class ScriptedSettings:
    """Without a history: the evidence of an answer is held in memory."""

    history: bool = False
    model: str = "extractive"


class ScriptedIntake:
    """Nothing waits to be read."""

    def start(self) -> None:
        pass


class ScriptedAssistant:
    """Plays `events` to any question. A question that begins with "wait" goes on until it is cancelled; an empty one
    is refused; "crash" fails as no program should."""

    def __init__(self, events: Sequence[Event] = (), papers: Sequence[Paper] = ()) -> None:
        self.events = list(events)
        self._papers = list(papers)
        self.settings = ScriptedSettings()
        self.folder = Path("scripted")
        self.asked: list[tuple[str, str]] = []
        self.chosen: list[tuple[str, ...]] = []
        self.threads: set[str] = set()
        self.cancelled = threading.Event()

    def papers(self) -> list[Paper]:
        return self._papers

    def intake(self) -> ScriptedIntake:
        return ScriptedIntake()

    def original(self, paper: Paper) -> Path | None:
        return None

    def searcher(self) -> object:
        raise LibraryError("nothing to make ready")

    def stream(
        self,
        question: str,
        *,
        mode: str = "ask",
        filters: Filters = EVERYTHING,
        cancel: threading.Event | None = None,
    ) -> Iterator[Event]:
        self.asked.append((question, mode))
        self.chosen.append(filters.papers)
        if not question.strip():
            raise UsageError("the question is empty; write one")
        if question == "crash":
            raise RuntimeError("secret detail")
        for event in self.events:
            self.threads.add(threading.current_thread().name)
            yield event
            if question.startswith("wait") and cancel is not None:
                assert cancel.wait(20), "nobody cancelled"
                self.cancelled.set()
                raise Cancelled("stopped")
