"""What was measured on a user's own library, for a terminal, as a page and as pictures; all from the same numbers.

Knows results and files, not how they came about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant import charts
from assistant.errors import AssistantError
from assistant.finetune.report import opening, table
from assistant.library_gold import CLAIMS

REPORT, PAGE, RANKING, ABSTENTION = "report.json", "report.html", "ranking.png", "abstention.png"
MEASURES = ("recall@1", "recall@5", "recall@100", "ndcg@10", "mrr@10", "p50_ms", "p95_ms")
TELLS = (
    "The questions are made by rule from the passages themselves, so the numbers compare settings on these papers, and "
    "one day with another; they are higher than on questions that people ask.",
    "Search by words looks better here than it is: the queries are the passages' own words. A passage that answers as "
    "well as the one a query came from counts as wrong.",
    "What is to be declined are questions about invented things, about other fields, and about a thing that is there "
    "with one that is not. Negations are those that a rule can make, in English; none should be called SUPPORTS.",
)


def report_text(result: dict[str, Any], folder: Path | None = None) -> str:
    """The report for a terminal."""
    lines = [_made_of(result), ""]
    width = max(len(row[0]) for row in _retrieval(result))
    lines.append(" " * (width + 15) + "".join(f"{m:>12}" for m in MEASURES))
    lines += [
        f"{name:<{width}}  {kind:<12} " + "".join(f"{v:>12}" for v in values)
        for name, kind, *values in _retrieval(result)
    ]
    lines.append("")
    lines += [f"{name}: {value}" for rows in (_abstention(result), _negations(result)) for name, value in rows]
    lines += ["", *TELLS]
    return "\n".join([*lines, *([f"all of it: {folder / PAGE}"] if folder else [])])


def _made_of(result: dict[str, Any]) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in result["queries"].items())
    return (
        f"{result['works']} works, {result['passages']} passages, {result['embedder']}, seed {result['seed']}; {kinds}"
    )


def _retrieval(result: dict[str, Any]) -> list[list[str]]:
    """Ranking, kind of query, and the measures."""
    return [
        [name, kind, *(f"{row[m]:.1f}" if m.endswith("_ms") else f"{row[m]:.3f}" for m in MEASURES)]
        for name, kinds in result["retrieval"].items()
        for kind, row in kinds.items()
    ]


def _abstention(result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, row in result["abstention"].items():
        yield f"{name}, threshold {row['threshold']:g}: claims and keywords answered", _number(row["answered"])
        yield f"{name}: quoted first from the passage they came from", _number(row["quoted_from_its_passage"])
        yield f"{name}: questions without an answer declined", _number(row["declined"])
        yield from ((f"{name}:   {kind}", _number(share)) for kind, share in row["declined_by_kind"].items())


def _negations(result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    found = result["negations"]
    if not found["n"]:
        yield "statements checked", "none: no English sentence that a rule can negate"
        return
    for name in ("as it stands", "negated"):
        yield f"{found['n']} statements, {name}", ", ".join(f"{label} {n}" for label, n in found[name].items())
    yield "negations called SUPPORTS", _number(found["negated_supports"])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def page(result: dict[str, Any]) -> str:
    """The report as one HTML page without scripts or outside links; all text escaped."""
    parts = [
        *opening("The library, measured by its own passages"),
        "".join(f"<p>{text}</p>" for text in TELLS),
        table(["made of"], [[_made_of(result)]]),
        "<h2>Finding passages</h2>",
        charts.svg(ranking_chart(result), "Measures of each ranking over claims and keywords"),
        table(["ranking", "queries", *MEASURES], _retrieval(result)),
        "<h2>Answering and declining</h2>",
        charts.svg(abstention_chart(result), "Shares answered and declined by threshold"),
        table(["measure", "share"], list(_abstention(result))),
        "<h2>Statements and their negations</h2>",
        table(["measure", "value"], list(_negations(result))),
        table(["negations called SUPPORTS"], [[text] for text in result["negations"]["wrong"]]),
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def ranking_chart(result: dict[str, Any]) -> list[charts.Shape]:
    """A group of bars for each measure, a bar for each ranking; means over the queries made of sentences."""
    measures = [m for m in MEASURES if not m.endswith("_ms")]
    series = []
    for name, kinds in result["retrieval"].items():
        rows = [kinds[kind] for kind in CLAIMS if kind in kinds]
        series.append((name, [sum(row[m] for row in rows) / max(1, len(rows)) for m in measures]))
    return charts.bars(measures, series)


def abstention_chart(result: dict[str, Any]) -> list[charts.Shape]:
    """Two curves over the threshold for the settings as they are, and where theirs stands."""
    row = next(iter(result["abstention"].values()))
    known = [p for p in row["curve"] if p["answered"] is not None and p["declined"] is not None]
    answered = [(p["threshold"], p["answered"]) for p in known]
    declined = [(p["threshold"], p["declined"]) for p in known]
    now = [(row["threshold"], 0.0), (row["threshold"], 1.0)]
    return charts.curves("threshold (answer_above)", [("answered", answered), ("declined", declined), ("now", now)])


def write(folder: Path, result: dict[str, Any]) -> None:
    """report.json, report.html and two pictures, into a folder, which is made. AssistantError where it cannot be."""
    files = {
        REPORT: (json.dumps(result, indent=2, ensure_ascii=False) + "\n").encode(),
        PAGE: page(result).encode(),
        RANKING: charts.png(ranking_chart(result)),
        ABSTENTION: charts.png(abstention_chart(result)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            partial = folder / f"{name}.partial"
            partial.write_bytes(data)
            partial.replace(folder / name)
    except OSError as error:
        raise AssistantError(f"{folder} cannot be written ({error.strerror}); name another with --out") from error
