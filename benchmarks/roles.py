"""Roles of sentences in abstracts (CSABSTRUCT): macro-F1 of the rule of cue words and place.

    python benchmarks/roles.py [--split train | dev]

The rule was written by looking at train; dev is only reported. The set knows no "limit": a sentence so called counts as
a result. The baseline gives every sentence the commonest role of its place. The data lie in the folder named by
ASSISTANT_SHARED (default: ../shared beside the checkout).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from pathlib import Path
from typing import Any

from sklearn.metrics import classification_report, f1_score  # type: ignore[import-untyped]

from assistant.rhetoric import Role, roles

Row = dict[str, Any]
LABELS = ["background", "objective", "method", "result", "other"]


def read(split: str) -> list[Row]:
    shared = os.environ.get("ASSISTANT_SHARED") or Path(__file__).resolve().parents[2] / "shared"
    path = Path(shared) / "data" / "csabstruct" / ("train.jsonl.gz" if split == "train" else "dev.jsonl")
    if not path.is_file():
        sys.exit(f"no data at {path}; set ASSISTANT_SHARED to the folder that holds data/")
    data = path.read_bytes()
    return [json.loads(line) for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()]


def named(role: Role) -> str:
    return "result" if role is Role.LIMIT else str(role)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("train", "dev"), default="dev")
    rows = read(parser.parse_args().split)
    gold = [label for row in rows for label in row["labels"]]
    found = [named(role) for row in rows for role in roles(row["sentences"])]
    place = [named(role) for row in rows for role in roles(["-"] * len(row["sentences"]))]
    print(f"{len(rows)} abstracts, {len(gold)} sentences")
    for name, guess in (("rule", found), ("place alone", place)):
        macro = f1_score(gold, guess, average="macro", labels=LABELS)
        right = sum(a == b for a, b in zip(gold, guess, strict=True)) / len(gold)
        print(f"{name}: macro-F1 {macro:.3f}, accuracy {right:.3f}")
    print(classification_report(gold, found, labels=LABELS, digits=2, zero_division=0))


if __name__ == "__main__":
    main()
