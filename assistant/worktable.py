"""A question or claim -> one row for each work: its best sentences, which way they point, and its verdict.

The whole of `assistant compare`; `assistant.comparison` groups the quotes of one answer. Stance is by the words of
`stance`; a work's verdict is its vote in `claims`, by the `Verifier` given, and without one nothing is judged. A
question that is no claim and asks for no yes or no has answers, but no stance.
"""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Sequence
from dataclasses import replace

from assistant.claims import Quoted, check
from assistant.config import Settings
from assistant.errors import LibraryError
from assistant.finding import checked, stop_if
from assistant.polarity import Axis, read
from assistant.quotes import Candidate, Retriever, as_evidence, choose, find_candidates, is_sentence, place
from assistant.relations import signs
from assistant.relations.phrases import AUXILIARIES
from assistant.rhetoric import Role, cues
from assistant.stance import stance
from assistant.types import Comparison, ComparisonRow, Evidence, Filters, Label, Paper
from assistant.verification import Verifier

QUOTES = 2
"""Sentences for each work, at most."""
PASSAGES = 6
"""Passages of each work that are read."""
MAX_ROWS = 12
"""Works in one table, at most, unless they are named: each costs about half a second."""
SCOUT = 60
"""Passages looked at to find the works that bear on the question."""
NOT_JUDGED = "not judged: no verifier"
NOT_A_CLAIM = "not judged: a question is no claim"
NO_FINDING = "not judged: its sentences say what was asked or done, not what was found"
NOTHING = "no sentence is likely enough to bear on this"
METHOD = "stance: words of direction and negations, sentence by sentence (polarity-1)"

_YES_NO = re.compile(r"^(?:do|does|did|is|are|was|were|can|could|has|have|had|will|would|may|should)\b", re.IGNORECASE)
_ASKS = re.compile(
    r"[?？]\s*$|^(?:what|which|who|whom|whose|when|where|why|how|compare|list|name|give|show|tell|explain|describe)\b",
    re.IGNORECASE,
)


def is_claim(text: str) -> bool:
    """Whether a text states something: neither a question nor a heading ("effects of velorite")."""
    text = text.strip()
    if _ASKS.search(text) or _YES_NO.match(text):
        return False
    words = re.findall(r"[^\W\d_]+", text.casefold())
    return len(words) >= 3 and any(w in AUXILIARIES or signs.transitive(w) or w in signs.LEADS for w in words[1:])


def compare_works(
    question: str,
    retriever: Retriever,
    *,
    papers: Sequence[Paper] = (),
    verifier: Verifier | None = None,
    filters: Filters | None = None,
    settings: Settings | None = None,
    cancel: threading.Event | None = None,
) -> Comparison:
    """One row for each work of `papers`, in their order, or where none are named for each that bears on the question,
    likeliest first. A work named without a likely sentence has an empty row that says so. Raises UsageError,
    LibraryError, and Cancelled when `cancel` is set."""
    settings, filters = settings or Settings(), filters or Filters()
    question = checked(question, "question")
    if not retriever.describe()[1]:
        raise LibraryError("the library holds no passages yet; add papers with: assistant ingest FOLDER")
    works = _works(papers) if papers else _found(question, retriever, filters)
    kept = works if papers else works[:MAX_ROWS]
    rows: list[ComparisonRow] = []
    n = 1
    for work in kept:
        stop_if(cancel)
        row = _row(question, work, n, retriever, filters, settings)
        if row.evidence or papers:
            rows.append(row)
            n += len(row.evidence)
    if not papers:
        rows = _renumbered(sorted(rows, key=lambda r: -max(e.score for e in r.evidence)))
    claim = is_claim(question)
    rows = [_judged(question, row, verifier, claim=claim) for row in rows]
    method = (
        METHOD if verifier is None or not claim else f"{METHOD}; verdict: {verifier.id}, on the likeliest sentences"
    )
    return Comparison(question, tuple(rows), claim, method, len(works) - len(kept))


def _works(papers: Sequence[Paper]) -> list[list[Paper]]:
    """The papers by work, works in the order they are first named."""
    works: dict[str, list[Paper]] = {}
    for paper in papers:
        works.setdefault(paper.work_id, []).append(paper)
    return list(works.values())


def _found(question: str, retriever: Retriever, filters: Filters) -> list[list[Paper]]:
    hits = retriever.search(question, k=SCOUT, filters=filters)
    papers = {h.passage.paper_id: retriever.paper(h.passage.paper_id) for h in hits}
    return _works(list(papers.values()))


def _row(
    question: str, work: Sequence[Paper], n: int, retriever: Retriever, filters: Filters, settings: Settings
) -> ComparisonRow:
    only = replace(filters, papers=tuple(p.id for p in work))
    hits = retriever.search(question, k=PASSAGES, filters=only)
    likely = [c for c in find_candidates(question, hits, retriever) if c.score >= settings.answer_above]
    stating = [c for c in likely if states(c.text)]
    chosen = choose(stating or likely, quotes=QUOTES)
    if not chosen:
        return ComparisonRow(work[0], note=NOTHING)
    evidence = [_placed(i, c, retriever) for i, c in enumerate(chosen, n)]
    if not (is_claim(question) or _YES_NO.match(question.strip())):
        return ComparisonRow(evidence[0].paper, tuple(evidence))
    judged = tuple(replace(e, stance=_stance(question, e)) for e in evidence)
    return ComparisonRow(judged[0].paper, judged, _side(judged))


def states(text: str) -> bool:
    """Whether a sentence reports something rather than says what is asked or how it was done: only such a one can be
    for or against a claim."""
    found = cues(" ".join(text.split()))
    return Role.OBJECTIVE not in found and (Role.METHOD not in found or Role.RESULT in found)


def _placed(n: int, candidate: Candidate, retriever: Retriever) -> Evidence:
    return place(as_evidence(n, candidate), candidate, retriever)


def _stance(question: str, e: Evidence) -> Label:
    points = any(cue.axis is not Axis.LINK for cue in read(question).cues) or is_claim(question)
    judged = points and is_sentence(e) and states(e.text)
    return stance(question, e.text) if judged else Label.NOT_ENOUGH_INFO


def _side(evidence: Sequence[Evidence]) -> Label:
    """The side whose sentences weigh more; none where they weigh the same."""
    weight = sum({Label.SUPPORTS: e.score, Label.REFUTES: -e.score}.get(e.stance or Label.NOT_ENOUGH_INFO, 0.0)
                 for e in evidence)  # fmt: skip
    return Label.SUPPORTS if weight > 0 else Label.REFUTES if weight < 0 else Label.NOT_ENOUGH_INFO


def _renumbered(rows: Sequence[ComparisonRow]) -> list[ComparisonRow]:
    n = 0
    renumbered = []
    for row in rows:
        renumbered.append(replace(row, evidence=tuple(replace(e, n=n + i) for i, e in enumerate(row.evidence, 1))))
        n += len(row.evidence)
    return renumbered


def _judged(question: str, row: ComparisonRow, verifier: Verifier | None, *, claim: bool) -> ComparisonRow:
    """The row with its work's vote, as `assistant check` counts it, on the sentences shown."""
    sentences = [e for e in row.evidence if is_sentence(e) and states(e.text)]
    if row.note:
        return row
    if not claim:
        return replace(row, note=NOT_A_CLAIM)
    if not sentences:
        return replace(row, note=NO_FINDING)
    if verifier is None:
        return replace(row, note=NOT_JUDGED)
    verdict = check(question, [Quoted(e, voice=row.paper.work_id) for e in sentences], verifier)
    return replace(row, verdict=verdict.papers[0]) if verdict.papers else replace(row, note=verdict.reason)


COLUMNS = (
    "paper_id", "title", "authors", "year", "stance", "verdict", "p_supports", "p_refutes", "p_not_enough_info",
    "pages", "sentences", "note", "path",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of cells that a spreadsheet would run (OWASP, CSV injection)."""


def comparison_csv(comparison: Comparison) -> str:
    """One line for each work under COLUMNS. Several sentences and their pages are parted by " | ". A cell that a
    spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in comparison.rows:
        writer.writerow([_cell(value) for value in _cells(row)])
    return out.getvalue()


def _cells(row: ComparisonRow) -> list[str]:
    paper, verdict = row.paper, row.verdict
    chances = verdict.probabilities if verdict and verdict.probabilities else None
    return [
        paper.id, paper.title, "; ".join(paper.authors), str(paper.year or ""), str(row.stance or ""),
        str(verdict.label) if verdict else "", *([f"{p:.4f}" for p in chances] if chances else ["", "", ""]),
        " | ".join(_page(e) for e in row.evidence), " | ".join(" ".join(e.text.split()) for e in row.evidence),
        row.note, str(paper.path or ""),
    ]  # fmt: skip


def _page(e: Evidence) -> str:
    return str(e.page) if e.page is not None else f"¶ {e.paragraph}" if e.paragraph is not None else ""


def _cell(text: str) -> str:
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return f"'{text}" if text.startswith(_FORMULA) else text
