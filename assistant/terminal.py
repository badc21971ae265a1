"""Answers, verdicts, papers and reports as text for a terminal. Pure: prints nothing, asks no terminal for its size.

Text from papers and file names is hostile until cleaned: an escape sequence in a title could move the cursor, rewrite
lines already read or set the window's title.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from assistant.phrases import KINDS
from assistant.types import (
    Answer,
    Comparison,
    ComparisonRow,
    Evidence,
    FileReport,
    FileStatus,
    HealthCheck,
    IngestReport,
    Label,
    Paper,
    PaperVerdict,
    Passage,
    ReasoningStep,
    Related,
    StepKind,
    Summary,
    SummaryPart,
    Verdict,
)

if TYPE_CHECKING:
    from assistant.experiments import DataVerdict

WIDTH = 100
"""Columns, where nothing else is asked for."""
UNRELATED = Related()
SHOWN_ID = 12
"""Characters of a paper's id that are shown; every command takes the beginning of one."""

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x07|\x1b\\|$)|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]", re.DOTALL
)
_PIECE = re.compile(
    r"\s+|[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]|[^\s\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]+"
)
_STYLES = {"bold": "1", "dim": "2", "green": "32", "red": "31", "yellow": "33"}
_VERDICTS = {
    Label.SUPPORTS: ("+ SUPPORTS", "green"),
    Label.REFUTES: ("- REFUTES", "red"),
    Label.NOT_ENOUGH_INFO: ("? NOT ENOUGH INFO", "yellow"),
}
_STATUS_COLOURS = {
    FileStatus.INDEXED: "green",
    FileStatus.UNCHANGED: "dim",
    FileStatus.FLAGGED: "yellow",
    FileStatus.FAILED: "red",
}


def clean(text: str) -> str:
    """Text on one line that a terminal can only show: no escape sequences, control or direction characters; a byte of
    a file name that is no text as \\xNN."""
    text = _ESCAPE.sub("", text).replace("\t", " ").replace("\n", " ").replace("\r", " ")
    kept = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf"))
    return re.sub(r"[\ud800-\udfff]", _escaped_byte, kept)


def _escaped_byte(match: re.Match[str]) -> str:
    return f"\\x{ord(match.group()) & 0xFF:02x}"


def answer_text(answer: Answer, *, width: int = WIDTH, colour: bool = False) -> str:
    """Answer, steps, cited passages."""
    parts = [
        "\n".join(_wrap(line, width) for line in answer.text.split("\n")),
        _steps_text(answer.steps, width, colour),
        _passages_text(answer.evidence, width, colour),
        _next_text(answer, width, colour),
    ]
    return "\n\n".join(p for p in parts if p)


def _next_text(answer: Answer, width: int, colour: bool) -> str:
    """What may be asked next, and what was dropped of what a model wrote."""
    asked = [_wrap(f"- {q}", width, indent="  ") for q in answer.follow_ups]
    parts = ["\n".join([_style("Ask next", "bold", colour), *asked])] if asked else []
    if counts := answer.provenance.counts:
        parts.append(
            _wrap(f"Dropped of what was written: {', '.join(f'{n} {why}' for why, n in counts.items())}", width)
        )
    return "\n\n".join(parts)


def verdict_text(verdict: Verdict, *, width: int = WIDTH, colour: bool = False) -> str:
    """Verdict, how it was come by, quotes for and against."""
    word, hue = _VERDICTS[verdict.label]
    lines = [_wrap(f"Claim: {verdict.claim}", width), f"{_style(word, hue, colour)}: {_counted(verdict)}"]
    if verdict.conflict:
        lines.append("The papers disagree.")
    lines.append(_wrap(f"Confidence: {_confidence(verdict)}", width))
    lines += [_wrap(f"Differs: {m}", width, indent="  ") for m in verdict.mismatches]
    if verdict.method:
        lines.append(_wrap(f"Method: {verdict.method}", width))
    parts = ("\n".join(lines), _votes_text(verdict, width, colour), _passages_text(verdict.evidence, width, colour))
    return "\n\n".join(p for p in parts if p)


def _votes_text(verdict: Verdict, width: int, colour: bool) -> str:
    """One line per paper that votes: which way, how probable, by which quotes; and how many say too little."""
    voting = [p for p in verdict.papers if p.label is not Label.NOT_ENOUGH_INFO]
    silent = len(verdict.papers) - len(voting)
    if not verdict.papers:
        return ""
    lines = [_wrap(_vote_text(p, known=verdict.calibrated), width, indent="  ") for p in voting]
    if silent:
        lines.append(f"? {_count(silent, 'paper')} read {'says' if silent == 1 else 'say'} too little to vote")
    return "\n".join([_style("Votes, one per paper", "bold", colour), *lines])


def _vote_text(paper: PaperVerdict, *, known: bool) -> str:
    side = 0 if paper.label is Label.SUPPORTS else 1
    marks = " ".join(f"[{n}]" for n in paper.evidence)
    share = f" {paper.probabilities[side]:.0%}" if known and paper.probabilities else ""
    return f"{'+-'[side]} {_stance(paper.label)}{share}: {_title(paper.paper)} {marks}".rstrip()


def data_verdict_text(verdict: DataVerdict, *, width: int = WIDTH, colour: bool = False) -> str:
    """Verdict, how the claim was read, the groups as a table, the computation."""
    word, hue = _VERDICTS[verdict.label]
    lines = [_wrap(f"Claim: {verdict.claim}", width), _wrap(f"{_style(word, hue, colour)}: {verdict.reason}", width)]
    lines += [_wrap(f"Read as: {verdict.read_as}", width)] if verdict.read_as else []
    lines += [_wrap(f"Columns: {', '.join(verdict.considered)}", width)] if verdict.computation is None else []
    lines += [_wrap(f"Note: {note}", width) for note in verdict.notes]
    return "\n\n".join(p for p in ("\n".join(lines), _computed(verdict, width)) if p)


def _computed(verdict: DataVerdict, width: int) -> str:
    c = verdict.computation
    if c is None:
        return ""
    head = ("rows", "n", "mean", "SD", "median", "share")
    cells = [(clean(s.name), str(s.n), *map(_number, (s.mean, s.sd, s.median, s.share))) for s in c.samples]
    widths = [max(_columns(row[i]) for row in (head, *cells)) for i in range(len(head))]
    table = ["  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in (head, *cells)]
    unit = f" {c.unit}" if c.unit else ""
    interval = "" if c.low is None else f", {c.level:.0%} CI {_number(c.low)} to {_number(c.high)}"
    lines = [f"{c.expression} = {_number(c.estimate)}{unit}{interval}"]
    lines += [f"{c.effect_name} = {_number(c.effect)}"] if c.effect is not None else []
    lines += [f"{c.test}: p {'< 0.001' if c.p < 0.001 else f'= {c.p:.3f}'}"] if c.p is not None else []
    return "\n".join([*table, "", *(_wrap(line, width) for line in (*lines, *c.notes))])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def comparison_text(comparison: Comparison, *, width: int = WIDTH, colour: bool = False) -> str:
    """A row for each work: paper, stance, verdict, then its sentences with their pages."""
    kind = "Claim" if comparison.claim else "Question"
    head = [_wrap(f"{kind}: {comparison.question}", width)]
    if not comparison.rows:
        return "\n\n".join([*head, "No work says anything that is likely enough to bear on this."])
    rows = [_row_text(row, width, colour) for row in comparison.rows]
    more = [f"{_count(comparison.left_out, 'more work')} had no room."] if comparison.left_out else []
    return "\n\n".join([*head, *rows, *more, _wrap(f"Method: {comparison.method}", width)])


def _row_text(row: ComparisonRow, width: int, colour: bool) -> str:
    says = f"says: {_stance(row.stance)}" if row.stance else "answers" if row.evidence else ""
    if row.verdict is not None:
        word, hue = _VERDICTS[row.verdict.label]
        sure = f" ({max(row.verdict.probabilities):.0%})" if row.verdict.probabilities else ""
        says += f"; verdict: {_style(word, hue, colour)}{sure}"
    notes = "; ".join(part for part in (says, row.note) if part)
    byline = ", ".join(part for part in (clean(", ".join(row.paper.authors[:1])), str(row.paper.year or "")) if part)
    lines = [
        _style(_wrap(f"{_title(row.paper)}{f' ({byline})' if byline else ''}", width), "bold", colour),
        f"  {notes}",
    ]
    lines += [_wrap(f"  [{e.n}] {_page(e) or 'no page'}: “{e.text}”", width, indent="      ") for e in row.evidence]
    return "\n".join(lines)


def paper_summary_text(summary: Summary, *, width: int = WIDTH, colour: bool = False) -> str:
    """What a paper asks, did, found and warns of, each line with its page; then what could not be told."""
    blocks: list[str] = [_style(_wrap(_title(summary.paper), width), "bold", colour)]
    for part in SummaryPart:
        lines = [line.evidence for line in summary.lines if line.part is part]
        if lines:
            told = [_wrap(f"  [{e.n}] {_page(e) or 'no page'}: “{e.text}”", width, indent="      ") for e in lines]
            blocks.append("\n".join([part.capitalize(), *told]))
    return "\n\n".join([*blocks, *(_wrap(note, width) for note in summary.notes)])


def file_line(report: FileReport, *, colour: bool = False) -> str:
    """One line: how a file of an ingest ended, and why."""
    status = _style(f"{report.status:<9}", _STATUS_COLOURS[report.status], colour)
    size = f" ({_pages(report)}, {_count(report.passages, 'passage')})" if report.pages else ""
    reason = f": {clean(report.reason)}" if report.reason else ""
    return f"{status} {clean(str(report.path))}{size}{reason}"


def ingest_summary(report: IngestReport) -> str:
    """One line: how many files ended in each way."""
    counts = ", ".join(f"{n:,} {status}" for status in FileStatus if (n := report.count(status)))
    stopped = "; stopped before the end, run it again to go on" if report.interrupted else ""
    return f"{_count(len(report.files), 'file')} in {report.seconds:.1f} s: {counts or 'nothing to read'}{stopped}"


def papers_text(papers: Sequence[Paper]) -> str:
    """One line per paper: beginning of its id, year, title, size; and of which work it is another file."""
    if not papers:
        return "no papers yet; add some with: assistant ingest FOLDER"
    works: dict[str, list[str]] = {}
    for p in papers:
        works.setdefault(p.work_id, []).append(p.id)
    return "\n".join(
        f"{p.id[:SHOWN_ID]}  {p.year or '    '}  {_title(p)}  "
        f"({_pages(p)}, {_count(p.passages, 'passage')}){_same_work(p, works[p.work_id])}{_flags(p)}"
        for p in papers
    )


def paper_text(paper: Paper, passages: Sequence[Passage], related: Related = UNRELATED, *, width: int = WIDTH) -> str:
    """A paper's data, what it has to do with others, then its passages with their places."""
    rows = (
        ("id", paper.id),
        ("title", _title(paper)),
        ("authors", ", ".join(map(clean, paper.authors))),
        ("year", str(paper.year or "")),
        ("venue", clean(paper.venue)),
        ("doi", clean(paper.doi)),
        ("arxiv", clean(paper.arxiv)),
        ("pmid", clean(paper.pmid)),
        ("as in", clean(paper.source)),
        ("status", f"{paper.status}{_flags(paper)}"),
        *(("path", clean(str(path))) for path in paper.paths),
        *(("work", f"also {_named(p)}") for p in related.work),
        *(("like", f"near duplicate of {_named(p)}: {share:.0%} in common") for p, share in related.near_duplicates),
        *(("cited by", _named(p)) for p in related.cited_by),
    )
    head = "\n".join(f"{name:<8} {value}" for name, value in rows if value)
    body = "\n\n".join(_wrap(f"{_place_of(p, paged=paper.paged)}: {p.text}", width) for p in passages)
    return "\n\n".join(part for part in (head, _references_text(related, width), body) if part)


def _references_text(related: Related, width: int) -> str:
    """The entries of the list of references, those in the library with their paper."""
    if not related.references:
        return ""
    lines = [
        _wrap(f"- {r.text}", width, indent="  ") + (f"\n  -> {_named(p)}" if p else "") for r, p in related.references
    ]
    here = sum(p is not None for _, p in related.references)
    return "\n".join([f"{_count(len(lines), 'reference')}, {here} of them in the library", *lines])


def _named(paper: Paper) -> str:
    return f"{paper.id[:SHOWN_ID]} {_title(paper)}"


def _same_work(paper: Paper, work: Sequence[str]) -> str:
    """Of which of the other papers of its work, given by their ids, a paper is another file."""
    other = next((i for i in sorted(work) if i != paper.id), "")
    return f" [same work as {other[:SHOWN_ID]}]" if other else ""


def health_text(checks: Iterable[HealthCheck], *, colour: bool = False) -> str:
    """One line per check."""
    marks = {True: _style("ok  ", "green", colour), False: _style("LOST", "red", colour)}
    return "\n".join(f"{marks[c.ok]}  {clean(c.name)}: {clean(c.detail)}" for c in checks)


def _steps_text(steps: Sequence[ReasoningStep], width: int, colour: bool) -> str:
    if not steps:
        return ""
    lines = [
        _wrap(f"{n}. {s.kind}: {s.text}{_judged(s)}{_noted(s)}", width, indent="   ") for n, s in enumerate(steps, 1)
    ]
    return "\n".join([_style("Steps", "bold", colour), *lines])


def _noted(step: ReasoningStep) -> str:
    return f" [{step.note}]" if step.note else ""


def _judged(step: ReasoningStep) -> str:
    """What the verifier makes of a step, in brackets; nothing for a search, which states nothing."""
    verdict = step.verdict
    if verdict is None or step.kind is StepKind.SEARCH:
        return ""
    if verdict.label is Label.NOT_ENOUGH_INFO:
        return f" ({verdict.reason or 'not decided'})"
    if step.kind in (StepKind.AGREEMENT, StepKind.DIFFERENCE):
        return " (the verifier agrees)" if verdict.label is Label.SUPPORTS else " (the verifier does not agree)"
    share = "" if verdict.confidence is None else f" {verdict.confidence:.0%}"
    return f" ({str(verdict.label).lower()}{share}{', papers disagree' if verdict.conflict else ''})"


def _passages_text(evidence: Sequence[Evidence], width: int, colour: bool) -> str:
    if not evidence:
        return ""
    return "\n".join([_style("Cited passages", "bold", colour), *(_evidence_text(e, width, colour) for e in evidence)])


def _evidence_text(e: Evidence, width: int, colour: bool) -> str:
    """The quote with its place, then the file on a line of its own, not wrapped, so that it can be copied."""
    where = ", ".join(
        p for p in (_title(e.paper), clean(e.passage.section), KINDS.get(e.passage.kind, ""), _page(e)) if p
    )
    stance = f" ({_stance(e.stance)})" if e.stance else ""
    text = _wrap(f"[{e.n}]{stance} {where}: “{e.text}”", width, indent="    ")
    path = "" if e.path is None else f"{clean(str(e.path))}, "
    return f"{text}\n    {_style(f'{path}relevance {e.score:.0%}', 'dim', colour)}"


def _stance(label: Label) -> str:
    return {Label.SUPPORTS: "for", Label.REFUTES: "against", Label.NOT_ENOUGH_INFO: "undecided"}[label]


def _page(e: Evidence) -> str:
    """The printed page, and the page of the file where they differ; the paragraph where there are no pages."""
    if e.page is None:
        return f"¶ {e.paragraph}" if e.paragraph else ""
    label = clean(e.page_label)
    return f"p. {label} (page {e.page} of the file)" if label and label != str(e.page) else f"p. {e.page}"


def _place_of(passage: Passage, *, paged: bool) -> str:
    one, more = ("p.", "pp.") if paged else ("¶", "¶¶")
    pages = sorted({s.page for s in passage.spans})
    page = f"{one} {pages[0]}" if len(pages) == 1 else f"{more} {pages[0]}-{pages[-1]}" if pages else ""
    return ", ".join(p for p in (page, clean(passage.section), KINDS.get(passage.kind, "")) if p) or "passage"


def _title(paper: Paper) -> str:
    return clean(paper.title) or f"untitled ({paper.id[:SHOWN_ID]})"


def _flags(paper: Paper) -> str:
    return f" [{', '.join(map(clean, paper.flags))}]" if paper.flags else ""


def _counted(verdict: Verdict) -> str:
    return f"{_count(verdict.n_for, 'paper')} for, {_count(verdict.n_against, 'paper')} against"


def _confidence(verdict: Verdict) -> str:
    if verdict.confidence is None:
        return clean(verdict.reason) or "not known (not calibrated)"
    known = f"{verdict.confidence:.0%} ({'calibrated' if verdict.calibrated else 'not calibrated'})"
    return f"{known}; {clean(verdict.reason)}" if verdict.reason else known


def _pages(of: Paper | FileReport) -> str:
    return _count(of.pages, "page" if of.paged else "paragraph")


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _style(text: str, name: str, colour: bool) -> str:
    return f"\x1b[{_STYLES[name]}m{text}\x1b[0m" if colour else text


def _wrap(text: str, width: int, *, indent: str = "") -> str:
    """Cleaned text in lines of at most `width` columns, the later ones indented; Chinese breaks anywhere, and a word
    longer than a line keeps a line of its own."""
    lines = [""]
    for piece in _PIECE.findall(clean(text)):
        if _columns(lines[-1] + piece.rstrip()) > width and lines[-1].strip():
            lines[-1] = lines[-1].rstrip()
            lines.append(indent + piece.lstrip())
        else:
            lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def _columns(text: str) -> int:
    """Columns a terminal gives the text: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) != 0 for c in text)
