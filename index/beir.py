"""A retrieval test collection in BEIR's form -> documents, queries and judgements.

A folder with corpus.jsonl ({"_id", "title", "text"}), queries.jsonl ({"_id", "text"}) and qrels/SPLIT.tsv (query,
document, score under a header), each as it is or gzipped (Thakur et al. 2021, arXiv:2104.08663). Knows no library.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import UsageError

Judgements = dict[str, dict[str, int]]
"""Query id -> document id -> relevance above 0."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Texts by id, and for each query that has any its relevant documents."""

    documents: dict[str, str]
    queries: dict[str, str]
    relevant: Judgements


def read_collection(folder: Path, split: str = "test") -> Collection:
    """The collection with the judgements of one split. Raises UsageError, by file and line, for what is missing or
    malformed, and where a judgement names a query that is not there."""
    relevant = _judgements(_file(folder, f"qrels/{split}.tsv"))
    documents = dict(_texts(_file(folder, "corpus.jsonl"), title=True))
    queries = dict(_texts(_file(folder, "queries.jsonl"), title=False))
    if missing := next((q for q in relevant if q not in queries), None):
        raise UsageError(f"qrels/{split} of {folder} names the query {missing!r}, which queries.jsonl does not hold")
    if not relevant:
        raise UsageError(f"qrels/{split} of {folder} holds no relevant document; choose another --split")
    if not documents:
        raise UsageError(f"the corpus of {folder} is empty")
    return Collection(documents, {q: queries[q] for q in relevant}, relevant)


def _file(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise UsageError(f"{folder} has no {name} (or {name}.gz); give a folder in BEIR's form")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines that are not blank."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}); check the file") from error


def _texts(path: Path, *, title: bool) -> Iterator[tuple[str, str]]:
    for number, line in _lines(path):
        try:
            row = json.loads(line)
            heading = str(row.get("title") or "") if title else ""
            yield str(row["_id"]), f"{heading} {row['text']}".strip()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f'{path}, line {number}: no JSON object with "_id" and "text"') from error


def _judgements(path: Path) -> Judgements:
    found: Judgements = {}
    for number, line in _lines(path):
        fields = line.split("\t")
        if number == 1 and not fields[-1].lstrip("-").isdigit():
            continue
        if len(fields) != 3 or not fields[2].lstrip("-").isdigit():
            raise UsageError(f"{path}, line {number}: not query, document and score between tabs")
        if int(fields[2]) > 0:
            found.setdefault(fields[0], {})[fields[1]] = int(fields[2])
    return found
