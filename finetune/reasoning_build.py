"""Rows of reasoning from what others have: SciFact-like rationales, entailment trees, answers a person has reviewed.

Deterministic. Knows the three formats; no model judges anything here, and what the sources do not say is not made up.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from assistant.finetune.adapters import write_whole
from assistant.finetune.data import BadRow, cited_abstracts, file_rows, label_map, read_corpus, read_label
from assistant.finetune.reasoning_format import TYPES, BadChain, make_chain, plain
from assistant.types import Label, StepKind

Json = dict[str, Any]

_TYPE_WORDS = (
    (StepKind.QUANTITATIVE, r"\d\s?%|\d[.,]\d|\bp\s?[<=]|\bratio\b|\bpercent"),
    (StepKind.CAUSAL, r"\b(?:caus\w+|leads? to|led to|because|results? in|induc\w+|due to|make[s]?|affect\w*)\b"),
    (StepKind.COMPARISON, r"\b(?:than|compared|more|less|higher|lower|greater|least|most)\b"),
)
"""Words that give a step's type away, looked for in this order; none: an observation."""
_PROOF = re.compile(r"(?P<premises>(?:\w+)(?: & \w+)*) -> (?P<name>hypothesis|int\d+)(?:: (?P<text>.+))?")
CLOSING = {
    Label.SUPPORTS: "The evidence supports the claim: {claim}",
    Label.REFUTES: "The evidence contradicts the claim: {claim}",
    Label.NOT_ENOUGH_INFO: "The evidence does not decide the claim: {claim}",
}


@dataclass(frozen=True, slots=True)
class Built:
    """How many rows were written, from each file, and which were left out and why."""

    rows: Mapping[str, int]
    left_out: list[str]


def build(
    out: Path,
    *,
    rationales: Sequence[Path] = (),
    trees: Sequence[Path] = (),
    reviewed: Sequence[Path] = (),
    corpus: Path | None = None,
    seed: int = 0,
) -> Built:
    """Write `out` (JSONL) from files of rationales, trees and reviewed answers, in that order.

    `seed` decides the order in which a tree's sentences are shown. Rows that would not pass `read_rows` are left out
    and named. Raises UsageError where no file is given, one cannot be read, or nothing is left.
    """
    sources = [
        *((p, _from_rationales(p, corpus)) for p in rationales),
        *((p, _from_trees(p, seed)) for p in trees),
        *((p, _from_reviewed(p)) for p in reviewed),
    ]
    if not sources:
        raise UsageError("nothing to build from; give files with --rationales, --trees or --reviewed")
    lines: list[str] = []
    counts: dict[str, int] = {}
    left_out: list[str] = []
    for path, rows in sources:
        before = len(lines)
        for where, row in rows:
            try:
                lines.append(_line(row))
            except (BadRow, BadChain) as error:
                left_out.append(f"{where}: {error}")
        counts[str(path)] = counts.get(str(path), 0) + len(lines) - before
    if not lines:
        raise UsageError(f"no usable row in {', '.join(counts)}; the first left out: {(left_out or ['none there'])[0]}")
    try:
        write_whole(out, lambda fresh: fresh.write_text("".join(lines), encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{out} cannot be written ({error.strerror}); choose another --out") from error
    return Built(counts, left_out)


def _line(row: Json | BadRow) -> str:
    if isinstance(row, BadRow):
        raise row
    label = None if row["label"] is None else Label(row["label"])
    make_chain(row["steps"], row["conclusion"], label, row["evidence"])
    return json.dumps(row, ensure_ascii=False) + "\n"


def step(evidence: Sequence[int], quote: str, inference: str) -> Json:
    """A step as a row has it; its type is told from the words of the inference."""
    kind = next((k for k, words in _TYPE_WORDS if re.search(words, inference, re.IGNORECASE)), StepKind.OBSERVATION)
    return {"evidence": list(evidence), "quote": quote, "inference": inference, "type": str(kind)}


def _from_rationales(path: Path, corpus: Path | None) -> Iterator[tuple[str, Json | BadRow]]:
    """SciFact's claims with a corpus, or pairs with `abstract` and `rationales`: a step for each rationale.

    SciFact has no inferences in words: a step's is what its sentences say.
    """
    known = label_map({})
    first = next((row for _, row in file_rows(path) if isinstance(row, dict)), {})
    abstracts = read_corpus(path, corpus) if "cited_doc_ids" in first else {}
    for number, row in file_rows(path):
        where = f"{path}:{number}"
        try:
            if isinstance(row, BadRow):
                raise row
            for pair in cited_abstracts(row, abstracts) if abstracts else [row]:
                yield where, _rationale_row(pair, known)
        except BadRow as error:
            yield where, error


def _rationale_row(pair: Json, labels: Mapping[str, Label]) -> Json:
    label, claim, abstract = read_label(pair.get("label"), labels), pair.get("claim"), pair.get("abstract")
    if not isinstance(claim, str) or not claim.strip():
        raise BadRow("has no claim")
    if not isinstance(abstract, list) or not abstract:
        raise BadRow("has no abstract (a list of sentences)")
    sentences = [plain(str(s)) for s in abstract]
    decided = label is not Label.NOT_ENOUGH_INFO
    rationales = [sorted({int(i) for i in r}) for r in pair.get("rationales") or []] if decided else []
    if any(not 0 <= i < len(sentences) for r in rationales for i in r):
        raise BadRow("has a rationale that names a sentence which is not there")
    steps = [step([i + 1 for i in r], sentences[r[0]], " ".join(sentences[i] for i in r)) for r in rationales if r]
    return {
        "claim": plain(claim), "evidence": sentences, "steps": steps,
        "conclusion": CLOSING[label].format(claim=plain(claim)), "label": str(label),
        "doc_id": str(pair.get("doc_id", "")),
    }  # fmt: skip


def _from_trees(path: Path, seed: int) -> Iterator[tuple[str, Json | BadRow]]:
    """EntailmentBank (Dalvi et al. 2021, arXiv:2104.08661): each inner node a step, the hypothesis the conclusion."""
    for number, row in file_rows(path):
        where = f"{path}:{number}"
        try:
            if isinstance(row, BadRow):
                raise row
            yield where, _tree_row(row, seed)
        except BadRow as error:
            yield where, error


def _tree_row(row: Json, seed: int) -> Json:
    """A node's evidence: the sentences it rests on, its own premises first, then those of the nodes below it."""
    sentences, proof = row.get("sentences"), row.get("proof")
    if not isinstance(sentences, dict) or not sentences or not isinstance(proof, str):
        raise BadRow("is no entailment tree (sentences, proof)")
    names = sorted(sentences)
    random.Random(f"{seed}/{row.get('id')}").shuffle(names)  # noqa: S311 - an order, no secret
    places = {name: n for n, name in enumerate(names, start=1)}
    texts = [plain(str(sentences[name])) for name in names]
    leaves = {name: [n] for name, n in places.items()}
    steps = []
    for part in filter(None, (p.strip() for p in proof.split(";"))):
        found = _PROOF.fullmatch(part)
        if found is None or not all(p in leaves for p in found["premises"].split(" & ")):
            raise BadRow(f"has a proof that cannot be read at {part[:60]!r}")
        premises = sorted(found["premises"].split(" & "), key=lambda p: p not in places)
        ids = list(dict.fromkeys(n for p in premises for n in leaves[p]))
        leaves[found["name"]] = ids
        inference = plain(found["text"] or str(row.get("hypothesis", "")))
        last = found["name"] == "hypothesis"
        made = step(ids, texts[ids[0] - 1], inference)
        steps.append(made | {"type": str(StepKind.CONCLUSION)} if last else made)
    return {
        "question": plain(str(row.get("question", ""))), "evidence": texts, "steps": steps,
        "conclusion": plain(str(row.get("hypothesis", ""))), "label": None, "doc_id": f"tree:{row.get('id', '')}",
    }  # fmt: skip


def _from_reviewed(path: Path) -> Iterator[tuple[str, Json | BadRow]]:
    """Answers as `ask --json` prints them (or rows of reasoning), with `"accepted": true` where a person agrees."""
    for number, row in file_rows(path):
        where = f"{path}:{number}"
        try:
            if isinstance(row, BadRow):
                raise row
            if row.get("accepted") is not True:
                raise BadRow('is not reviewed or not accepted (it needs "accepted": true)')
            yield where, _reviewed_row(row)
        except BadRow as error:
            yield where, error
        except (KeyError, TypeError, AttributeError):
            yield where, BadRow("is no answer as ask --json prints it")


def _reviewed_row(row: Json) -> Json:
    """Steps that were refused (`"accepted": false`) or that only tell how the answer came about are left out."""
    shown = {e["n"]: plain(e.get("context", {}).get("text") or e["text"]) for e in row["evidence"]}
    quotes = {e["n"]: plain(e["text"]) for e in row["evidence"]}
    places = {n: place for place, n in enumerate(shown, start=1)}
    steps = []
    for raw in row["steps"]:
        if raw.get("kind") not in TYPES or raw.get("accepted") is False or not raw["evidence"]:
            continue
        quote = plain(raw.get("quote") or quotes[raw["evidence"][0]])
        ids = [places[n] for n in raw["evidence"]]
        steps.append({"evidence": ids, "quote": quote, "inference": _unnumbered(raw["text"]), "type": raw["kind"]})
    verdict = row["verdicts"][0]["label"] if row.get("claim") and row.get("verdicts") else None
    return {
        "question": plain(row.get("standalone") or row["question"]), "evidence": list(shown.values()), "steps": steps,
        "conclusion": _unnumbered(row["text"]), "label": verdict, "doc_id": _papers(row["evidence"]),
    }  # fmt: skip


def _unnumbered(text: str) -> str:
    """Without the [n] of the answer, whose numbers are not those of the row."""
    return plain(re.sub(r"\s*\[\d+\]", "", text))


def _papers(evidence: Sequence[Json]) -> str:
    """Answers from the same papers are of one document."""
    return "+".join(sorted({str(e.get("paper_id", ""))[:16] for e in evidence}))
