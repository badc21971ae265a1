"""What the page shows, as HTML: pure functions from events of an answer to text.

Every string is treated as hostile, since questions, titles and papers are: all of it goes through `escape`, no link
leaves the page, nothing is loaded. Knows no browser, no Gradio and no library.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant import Answer, Evidence, Label, Paper, ReasoningStep, Verdict
from assistant.phrases import KINDS, STANCES, VERDICTS
from assistant.ui.markup import escape, notice

PAPERS_LISTED = 100
"""Papers named in the list of the library, at most."""

STEP_NAMES = {
    "search": "Search",
    "evidence": "Evidence",
    "agreement": "Agreement",
    "difference": "Difference",
    "observation": "Observation",
    "comparison": "Comparison",
    "causal": "Cause",
    "quantitative": "Numbers",
    "caveat": "Caveat",
    "conclusion": "Conclusion",
}

_CITATION = re.compile(r"\[([1-9][0-9]{0,3})\]")


@dataclass(frozen=True, slots=True)
class View:
    """What the page knows of one question so far; `advance` makes the next from it."""

    question: str
    running: bool = True
    steps: tuple[ReasoningStep, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    answer: Answer | None = None
    verdict: Verdict | None = None
    notice: str = ""


def advance(view: View, event: ReasoningStep | Evidence | Answer | Verdict) -> View:
    """The view after one event of the stream. An Answer or a Verdict is the last and decides what was cited."""
    if isinstance(event, ReasoningStep):
        return dataclasses.replace(view, steps=(*view.steps, event))
    if isinstance(event, Evidence):
        return dataclasses.replace(view, evidence=(*view.evidence, event))
    if isinstance(event, Verdict):
        return dataclasses.replace(view, verdict=event, evidence=event.evidence, running=False)
    return dataclasses.replace(view, answer=event, steps=event.steps, evidence=event.evidence, running=False)


def cited(text: str, known: Iterable[int]) -> str:
    """Text with each [n] that stands in `known` a link to its passage; any other [n] stays text."""
    numbers = set(known)
    pieces = _CITATION.split(text)
    return "".join(
        _citation(int(piece)) if i % 2 and int(piece) in numbers else escape(f"[{piece}]" if i % 2 else piece)
        for i, piece in enumerate(pieces)
    )


def _citation(n: int) -> str:
    return f'<a class="cite" href="#cite-{n}" aria-label="passage {n}">[{n}]</a>'


def main_html(view: View) -> str:
    """The answer's side of the page: the question, what came of it, and the steps that led there."""
    parts = [f'<h2 class="asked" dir="auto">{escape(view.question)}</h2>']
    if view.answer is not None:
        parts += [answer_html(view.answer), *(verdict_html(v) for v in view.answer.verdicts)]
    if view.verdict is not None:
        parts.append(verdict_html(view.verdict))
    if view.notice:
        parts.append(notice(view.notice))
    parts.append(steps_html(view.steps, [e.n for e in view.evidence]))
    if view.running:
        parts.append('<p class="working">Reading your papers …</p>')
    return "".join(parts)


def steps_html(steps: Sequence[ReasoningStep], known: Iterable[int]) -> str:
    """The steps so far, in order; nothing where there is none."""
    numbers = set(known)
    items = "".join(f"<li>{_step(s, numbers)}</li>" for s in steps)
    return f'<section class="steps"><h3>Steps</h3><ol>{items}</ol></section>' if items else ""


def _step(step: ReasoningStep, known: set[int]) -> str:
    named = {int(n) for n in _CITATION.findall(step.text)}
    more = "".join(f" {_citation(n)}" for n in step.evidence if n in known - named)
    name = STEP_NAMES.get(step.kind, "Step")
    badge = "" if step.verdict is None or step.kind == "search" else f" {_step_badge(step.verdict)}"
    badge += f' <span class="note">{escape(step.note)}</span>' if step.note else ""
    return f'<span class="kind">{name}</span><span dir="auto">{cited(step.text, known)}{more}{badge}</span>'


def answer_html(answer: Answer) -> str:
    """The answer's text, a paragraph a line; an abstention says so in words, not by colour."""
    known = [e.n for e in answer.evidence]
    lines = "".join(f'<p dir="auto">{cited(line, known)}</p>' for line in answer.text.splitlines() if line.strip())
    name = "No answer" if answer.abstained else "Answer"
    return f'<section class="answer{" abstained" if answer.abstained else ""}"><h3>{name}</h3>{lines}</section>'


def verdict_html(verdict: Verdict) -> str:
    """What the papers say of a claim: icon and word, beside them what they rest on, below them the vote of each."""
    notes = [f"{verdict.n_for} for, {verdict.n_against} against", _confidence(verdict)]
    if verdict.method:
        notes.append(f"method: {verdict.method}")
    differing = "".join(f'<p class="note">{escape(m)}</p>' for m in verdict.mismatches)
    return f'<p class="verdict">{_badge(verdict)}<span class="note">{escape("; ".join(notes))}</span></p>' + (
        differing + _votes(verdict)
    )


def _votes(verdict: Verdict) -> str:
    """The papers that vote, which way and how probably, with links to their quotes."""
    voting = [p for p in verdict.papers if p.label in STANCES]
    items = []
    for p in voting:
        probability = None if p.probabilities is None else p.probabilities[0 if p.label is Label.SUPPORTS else 1]
        share = f", {percent(probability)}" if probability is not None and verdict.calibrated else ""
        links = " ".join(_citation(n) for n in p.evidence)
        items.append(
            f'<li><cite dir="auto">{escape(p.paper.title or "Untitled paper")}</cite> '
            f'<span class="note">{STANCES[p.label]}{share}</span> {links}</li>'
        )
    return f'<ul class="votes">{"".join(items)}</ul>' if items else ""


def _step_badge(verdict: Verdict) -> str:
    """A step's verdict; where it was not judged, why."""
    if verdict.reason.startswith("not judged"):
        return f'<span class="note">{escape(verdict.reason)}</span>'
    return _badge(verdict)


def _badge(verdict: Verdict) -> str:
    style, icon, word = VERDICTS[verdict.label]
    badge = f'<span class="badge {style}"><span aria-hidden="true">{icon}</span> {word}</span>'
    if verdict.conflict:
        badge += ' <span class="badge conflict"><span aria-hidden="true">≠</span> Papers disagree</span>'
    return badge


def _confidence(verdict: Verdict) -> str:
    if verdict.confidence is None:
        return verdict.reason or "confidence not known"
    return f"confidence {percent(verdict.confidence)}{'' if verdict.calibrated else ' (not calibrated)'}"


def passages_html(view: View) -> str:
    """The passages that the answer cites, each the target of its [n]; those read so far while it runs."""
    if not view.evidence:
        return ""
    done = view.answer is not None or view.verdict is not None
    nearest = view.answer is not None and view.answer.abstained
    name = "Nearest passages" if nearest else "Cited passages" if done else "Passages found"
    items = "".join(_passage(e) for e in view.evidence)
    return f'<h2>{name}</h2><ol class="passages">{items}</ol>'


def _passage(e: Evidence) -> str:
    stance = f'<span class="stance">{STANCES[e.stance]}</span>' if e.stance in STANCES else ""
    byline = ", ".join(part for part in (authors(e.paper), str(e.paper.year or "")) if part)
    return (
        f'<li id="cite-{e.n}" tabindex="-1"><p class="source"><span class="n">[{e.n}]</span> '
        f'<cite dir="auto">{escape(e.paper.title or "Untitled paper")}</cite></p>'
        f'<blockquote dir="auto">{escape(e.text)}</blockquote>'
        f'<p class="note"><bdi>{escape(byline)}</bdi>{"; " if byline else ""}<bdi>{escape(place(e))}</bdi></p>'
        f'<p class="note"><span class="score">relevance {percent(e.score)}</span>{stance}</p></li>'
    )


def place(e: Evidence) -> str:
    """Where a quote stands, in words: section, kind of text, physical page, the printed label where it differs; the
    paragraph where there are no pages."""
    section = f"section “{e.passage.section}”" if e.passage.section else ""
    page = f"page {e.page}" if e.page is not None else f"¶ {e.paragraph}" if e.paragraph is not None else ""
    if e.page is not None and e.page_label and e.page_label != str(e.page):
        page += f" (printed: {e.page_label})"
    return ", ".join(part for part in (section, KINDS.get(e.passage.kind, ""), page) if part) or "no page"


def percent(probability: float) -> str:
    """0.804 -> "80 %"; kept within 1 and 99, since nothing here is ever certain."""
    return f"{min(99, max(1, round(100 * probability)))} %"


def authors(paper: Paper) -> str:
    """One or two authors by name, more as the first "and others"."""
    if len(paper.authors) > 2:
        return f"{paper.authors[0]} and others"
    return " and ".join(paper.authors)


def library_html(papers: Sequence[Paper]) -> str:
    """How many papers there are, and their titles to unfold."""
    items = "".join(_paper(p) for p in papers[:PAPERS_LISTED])
    more = f"<li>and {len(papers) - PAPERS_LISTED} more</li>" if len(papers) > PAPERS_LISTED else ""
    count = "1 paper" if len(papers) == 1 else f"{len(papers)} papers"
    return f'<details class="library"><summary>{count} in the library</summary><ul>{items}{more}</ul></details>'


def _paper(paper: Paper) -> str:
    rest = ", ".join(part for part in (authors(paper), str(paper.year or "")) if part)
    after = f'<bdi class="note">{escape(rest)}</bdi>' if rest else ""
    return f"<li><cite dir='auto'>{escape(paper.title or 'Untitled paper')}</cite> {after}</li>"


def empty_library_html() -> str:
    """The one card of an empty library: what to do."""
    return (
        '<section class="card"><h2>Your library is empty</h2><p>Add your papers in a terminal, then load this page '
        "again:</p><pre><code>assistant ingest FOLDER</code></pre><p>FOLDER is where your papers are. They stay "
        "there and nothing leaves this machine.</p></section>"
    )
