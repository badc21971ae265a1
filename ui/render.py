"""What the chat shows of a question, as HTML: pure functions from events of an answer to text.

Every string is treated as hostile, since questions, titles and papers are: all of it goes through `escape`, no link
leaves the page, nothing is loaded. Knows no browser, no Gradio and no library.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant import Answer, Evidence, Label, ReasoningStep, Verdict
from assistant.ui.download import export_html
from assistant.ui.feedback import feedback_html
from assistant.ui.graph import graph_html
from assistant.ui.markup import escape
from assistant.ui.said import heard, said
from assistant.ui.told import ICONS, STYLES, band, byline, percent, place, stance_html, title
from assistant.ui.words import Words

OPEN_KINDS = frozenset({"difference", "caveat"})
"""Steps that are never folded away: what speaks against. Of a claim, the quotes against stand by themselves."""
_CITATION = re.compile(r"\[([1-9][0-9]{0,3})\]")
_MARKS = re.compile(r"\[[\d\s,;–-]*\d[\d\s,;–-]*\]")


@dataclass(frozen=True, slots=True)
class View:
    """What the page knows of one question so far; `advance` makes the next from it.

    `turn` names its place on the page, `answer_id` whose evidence its citations lead to. `seconds` are those from the
    beginning to each step.
    """

    question: str
    mode: str = "ask"
    turn: str = "live-0"
    answer_id: str = ""
    conversation: str = ""
    running: bool = True
    steps: tuple[ReasoningStep, ...] = ()
    seconds: tuple[float, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    answer: Answer | None = None
    verdict: Verdict | None = None
    notice: str = ""
    detail: str = ""
    ahead: int = 0
    """Questions before it in line, with itself; 0 once it is its turn."""

    @property
    def cites(self) -> str:
        """The answer that citations name."""
        return self.answer_id or self.turn


def advance(view: View, event: ReasoningStep | Evidence | Answer | Verdict, seconds: float = 0.0) -> View:
    """The view after one event of the stream. An Answer or a Verdict is the last and decides what was cited."""
    if isinstance(event, ReasoningStep):
        return dataclasses.replace(view, steps=(*view.steps, event), seconds=(*view.seconds, seconds))
    if isinstance(event, Evidence):
        return dataclasses.replace(view, evidence=(*view.evidence, event))
    if isinstance(event, Verdict):
        return dataclasses.replace(view, verdict=event, evidence=event.evidence, running=False)
    return dataclasses.replace(view, answer=event, steps=event.steps, evidence=event.evidence, running=False)


class Cites:
    """The citations of one answer: which numbers lead somewhere, and where to."""

    def __init__(self, answer: str, evidence: Iterable[Evidence], words: Words) -> None:
        self.answer = answer
        self.words = words
        self.known = {e.n: e for e in evidence}

    def link(self, n: int) -> str:
        """The chip of passage [n]."""
        paper = self.known[n].paper
        name = self.words("chat.cite", n=n, title=title(paper, self.words))
        return f'<a class="cite" href="#cite-{self.answer}-{n}" aria-label="{escape(name)}">[{n}]</a>'

    def text(self, text: str) -> str:
        """Text with each [n] that is known a link to its passage; any other [n] stays text."""
        pieces = _CITATION.split(text)
        return "".join(
            self.link(int(piece)) if i % 2 and int(piece) in self.known else escape(f"[{piece}]" if i % 2 else piece)
            for i, piece in enumerate(pieces)
        )

    def links(self, numbers: Iterable[int]) -> str:
        """The chips of several passages, as far as they are known."""
        return " ".join(self.link(n) for n in numbers if n in self.known)


def turn_html(view: View, words: Words) -> str:
    """One question and what came of it."""
    cites = Cites(view.cites, view.evidence, words)
    running = ' data-running="true" aria-busy="true"' if view.running else ""
    body = _running(view, cites) if view.running else _finished(view, cites)
    return (
        f'<article class="turn" data-turn="{escape(view.turn)}" data-answer="{escape(view.answer_id)}"'
        f' data-conversation="{escape(view.conversation)}"{running}>{_asked(view, words)}{body}</article>'
    )


def _asked(view: View, words: Words) -> str:
    did = words(f"chat.did.{view.mode}") if view.mode in ("check", "compare") else ""
    kind = f'<p class="did">{escape(did)}</p>' if did else ""
    return f'{kind}<h2 class="asked" dir="auto">{escape(view.question)}</h2>'


def _running(view: View, cites: Cites) -> str:
    """What is known while the answer is made: where it stands, then the evidence, then the steps."""
    return (
        f'<p class="working" role="status">{escape(stage(view, cites.words))}</p>'
        f"{_sources(view, cites)}{steps_html(view, cites)}"
    )


def stage(view: View, words: Words) -> str:
    """Where a running answer stands, in one line."""
    if view.ahead:
        return words("chat.stage.ahead", n=view.ahead)
    if view.evidence:
        papers = len({e.paper.work_id for e in view.evidence})
        return words("chat.stage.found", n=len(view.evidence), papers=papers)
    return said(view.steps[-1].text, words) if view.steps else words("chat.stage.begin")


def _finished(view: View, cites: Cites) -> str:
    words = cites.words
    parts = [_notice(view, words)] if view.notice else []
    if view.verdict is not None:
        parts.append(_verdict_section(view.verdict, cites))
    elif view.answer is not None:
        parts.append(answer_html(view.answer, view.mode, cites))
        parts += [_verdict_section(v, cites) for v in view.answer.verdicts]
    # What speaks against a claim comes before how it was found.
    below = [steps_html(view, cites), _sources(view, cites)]
    parts += below if view.verdict is None else below[::-1]
    if view.answer is not None:
        parts += [graph_html(view.answer.relations, cites), _follow_ups(view.answer.follow_ups, words)]
    if view.answer_id and (view.answer or view.verdict):
        numbers = [e.n for e in view.evidence]
        parts.append(feedback_html(view.answer_id, words, steps=len(view.steps), passages=numbers))
        parts.append(export_html(view.answer_id, words))
    return "".join(parts)


def _notice(view: View, words: Words) -> str:
    """What went wrong or was stopped; what the engine itself says of it, to unfold."""
    more = (
        f"<details><summary>{escape(words('chat.detail'))}</summary><p dir='auto'>{escape(view.detail)}</p></details>"
        if view.detail
        else ""
    )
    return f'<div class="notice" role="alert" dir="auto">{escape(view.notice)}{more}</div>'


def answer_html(answer: Answer, mode: str, cites: Cites) -> str:
    """The answer's text, a paragraph a line, or its table; an abstention says so in words, not by colour."""
    words = cites.words
    if mode == "compare" and not answer.abstained:
        return _table(answer, cites)
    lines = [line for line in answer.text.splitlines() if line.strip()]
    paragraphs = "".join(f'<p dir="auto"{_style(line)}>{cites.text(said(line, words))}</p>' for line in lines)
    name = words("chat.no_answer" if answer.abstained else "chat.answer")
    way_on = f'<p class="note">{escape(words("chat.no_answer_help"))}</p>' if answer.abstained else ""
    style = "answer abstained" if answer.abstained else "answer"
    return f'<section class="{style}"><h3>{escape(name)}</h3>{paragraphs}{way_on}</section>'


def _style(line: str) -> str:
    """A quote, or a line of the engine about quotes."""
    return ' class="quoted"' if line.startswith("“") else ' class="about"' if heard(line) else ""


def _table(answer: Answer, cites: Cites) -> str:
    """One row a work: which way it points, and its sentences."""
    words = cites.words
    steps = [step for step in answer.steps if step.kind == "comparison"]
    sided = any(_way(step) not in ("", "answers") for step in steps)
    rows = "".join(_row(step, cites, sided=sided) for step in steps)
    columns = ("paper", "side", "says") if sided else ("paper", "says")
    names = "".join(f'<th scope="col">{escape(words(f"chat.compare.{c}"))}</th>' for c in columns)
    return (
        f'<section class="answer"><h3>{escape(words("chat.compare.table"))}</h3><div class="scrolls" tabindex="0">'
        f'<table class="works"><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table></div></section>'
    )


def _way(step: ReasoningStep) -> str:
    """Which way a work points, as its step says it."""
    told = heard(step.text)
    return told.holes.get("side", "") if told else ""


def _row(step: ReasoningStep, cites: Cites, *, sided: bool) -> str:
    words, quotes = cites.words, [cites.known[n] for n in step.evidence if n in cites.known]
    if not quotes:
        return f'<tr><td colspan="3" dir="auto">{escape(said(step.text, words))}</td></tr>'
    paper = quotes[0].paper
    told = heard(step.text)
    side = escape(said(_way(step), words))
    label = told.holes.get("label", "") if told else ""
    if label in list(Label):
        side += f" {_badge_of(Label(label), words)}"
    says = "".join(f'<p dir="auto">{cites.text(_inert(q.text))} {cites.link(q.n)}</p>' for q in quotes)
    return (
        f'<tr><td><cite dir="auto">{escape(title(paper, words))}</cite><br><bdi class="note">'
        f"{escape(byline(paper, words))}</bdi></td>{f'<td>{side}</td>' if sided else ''}<td>{says}</td></tr>"
    )


def _inert(text: str) -> str:
    """A paper's own reference marks would read as ours."""
    return _MARKS.sub("[…]", " ".join(text.split()))


def _verdict_section(verdict: Verdict, cites: Cites) -> str:
    name = escape(cites.words("chat.verdict.label"))
    return f'<section class="judged"><h3>{name}</h3>{verdict_html(verdict, cites)}</section>'


def verdict_html(verdict: Verdict, cites: Cites) -> str:
    """What the papers say of a claim: icon and word, beside them what they rest on, below them the vote of each."""
    words = cites.words
    notes = [words("chat.verdict.votes", n_for=verdict.n_for, n_against=verdict.n_against), _confidence(verdict, words)]
    differing = "".join(f'<p class="note">{escape(said(m, words))}</p>' for m in verdict.mismatches)
    method = escape(words("chat.verdict.method", method=said(verdict.method, words))) if verdict.method else ""
    return (
        f'<p class="verdict">{badge(verdict, words)} <span class="note">{escape("; ".join(n for n in notes if n))}'
        f"</span></p>{differing}{_votes(verdict, cites)}" + (f'<p class="note">{method}</p>' if method else "")
    )


def _votes(verdict: Verdict, cites: Cites) -> str:
    """The papers that vote, which way and how probably, with links to their quotes."""
    words, items = cites.words, []
    for vote in verdict.papers:
        if vote.label is Label.NOT_ENOUGH_INFO:
            continue
        side = words("chat.stance.for" if vote.label is Label.SUPPORTS else "chat.stance.against")
        share = vote.probabilities[vote.label is Label.REFUTES] if vote.probabilities and verdict.calibrated else None
        told = side if share is None else words("chat.comma").join([side, band(share, words)])
        items.append(
            f'<li><span class="stance {STYLES[vote.label]}"><span aria-hidden="true">{ICONS[vote.label]}</span></span> '
            f'<cite dir="auto">{escape(title(vote.paper, words))}</cite> <span class="note">{escape(told)}</span> '
            f"{cites.links(vote.evidence)}</li>"
        )
    label = escape(words("chat.verdict.papers"))
    return f'<ul class="votes" aria-label="{label}">{"".join(items)}</ul>' if items else ""


def badge(verdict: Verdict, words: Words) -> str:
    """A verdict by icon and word; that papers disagree is said beside it."""
    conflict = ""
    if verdict.conflict:
        name = escape(words("chat.verdict.conflict"))
        conflict = f' <span class="badge conflict"><span aria-hidden="true">≠</span> {name}</span>'
    return _badge_of(verdict.label, words) + conflict


def _badge_of(label: Label, words: Words) -> str:
    style = STYLES[label]
    word = escape(words(f"chat.verdict.{style}"))
    return f'<span class="badge {style}"><span aria-hidden="true">{ICONS[label]}</span> {word}</span>'


def _confidence(verdict: Verdict, words: Words) -> str:
    """The band of the probability, or why there is none."""
    if verdict.confidence is None:
        return said(verdict.reason, words) or words("chat.verdict.unknown")
    told = band(verdict.confidence, words)
    return told if verdict.calibrated else words("chat.verdict.uncalibrated", band=told)


def steps_html(view: View, cites: Cites) -> str:
    """The steps so far, in order, each to unfold; nothing where there is none."""
    began = [0.0, *view.seconds]
    items = "".join(
        f"<li>{_step(i, s, view, cites, view.seconds[i] - began[i] if i < len(view.seconds) else None)}</li>"
        for i, s in enumerate(view.steps)
    )
    name = escape(cites.words("chat.steps"))
    return f'<section class="steps"><h3>{name}</h3><ol>{items}</ol></section>' if items else ""


def _step(i: int, step: ReasoningStep, view: View, cites: Cites, seconds: float | None) -> str:
    words = cites.words
    kind = escape(words(f"chat.step.{step.kind}"))
    took = (
        f'<span class="took">{escape(words("chat.step.seconds", seconds=f"{seconds:.1f}"))}</span>'
        if seconds is not None
        else ""
    )
    gist = escape(said(step.text, words))
    opened = " open" if step.kind in OPEN_KINDS and view.mode != "check" else ""
    return (
        f'<details class="step" id="step-{escape(view.turn)}-{i}"{opened}><summary><span class="kind">{kind}</span>'
        f'<span class="gist" dir="auto">{gist}</span>{_step_badge(step, words)}{took}</summary>'
        f'<div class="inside">{_inside(step, cites)}</div></details>'
    )


def _inside(step: ReasoningStep, cites: Cites) -> str:
    """The whole of a step: its text with links, what it was written from, what it rests on."""
    words = cites.words
    parts = [f'<p dir="auto">{cites.text(said(step.text, words))}</p>']
    if step.note:
        parts.append(f'<p class="note">{escape(said(step.note, words))}</p>')
    if step.verdict is not None and step.verdict.reason:
        parts.append(f'<p class="note">{escape(said(step.verdict.reason, words))}</p>')
    if step.quote:
        parts.append(f'<p class="note">{escape(words("chat.step.quote"))}: <q dir="auto">{escape(step.quote)}</q></p>')
    quotes = [cites.known[n] for n in step.evidence if n in cites.known]
    if quotes:
        items = "".join(f'<li>{cites.link(e.n)} <q dir="auto">{escape(_inert(e.text))}</q></li>' for e in quotes)
        parts.append(f'<p class="note">{escape(words("chat.step.rests"))}</p><ul class="rests">{items}</ul>')
    return "".join(parts)


def _step_badge(step: ReasoningStep, words: Words) -> str:
    """A step's verdict; nothing where it was not judged, which is said within."""
    if step.verdict is None or step.verdict.reason.startswith("not judged"):
        return ""
    share = (
        f' <span class="share">{escape(band(step.verdict.confidence, words))}</span>'
        if (step.verdict.confidence is not None and step.verdict.calibrated)
        else ""
    )
    return f'<span class="verdict">{badge(step.verdict, words)}{share}</span>'


def _sources(view: View, cites: Cites) -> str:
    """The passages of an answer, each with its place; of a claim, those against it first."""
    words = cites.words
    if not view.evidence:
        return ""
    if view.verdict is not None:
        return "".join(_side(view.verdict, side, cites) for side in (Label.REFUTES, Label.SUPPORTS, None))
    nearest = view.answer is not None and view.answer.abstained
    which = "found" if view.running else "nearest" if nearest else "cited"
    name = words(f"chat.sources.{which}")
    shown = " ".join(view.answer.text.split()) if view.answer is not None else ""
    return _passages(name, view.evidence, cites, shown)


def _side(verdict: Verdict, side: Label | None, cites: Cites) -> str:
    of_side = [
        e for e in verdict.evidence if (e.stance if e.stance in (Label.SUPPORTS, Label.REFUTES) else None) is side
    ]
    name = "other" if side is None else "for" if side is Label.SUPPORTS else "against"
    return _passages(cites.words(f"chat.sources.{name}"), of_side, cites, "", style=name) if of_side else ""


def _passages(name: str, evidence: Sequence[Evidence], cites: Cites, shown: str, style: str = "all") -> str:
    items = "".join(_passage(e, cites, quoted=_inert(e.text) not in shown) for e in evidence)
    return f'<section class="sources {style}"><h3>{escape(name)}</h3><ol class="passages">{items}</ol></section>'


def _passage(e: Evidence, cites: Cites, *, quoted: bool) -> str:
    """A passage in the list: whose it is and where; the quote too, where the answer does not hold it word for word."""
    words = cites.words
    by = byline(e.paper, words)
    quote = f'<blockquote dir="auto">{escape(_inert(e.text))}</blockquote>' if quoted else ""
    relevance = escape(words("chat.sources.relevance", percent=percent(e.score)))
    return (
        f'<li><p class="source">{cites.link(e.n)} <cite dir="auto">{escape(title(e.paper, words))}</cite></p>{quote}'
        f'<p class="note">{f"<bdi>{escape(by)}</bdi>; " if by else ""}<bdi>{escape(place(e, words))}</bdi>'
        f'; <span class="score">{relevance}</span>{stance_html(e, words)}</p></li>'
    )


def _follow_ups(questions: Sequence[str], words: Words) -> str:
    """What may be asked next, each a button that asks it."""
    buttons = "".join(
        f'<li><button type="button" class="plain next" data-question="{escape(q)}" dir="auto">{escape(q)}</button></li>'
        for q in questions
    )
    name = escape(words("chat.follow_ups"))
    return f'<section class="follow"><h3>{name}</h3><ul>{buttons}</ul></section>' if buttons else ""
