"""What the built-in verifier is worth on SciFact dev (gold evidence) and, out of domain, on HealthVer dev.

    python benchmarks/claims_verifier.py [--adapter DIR] [--data build/claims] [--speed]

Reads the files that benchmarks/claims_data.py writes. Both sets are reported on and never trained or chosen on. The
calibration error is after scalings cross-fitted by document, and beside it by the adapter's own scaling.
Claim-only is TF-IDF and logistic regression fitted on SciFact train's claims. --speed also times 115-token pairs.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from assistant.finetune import calibration, evaluate
from assistant.finetune.data import Example, label_indices, read_examples
from assistant.finetune.verifier import Verifier, load_verifier

WORDS = "The treatment group had a significantly lower rate of recurrent events than the control group . "
SPEED_PAIRS = 256


def rows(name: str, examples: list[Example], verifier: Verifier, train: list[Example]) -> list[list[str]]:
    """Rows of the table for one file: all of it, and the documents that SciFact train does not cite."""
    logits = verifier.logits([(e.claim, e.evidence) for e in examples])
    known = {e.doc_id for e in train}
    new = np.array([e.doc_id not in known for e in examples])
    parts = [("all", np.ones(len(examples), dtype=bool)), ("new documents", new)]
    if new.all():
        del parts[1]
    return [[name, part, *_measure(logits, examples, keep, verifier, train)] for part, keep in parts]


def _measure(logits: Any, examples: list[Example], keep: Any, verifier: Verifier, train: list[Example]) -> list[str]:
    kept = [e for e, k in zip(examples, keep, strict=True) if k]
    gold, scores = label_indices(kept), logits[keep]
    own = calibration.scaled(scores, verifier.scaling)
    crossed = calibration.cross_fit(scores, gold, [e.doc_id for e in kept])
    said = own.argmax(axis=1)
    low, high = evaluate.bootstrap(gold, said)
    claims = evaluate.fitted_guesses([e.claim for e in train], label_indices(train), [e.claim for e in kept])
    surest = next(p for p in evaluate.coverage_curve(own, gold) if p["coverage"] == 0.7)
    f1, alone = evaluate.macro_f1(gold, said), evaluate.macro_f1(gold, claims)
    numbers = [(gold == said).mean(), alone, f1 - alone, evaluate.calibration_error(crossed, gold)]
    numbers += [evaluate.calibration_error(own, gold), surest["accuracy"], evaluate.false_supports(gold, said)]
    return [str(len(kept)), f"{f1:.3f} ({low:.3f} to {high:.3f})", *(f"{n:.3f}" for n in numbers)]


def speed(verifier: Verifier) -> float:
    """Pairs of 115 tokens a second, the import of torch not counted."""
    pairs = [("The treatment lowers the rate of events.", WORDS * 7)] * SPEED_PAIRS
    verifier.logits(pairs)
    began = time.perf_counter()
    verifier.logits(pairs)
    return SPEED_PAIRS / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--adapter", default="builtin")
    parser.add_argument("--data", type=Path, default=Path("build/claims"))
    parser.add_argument("--speed", action="store_true")
    arguments = parser.parse_args()
    verifier = load_verifier(arguments.adapter, device="cpu")
    if arguments.speed:
        print(f"{speed(verifier):.1f} pairs a second")
        return
    train = read_examples(arguments.data / "scifact_train.jsonl").examples
    print("| data | documents | n | macro-F1 (95 %) | accuracy | claim only | gain | ECE cross-fit | ECE as shipped "
          "| accuracy at 70 % | false SUPPORTS |")  # fmt: skip
    print("|" + "---|" * 11)
    for name in ("scifact_dev", "healthver"):
        for row in rows(name, read_examples(arguments.data / f"{name}.jsonl").examples, verifier, train):
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
