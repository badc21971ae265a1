"""Where sentences end: precision, recall and F1 of the boundaries between them, beside a plain rule and pysbd.

    python benchmarks/sentences.py [--split test | dev]

Sets: the sentences written for this project (tests/data/sentences.jsonl, English and Chinese), and abstracts whose
sentences their makers list (SciFact's corpus, CSAbstruct dev), joined by a space. The lists of the second kind come
from other splitters and hold their errors: read those rows as agreement. A boundary is the place between two sentences
of a row; the row's end counts for nothing. Rules may be mended by `--split dev` (and, of the abstracts, by the halves
that it shows); `test` is only reported. The data lie in the folder named by ASSISTANT_SHARED (default: ../shared beside
the checkout). pysbd (MIT) is measured where it is installed: pip install pysbd.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.index import sentences as product

ROOT = Path(__file__).resolve().parents[1]
PLAIN = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
"""The rule to beat: a stop, then white space."""
SHOWN = 60
"""Characters on either side of an error that `--errors` prints."""

Splitter = Callable[[str, str], Sequence[str]]
"""Text and language -> its sentences, in order."""


@dataclass(frozen=True, slots=True)
class Row:
    """A text whose sentences are known."""

    language: str
    text: str
    ends: frozenset[int]


def row(language: str, sentences: Sequence[str]) -> Row:
    parts = [" ".join(s.split()) for s in sentences if s.strip()]
    joint = "" if language == "zh" else " "
    return Row(language, joint.join(parts), boundaries(parts))


def boundaries(sentences: Sequence[str]) -> frozenset[int]:
    """Characters other than white space before each boundary inside a text, the same for however it is spaced."""
    ends, seen = [], 0
    for sentence in sentences:
        seen += len("".join(sentence.split()))
        ends.append(seen)
    return frozenset(ends[:-1])


def written(split: str, language: str) -> list[Row]:
    lines = (ROOT / "tests" / "data" / "sentences.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [row(r["language"], r["sentences"]) for r in rows if (r["split"], r["language"]) == (split, language)]


def shared() -> Path:
    return Path(os.environ.get("ASSISTANT_SHARED") or ROOT.parent / "shared") / "data"


def read(path: Path) -> Iterator[dict[str, Any]]:
    data = path.read_bytes()
    yield from map(json.loads, (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines())


def scifact(split: str) -> list[Row]:
    """Abstracts with an even number for test, those with an odd one for dev."""
    wanted = 0 if split == "test" else 1
    found = read(shared() / "scifact" / "corpus.jsonl.gz")
    return [row("en", r["abstract"]) for r in found if int(r["doc_id"]) % 2 == wanted]


def csabstruct(split: str) -> list[Row]:
    name = "dev.jsonl" if split == "test" else "train.jsonl.gz"
    return [row("en", r["sentences"]) for r in read(shared() / "csabstruct" / name)]


def ours(text: str, language: str) -> list[str]:
    return [text[start:end] for start, end in product.sentences(text)]


def plain(text: str, language: str) -> list[str]:
    return PLAIN.split(text)


def load_pysbd() -> Splitter:
    import pysbd  # type: ignore[import-not-found]

    segmenters = {language: pysbd.Segmenter(language=language, clean=False) for language in ("en", "zh")}
    return lambda text, language: segmenters[language].segment(text)


def score(rows: Sequence[Row], splitter: Splitter) -> str:
    right = found = gold = 0
    begin = time.perf_counter()
    for r in rows:
        ends = boundaries(splitter(r.text, r.language))
        right, found, gold = right + len(ends & r.ends), found + len(ends), gold + len(r.ends)
    seconds = time.perf_counter() - begin
    precision, recall = right / max(found, 1), right / max(gold, 1)
    f1 = 2 * right / max(found + gold, 1)
    speed = sum(len(r.text) for r in rows) / seconds / 1e6
    return f"{gold:,} | {precision:.3f} | {recall:.3f} | {f1:.3f} | {speed:.2f}"


def errors(rows: Sequence[Row]) -> Iterator[str]:
    """Each boundary missed (-) or put in (+), with what stands around it."""
    for r in rows:
        ends = boundaries(ours(r.text, r.language))
        places = [i for i, c in enumerate(r.text) if not c.isspace()]
        for end in sorted(ends ^ r.ends):
            place = places[end]
            sign = "+" if end in ends else "-"
            yield f"{sign} {r.text[max(0, place - SHOWN) : place]}‖{r.text[place : place + SHOWN]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("test", "dev"), default="test")
    parser.add_argument("--errors", action="store_true", help="print the errors of the dev split instead")
    arguments = parser.parse_args()
    split = "dev" if arguments.errors else arguments.split
    sets = {"English": written(split, "en"), "Chinese": written(split, "zh")}
    sets["both"] = sets["English"] + sets["Chinese"]
    if shared().is_dir():
        sets |= {"SciFact abstracts": scifact(split), "CSAbstruct": csabstruct(split)}
    else:
        print(f"abstracts left out: no data in {shared()}; set ASSISTANT_SHARED to the folder that holds data/")
    if arguments.errors:
        for name, rows in sets.items():
            print(f"== {name}", *(errors(rows) if name != "both" else ()), sep="\n")
        return
    splitters: dict[str, Splitter] = {"assistant": ours, "stop and space": plain}
    if importlib.util.find_spec("pysbd"):
        splitters["pysbd"] = load_pysbd()
    else:
        print("pysbd left out: not installed (pip install pysbd)")
    print(
        f"\n{split}\n\n| set | splitter | boundaries | precision | recall | F1 | MB/s |\n|---|---|---|---|---|---|---|"
    )
    for name, rows in sets.items():
        for splitter_name, splitter in splitters.items():
            print(f"| {name} | {splitter_name} | {score(rows, splitter)} |", flush=True)


if __name__ == "__main__":
    main()
