"""The JSON contract: answers, verdicts, papers and reports as plain dictionaries. Fields are only ever added.

Pure; knows the shape and nothing of who prints it. Every value survives `json.dumps` and `json.loads` as it is. A path
that is no text in the file system's encoding keeps its bytes as lone surrogates, so `os.fsencode` gives the file again:
print it with `ensure_ascii`, as `json.dumps` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.language import guess_language
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
    Provenance,
    ReasoningStep,
    Related,
    Relation,
    Span,
    Summary,
    Verdict,
)

if TYPE_CHECKING:
    from assistant.experiments import DataVerdict

Json = dict[str, Any]


def answer_json(answer: Answer) -> Json:
    """What `ask --json` prints."""
    return {
        "id": answer.id,
        "question": answer.question,
        "text": answer.text,
        "abstained": answer.abstained,
        "steps": [_step_json(s) for s in answer.steps],
        "evidence": [evidence_json(e) for e in answer.evidence],
        "verdicts": [_judgement_json(v) for v in answer.verdicts],
        "provenance": _provenance_json(answer.provenance),
        "timings": dict(answer.timings),
        "standalone": answer.standalone,
        "follow_ups": list(answer.follow_ups),
        "relations": [relation_json(r) for r in answer.relations],
    }


def verdict_json(verdict: Verdict) -> Json:
    """What `check --json` prints."""
    return {
        "claim": verdict.claim,
        **_judgement_json(verdict),
        "method": verdict.method,
        "papers": [_vote_json(p) for p in verdict.papers],
        "evidence": [evidence_json(e) for e in verdict.evidence],
    }


def data_verdict_json(verdict: DataVerdict) -> Json:
    """What `check --data --json` prints; `computation` is null where nothing was computed."""
    c = verdict.computation
    return {
        "claim": verdict.claim,
        "label": str(verdict.label),
        "path": _path_text(verdict.path),
        "read_as": verdict.read_as,
        "reason": verdict.reason,
        "computation": None if c is None else {**asdict(c), "form": str(c.form)},
        "considered": list(verdict.considered),
        "notes": list(verdict.notes),
    }


def relation_json(relation: Relation) -> Json:
    """One edge, as `Answer.relations` holds it."""
    return {
        "cause": relation.cause,
        "relation": relation.relation,
        "effect": relation.effect,
        "sign": relation.sign,
        "hedge": relation.hedge,
        "study": relation.study,
        "evidence": relation.evidence,
    }


def evidence_json(evidence: Evidence) -> Json:
    """A quote and its place; `page` and `boxes` repeat the first span. In a file without pages `page` is null, `boxes`
    is empty and `paragraph` says where the quote begins."""
    return {
        "n": evidence.n,
        "paper_id": evidence.paper.id,
        "work_id": evidence.paper.work_id,
        "title": evidence.paper.title,
        "path": None if evidence.path is None else _path_text(evidence.path),
        "page": evidence.page,
        "paragraph": evidence.paragraph,
        "page_label": evidence.page_label,
        "text": evidence.text,
        "spans": [_span_json(s) for s in evidence.spans],
        "boxes": _boxes_json(evidence.spans[0]) if evidence.spans else [],
        "context": {"text": evidence.passage.text},
        "section": evidence.passage.section,
        "score": float(evidence.score),
        "stance": None if evidence.stance is None else str(evidence.stance),
        "kind": str(evidence.passage.kind),
        "language": guess_language(evidence.passage.text),
    }


def file_json(report: FileReport) -> Json:
    """What `ingest --json` prints for one file."""
    return {
        "path": _path_text(report.path),
        "status": str(report.status),
        "reason": report.reason,
        "paper_id": report.paper_id,
        "pages": report.pages,
        "paged": report.paged,
        "passages": report.passages,
        "seconds": report.seconds,
    }


def summary_json(report: IngestReport) -> Json:
    """What `ingest --json` prints last: how many files ended in each way, and what they hold together."""
    return {
        "files": len(report.files),
        **{str(status): report.count(status) for status in FileStatus},
        "pages": sum(f.pages for f in report.files if f.paged),
        "passages": sum(f.passages for f in report.files),
        "seconds": report.seconds,
        "interrupted": report.interrupted,
    }


def paper_json(paper: Paper) -> Json:
    """One paper, as `papers --json` lists it."""
    return {
        "id": paper.id,
        "title": paper.title,
        "authors": list(paper.authors),
        "year": paper.year,
        "doi": paper.doi,
        "paths": [_path_text(p) for p in paper.paths],
        "pages": paper.pages,
        "paged": paper.paged,
        "passages": paper.passages,
        "status": str(paper.status),
        "flags": list(paper.flags),
        "work_id": paper.work_id,
        "arxiv": paper.arxiv,
        "pmid": paper.pmid,
        "venue": paper.venue,
        "source": paper.source,
    }


def related_json(related: Related) -> Json:
    """What `papers show --json` adds to a paper: ids of other papers of the library."""
    return {
        "work": [p.id for p in related.work],
        "near_duplicates": [{"paper_id": p.id, "share": round(share, 3)} for p, share in related.near_duplicates],
        "references": [
            {
                "label": r.label,
                "text": r.text,
                "title": r.title,
                "year": r.year,
                "doi": r.doi,
                "arxiv": r.arxiv,
                "paper_id": None if p is None else p.id,
            }
            for r, p in related.references
        ],
        "cited_by": [p.id for p in related.cited_by],
    }


def health_json(checks: Iterable[HealthCheck]) -> Json:
    """What `doctor --json` prints; `ok` when every check is."""
    listed = [{"name": c.name, "ok": c.ok, "detail": c.detail} for c in checks]
    return {"ok": all(c["ok"] for c in listed), "checks": listed}


def comparison_json(comparison: Comparison) -> Json:
    """What `compare --json` prints."""
    return {
        "question": comparison.question,
        "claim": comparison.claim,
        "method": comparison.method,
        "left_out": comparison.left_out,
        "rows": [_row_json(row) for row in comparison.rows],
    }


def _row_json(row: ComparisonRow) -> Json:
    verdict = row.verdict
    return {
        "paper": paper_json(row.paper),
        "stance": None if row.stance is None else str(row.stance),
        "verdict": None if verdict is None else str(verdict.label),
        "probabilities": list(verdict.probabilities) if verdict and verdict.probabilities else None,
        "judged_on": list(verdict.evidence) if verdict else [],
        "note": row.note,
        "evidence": [evidence_json(e) for e in row.evidence],
    }


def paper_summary_json(summary: Summary) -> Json:
    """What `summary --json` prints."""
    return {
        "paper": paper_json(summary.paper),
        "lines": [{"part": str(line.part), "evidence": evidence_json(line.evidence)} for line in summary.lines],
        "notes": list(summary.notes),
    }


def _step_json(step: ReasoningStep) -> Json:
    return {
        "kind": str(step.kind),
        "text": step.text,
        "evidence": list(step.evidence),
        "verdict": None if step.verdict is None else _judgement_json(step.verdict),
        "quote": step.quote,
        "note": step.note,
    }


def _judgement_json(verdict: Verdict) -> Json:
    return {
        "label": str(verdict.label),
        "confidence": verdict.confidence,
        "calibrated": verdict.calibrated,
        "conflict": verdict.conflict,
        "n_for": verdict.n_for,
        "n_against": verdict.n_against,
        "reason": verdict.reason,
        "mismatches": list(verdict.mismatches),
    }


def _vote_json(vote: PaperVerdict) -> Json:
    """A work's one vote; `evidence` names the quotes it rests on, and the best against it."""
    names = (Label.SUPPORTS, Label.REFUTES, Label.NOT_ENOUGH_INFO)
    known = None if vote.probabilities is None else dict(zip(map(str, names), vote.probabilities, strict=True))
    return {
        "paper_id": vote.paper.id,
        "work_id": vote.paper.work_id,
        "title": vote.paper.title,
        "label": str(vote.label),
        "probabilities": known,
        "evidence": list(vote.evidence),
    }


def _provenance_json(provenance: Provenance) -> Json:
    return {
        "library_generation": provenance.library_generation,
        "reader": provenance.reader,
        "embedder": provenance.embedder,
        "models": list(provenance.models),
        "seed": provenance.seed,
        "prompts": provenance.prompts,
        "passages": list(provenance.passages),
        "counts": dict(provenance.counts),
    }


def _span_json(span: Span) -> Json:
    return {"page": span.page, "start": span.start, "end": span.end, "boxes": _boxes_json(span)}


def _boxes_json(span: Span) -> list[list[float]]:
    return [list(box) for box in span.boxes]


def _path_text(path: Path) -> str:
    return str(path.absolute())
