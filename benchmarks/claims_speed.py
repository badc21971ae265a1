"""How long training takes: SciFact train pairs with the default recipe, by the real `finetune`.

    python benchmarks/claims_speed.py [--pairs 1300] [--epochs 5]

The pairs are those that benchmarks/claims_data.py makes of SciFact train, each gold rationale a row, near sentences of
the same abstract as NOT_ENOUGH_INFO, in the order of a hash; the rest, of other documents, is the dev file that each
epoch looks at, a fifth as many where there are so many. Early stopping is off, so that all epochs run. Minutes are the
whole call: import of torch, reading, training, looks, report and adapter. Run it where nothing else runs: it prints
the load average.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import tempfile
import time
from pathlib import Path

from claims_data import Row, read, scifact_train

from assistant.finetune import load_recipe, train
from assistant.finetune.data import similar_sentences

DEV_SHARE = 0.2
"""Rows of the dev file, as a part of those trained on; what the default recipe holds back."""
BUSY = 0.5
"""Load average above which a time says little about idle cores."""


def write_files(folder: Path, pairs: int) -> tuple[Path, Path]:
    """(train, dev): dev has none of train's documents."""
    choose = similar_sentences([r["abstract"] for r in read("scifact/corpus")])
    rows = list(scifact_train(read("scifact/pairs_train"), choose, random.Random(0)))
    rows.sort(key=lambda row: hashlib.sha256(json.dumps(row).encode()).hexdigest())
    by_document: dict[str, list[Row]] = {}
    for row in rows:
        by_document.setdefault(row["doc_id"], []).append(row)
    taken: list[Row] = []
    rest: list[Row] = []
    for group in by_document.values():
        (taken if len(taken) < pairs else rest).extend(group)
    files = folder / "train.jsonl", folder / "dev.jsonl"
    for path, part in zip(files, (taken[:pairs], rest[: int(pairs * DEV_SHARE)]), strict=True):
        path.write_text("".join(json.dumps(row) + "\n" for row in part), encoding="utf-8")
        print(f"{path.name}: {len(path.read_text(encoding='utf-8').splitlines())} rows of {len(rows)}")
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1300)
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"load average at start {load:.2f}, {os.cpu_count()} cores" + ("; not idle" if load > BUSY else ""))
    with tempfile.TemporaryDirectory() as folder:
        files = write_files(Path(folder), options.pairs)
        recipe = load_recipe(None, epochs=options.epochs, patience=0)
        began = time.perf_counter()
        train(files[0], Path(folder) / "out", dev=files[1:], recipe=recipe, device="cpu", say=print)
        seconds = time.perf_counter() - began
    rate = options.pairs * options.epochs / seconds
    print(f"{options.pairs} pairs x {options.epochs} epochs: {seconds / 60:.1f} minutes, {rate:.1f} pairs a second")


if __name__ == "__main__":
    main()
