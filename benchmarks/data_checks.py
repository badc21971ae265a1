"""Claims checked against tables: 60 hand-made claims over 6 made-up tables, by part and by right label.

    python benchmarks/data_checks.py [--part dev | test] [--wrong]

The claims were written and labelled before the code, all by one hand; rules were first mended by looking at "dev" only.
Data: tests/data/experiments.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from assistant.experiments import DataVerdict, check_table
from assistant.types import Label

DATA = Path(__file__).resolve().parents[1] / "tests" / "data" / "experiments"
Case = dict[str, str]


def read_cases(part: str = "") -> list[Case]:
    lines = (DATA / "claims.jsonl").read_text(encoding="utf-8").splitlines()
    cases: list[Case] = [json.loads(line) for line in lines]
    return [c for c in cases if part in ("", c["part"])]


def run(cases: list[Case]) -> list[tuple[Case, DataVerdict]]:
    return [(c, check_table(c["claim"], DATA / c["table"])) for c in cases]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("dev", "test"), default="")
    parser.add_argument("--wrong", action="store_true", help="show the claims that came out wrong")
    arguments = parser.parse_args()
    done = run(read_cases(arguments.part))
    print(
        "| part | claims | right | SUPPORTS | REFUTES | NOT_ENOUGH_INFO | undecidable called true |\n"
        + "|---" * 7
        + "|"
    )
    for part in [*sorted({c["part"] for c, _ in done}), "all"]:
        rows = [(c, v) for c, v in done if part in ("all", c["part"])]
        right = Counter(c["label"] for c, v in rows if c["label"] == v.label)
        total = Counter(c["label"] for c, _ in rows)
        false = sum(c["label"] == Label.NOT_ENOUGH_INFO and v.label is Label.SUPPORTS for c, v in rows)
        cells = " | ".join(f"{right[name]}/{total[name]}" for name in ("SUPPORTS", "REFUTES", "NOT_ENOUGH_INFO"))
        print(f"| {part} | {len(rows)} | {sum(right.values())} | {cells} | {false} |")
    for c, v in done if arguments.wrong else []:
        if c["label"] != v.label:
            print(f"\n{c['table']}: {c['claim']}\n  {c['label']} -> {v.label}; {v.read_as}; {v.reason}")


if __name__ == "__main__":
    main()
