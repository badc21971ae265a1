"""Causal edges read by rule: how many are right, on sentences labelled for this project and on findings of trials.

    python benchmarks/relations.py [--split train | validation] [--wrong N]

The labelled sentences (`tests/data/relations.jsonl`): "dev" were looked at while rules were written, "new" only to be
counted. An edge is right where cause and effect share at least half of their words (Jaccard) with the labelled ones.

Evidence Inference (the folder named by ASSISTANT_SHARED, default ../shared beside the checkout): annotators say for an
intervention, a comparator and an outcome whether it increased, decreased or made no difference, and mark the evidence.
One row for each prompt and marked text. Counted are edges whose effect shares a word with the outcome and whose cause
shares one with the intervention alone, or with the comparator alone: then its sign is turned. The share found is of all
rows, many of which hold a table's row or say nothing of the direction.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.index.sentences import sentences
from assistant.polarity import read, stem
from assistant.relations.patterns import edges

ROOT = Path(__file__).resolve().parents[1]
SIGNS = {"increased": 1, "decreased": -1, "no_difference": 0}
LIKE = 0.5
"""Least Jaccard similarity of a cause (and an effect) with the labelled one."""
Row = dict[str, Any]


def likeness(a: str, b: str) -> float:
    mine, theirs = ({stem(w) for w in t.split()} for t in (a, b))
    return len(mine & theirs) / len(mine | theirs)


def labelled(split: str) -> Counter[str]:
    """Edges labelled, predicted, right, and right with their sign."""
    counts: Counter[str] = Counter()
    for line in (ROOT / "tests/data/relations.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] != split:
            continue
        text = row["text"]
        found = [(text[slice(*e.cause)], text[slice(*e.effect)], e.sign) for e in edges(text)]
        counts.update(sentences=1, labelled=len(row["edges"]), predicted=len(found))
        for gold in row["edges"]:
            like = [f for f in found if min(likeness(f[0], gold["cause"]), likeness(f[1], gold["effect"])) >= LIKE]
            counts.update(right=bool(like), signed=bool(like) and like[0][2] == gold["sign"])
    return counts


def trials(split: str) -> Iterator[Row]:
    shared = os.environ.get("ASSISTANT_SHARED") or ROOT.parent / "shared"
    folder = Path(shared) / "data" / "evidence_inference"
    path = folder / ("pairs_train.jsonl.gz" if split == "train" else "pairs_validation.jsonl")
    if not path.is_file():
        sys.exit(f"no data at {path}; set ASSISTANT_SHARED to the folder that holds data/")
    seen: set[tuple[str, str]] = set()
    data = path.read_bytes()
    for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines():
        row = json.loads(line)
        if (row["prompt_id"], row["evidence"]) not in seen:
            seen.add((row["prompt_id"], row["evidence"]))
            yield row


def about(row: Row) -> Iterator[tuple[str, str, str, int, int]]:
    """(sentence, cause, effect, sign as turned to the intervention, sign of the label) of each edge on the prompt."""
    mine, other, outcome = (read(row[k]).stems for k in ("intervention", "comparator", "outcome"))
    text = row["evidence"]
    for start, end in sentences(text):
        sentence = text[start:end]
        for edge in edges(sentence):
            cause, effect = sentence[slice(*edge.cause)], sentence[slice(*edge.effect)]
            named = read(cause).stems
            ours, theirs = bool(named & (mine - other)), bool(named & (other - mine))
            if read(effect).stems & outcome and ours != theirs:
                yield sentence, cause, effect, edge.sign * (1 if ours else -1), SIGNS[row["label"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("train", "validation"), default="train")
    parser.add_argument(
        "--wrong", type=int, default=0, metavar="N", help="print N edges with another sign than labelled"
    )
    arguments = parser.parse_args()
    for name in ("dev", "new"):
        c = labelled(name)
        print(
            f"labelled sentences, {name}: {c['sentences']} with {c['labelled']} edges; {c['predicted']} found, "
            f"precision {c['right'] / max(1, c['predicted']):.2f}, recall {c['right'] / max(1, c['labelled']):.2f}, "
            f"sign right in {c['signed']} of {c['right']}"
        )
    rows = list(trials(arguments.split))
    found = [(row, list(about(row))) for row in rows]
    hits = [edge for _, those in found for edge in those]
    wrong = [edge for edge in hits if edge[3] != edge[4]]
    pairs = Counter((gold, sign) for *_, sign, gold in hits)
    print(
        f"evidence inference, {arguments.split}: {len(rows)} rows, an edge on the prompt in "
        f"{sum(bool(t) for _, t in found) / len(rows):.1%}; {len(hits)} edges, "
        f"sign right {1 - len(wrong) / max(1, len(hits)):.1%}"
    )
    print("label -> sign:", {f"{g:+d} -> {s:+d}": n for (g, s), n in sorted(pairs.items())})
    for sentence, cause, effect, sign, gold in wrong[: arguments.wrong]:
        print(f"\n{cause!r} {sign:+d} {effect!r}, labelled {gold:+d}: {' '.join(sentence.split())}")


if __name__ == "__main__":
    main()
