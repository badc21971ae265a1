"""Files of claims -> examples; splits by document; a report of what two splits share.

Reads JSON lines, CSV, TSV (each also gzipped) and SciFact's own files. Knows no model and no training.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from assistant.errors import UsageError
from assistant.types import Label

LABELS = (Label.SUPPORTS, Label.REFUTES, Label.NOT_ENOUGH_INFO)
"""The order of every array of logits, probabilities and counts."""
SPELLINGS = {
    Label.SUPPORTS: ("supports", "support", "supported", "entailment", "entails", "entailed", "yes", "true"),
    Label.REFUTES: (
        "refutes", "refute", "refuted", "contradiction", "contradict", "contradicts", "contradicted", "no", "false",
    ),
    Label.NOT_ENOUGH_INFO: (
        "not_enough_info", "not_enough_information", "notenoughinfo", "nei", "neutral", "unknown", "maybe",
    ),
}  # fmt: skip
NAMES = {
    "claim": ("claim", "hypothesis"),
    "evidence": ("evidence", "premise"),
    "label": ("label", "verdict"),
    "doc_id": ("doc_id", "document", "paper_id", "pmid"),
}
"""A field and the column names it goes by."""
LEAST_ROWS = 8
NEI_SENTENCES = 2
"""Sentences shown where an abstract has no evidence: SciFact's baseline shows two."""
NEAR_DUPLICATE = 0.6
"""Jaccard similarity of two claims' words from which they count as near-duplicates: 116 of SciFact's 300 dev claims
reach it with a train claim."""
SHOWN = 3
HASH_DIGITS = 12


class Documented(Protocol):
    """A row of some document."""

    @property
    def doc_id(self) -> str: ...

    @property
    def claim(self) -> str:
        """What is said or asked of it."""
        ...


Row = TypeVar("Row", bound=Documented)


class BadRow(ValueError):
    """A row that cannot be an example; the message says why, without the place."""


@dataclass(frozen=True, slots=True)
class Example:
    """A claim, the evidence it is judged by, the label. `doc_id` groups rows of one paper; `where` is file:line."""

    claim: str
    evidence: str
    label: Label
    doc_id: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file held. `bad` names each skipped row and why; it is empty unless skipping was asked for."""

    examples: list[Example]
    bad: list[str]


@dataclass(frozen=True, slots=True)
class Leak:
    """What split `a` shares with split `b`: documents, and claims with a near-duplicate; a few of each, to look at."""

    a: str
    b: str
    documents: int
    claims: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        shown = f" ({'; '.join(self.examples)})" if self.examples else ""
        return f"{self.a} / {self.b}: {self.documents} documents and {self.claims} near-duplicate claims shared{shown}"


def read_examples(
    path: Path, *, corpus: Path | None = None, labels: Mapping[str, str] | None = None, skip_bad: bool = False
) -> Reading:
    """The examples of one file, in its order.

    `corpus` is SciFact's corpus for its claims file (default: corpus.jsonl[.gz] beside it). `labels` maps further
    spellings to the three. Raises UsageError for a missing or unreadable file and, unless `skip_bad`, for the first
    bad row, by file and line.
    """
    known = label_map(labels or {})
    read = _reader(path, corpus, known)
    examples: list[Example] = []
    bad: list[str] = []
    for number, row in file_rows(path):
        where = f"{path}:{number}"
        try:
            if isinstance(row, BadRow):
                raise row
            examples.extend(read(row, where))
        except BadRow as error:
            if not skip_bad:
                raise UsageError(f"{where}: {error}; mend the row, or skip such rows with --skip-bad") from error
            bad.append(f"{where}: {error}")
    return Reading(examples, bad)


def label_indices(examples: Iterable[Example]) -> NDArray[np.int64]:
    """Positions of the gold labels in LABELS."""
    return np.array([LABELS.index(e.label) for e in examples], dtype=np.int64)


def document_hash(doc_id: str) -> str:
    """A short name of a document that does not give its id away."""
    return hashlib.sha256(doc_id.encode("utf-8", "replace")).hexdigest()[:HASH_DIGITS]


def check_trainable(examples: Sequence[Example], what: str) -> None:
    """Raises UsageError where nothing can be learned: fewer than 8 rows, one class only, one document only."""
    if len(examples) < LEAST_ROWS:
        raise UsageError(f"{what} has {len(examples)} usable rows; at least {LEAST_ROWS} are needed to train")
    present = {e.label for e in examples}
    if len(present) < 2:
        raise UsageError(f"{what} has one class only ({present.pop()}); at least two are needed to learn a difference")


def split_by_document(examples: Sequence[Row], *, share: float, seed: int) -> tuple[list[Row], list[Row]]:
    """(kept, held back): about `share` of the rows are held back, a document's rows always on one side.

    Raises UsageError where nothing is to be held back or there is one document only.
    """
    if not share:
        raise UsageError("held_back is 0, so nothing says when to stop; give a share, or a file with --dev")
    sizes = Counter(e.doc_id for e in examples)
    if len(sizes) < 2:
        raise UsageError("all rows are of one document, so none can be held back; give doc_id, or a file with --dev")
    order = sorted(sizes)
    random.Random(seed).shuffle(order)  # noqa: S311 - a split, no secret
    held: set[str] = set()
    rows = 0
    for doc_id in order[:-1]:
        if rows >= share * len(examples):
            break
        held.add(doc_id)
        rows += sizes[doc_id]
    return [e for e in examples if e.doc_id not in held], [e for e in examples if e.doc_id in held]


def apart(train: Sequence[Documented], dev: Sequence[Row], drop: bool) -> tuple[list[Row], int]:
    """The dev rows whose documents train does not have, and how many others were left out.

    UsageError where there are others and `drop` is not set, and where nothing is left.
    """
    known = {e.doc_id for e in train}
    shared = sorted({e.doc_id for e in dev} & known)
    if shared and not drop:
        raise UsageError(
            f"dev shares {len(shared)} documents with train (one is {shared[0]}), so it cannot say when to stop; "
            "give a dev file with other documents, or leave those rows out with --drop-shared"
        )
    kept = [e for e in dev if e.doc_id not in known]
    if not kept:
        raise UsageError("every document of dev is in train too; give a dev file with other documents")
    return kept, len(dev) - len(kept)


def find_leaks(splits: Mapping[str, Sequence[Documented]]) -> list[Leak]:
    """For each pair of non-empty splits, in order, what the second shares with the first."""
    names = [n for n, examples in splits.items() if examples]
    return [_leak(a, splits[a], b, splits[b]) for i, a in enumerate(names) for b in names[i + 1 :]]


def _leak(a: str, first: Sequence[Documented], b: str, second: Sequence[Documented]) -> Leak:
    documents = sorted({e.doc_id for e in first} & {e.doc_id for e in second})
    claims = near_duplicates([e.claim for e in first], [e.claim for e in second])
    shown = [f"document {d}" for d in documents[:SHOWN]] + [f"{x!r} ~ {y!r}" for x, y in list(claims.items())[:SHOWN]]
    return Leak(a, b, len(documents), len(claims), tuple(shown))


def near_duplicates(first: Iterable[str], second: Iterable[str]) -> dict[str, str]:
    """Each claim of `second` that has a near-duplicate in `first` -> that one.

    Exact, by prefix filtering (Chaudhuri et al. 2006): two sets of Jaccard similarity t share one of the
    |x| - ceil(t |x|) + 1 rarest words of either.
    """
    sides = [{c: frozenset(re.findall(r"\w+", c.casefold())) for c in dict.fromkeys(side)} for side in (first, second)]
    frequency = Counter(word for side in sides for words in side.values() for word in words)
    index: dict[str, list[str]] = defaultdict(list)
    for claim, words in sides[0].items():
        for word in _prefix(words, frequency):
            index[word].append(claim)
    found: dict[str, str] = {}
    for claim, words in sides[1].items():
        others = dict.fromkeys(o for word in _prefix(words, frequency) for o in index[word])
        match = next((o for o in others if _jaccard(words, sides[0][o]) >= NEAR_DUPLICATE), None)
        if match is not None:
            found[claim] = match
    return found


def _prefix(words: frozenset[str], frequency: Mapping[str, int]) -> list[str]:
    needed = -int(-NEAR_DUPLICATE * len(words) // 1)
    return sorted(words, key=lambda w: (frequency[w], w))[: len(words) - needed + 1]


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / max(len(a | b), 1)


def label_map(extra: Mapping[str, str]) -> dict[str, Label]:
    """Spelling -> label: the known ones and `extra`. UsageError for a label that is none."""
    known = {spelling: label for label, spellings in SPELLINGS.items() for spelling in spellings}
    for spelling, name in extra.items():
        if name not in Label.__members__:
            raise UsageError(f"label {spelling!r} is mapped to {name!r}; map it to one of {', '.join(Label)}")
        known[_spelling(spelling)] = Label(name)
    return known


def _spelling(label: object) -> str:
    return re.sub(r"[\s_-]+", "_", str(label).strip().casefold())


def file_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    """(line number, row) of a file; the format goes by its name. UsageError where it cannot be read."""
    kind = (path.suffixes[-2:] or [""])[0] if path.suffix == ".gz" else path.suffix
    if kind not in (".jsonl", ".json", ".csv", ".tsv"):
        raise UsageError(f"{path}: cannot tell the format from the name; use .jsonl, .csv or .tsv (also with .gz)")
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}); check the path and that it is UTF-8 text") from error
    return _json_rows(text) if kind in (".jsonl", ".json") else _table_rows(text, path, "\t" if kind == ".tsv" else ",")


def _json_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            yield number, BadRow("is no JSON")
            continue
        yield number, row if isinstance(row, dict) else BadRow("is no JSON object")


def _table_rows(text: str, path: Path, delimiter: str) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    missing = [f for f in ("claim", "evidence", "label") if not set(NAMES[f]) & set(lines.fieldnames or ())]
    if missing:
        raise UsageError(f"{path}:1: the header has no column {missing[0]!r}; name the columns claim, evidence, label")
    while True:
        try:
            row: dict[str, Any] = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            yield lines.line_num, BadRow(f"is no row of the table ({error})")
            return
        yield lines.line_num, BadRow("has more cells than the header") if None in row else row


Read = Callable[[dict[str, Any], str], list[Example]]


def _reader(path: Path, corpus: Path | None, labels: Mapping[str, Label]) -> Read:
    """How a row of this file becomes examples: SciFact's claims, SciFact's pairs, or a plain row."""
    first = next((row for _, row in file_rows(path) if isinstance(row, dict)), {})
    if "cited_doc_ids" in first:
        abstracts = read_corpus(path, corpus)
        choose = similar_sentences(abstracts.values())
        return lambda row, where: _scifact_claim(row, where, abstracts, choose, labels)
    if "abstract" in first and "rationales" in first:
        rows = (r for _, r in file_rows(path) if isinstance(r, dict))
        choose = similar_sentences([r["abstract"] for r in rows if "abstract" in r])
        return lambda row, where: [_scifact_pair(row, where, choose, labels)]
    return lambda row, where: [_plain(row, where, labels)]


def _plain(row: dict[str, Any], where: str, labels: Mapping[str, Label]) -> Example:
    values = {f: next((row[n] for n in names if row.get(n) is not None), None) for f, names in NAMES.items()}
    evidence = values["evidence"]
    if isinstance(evidence, list):
        evidence = " ".join(str(s).strip() for s in evidence)
    doc_id = "" if values["doc_id"] is None else str(values["doc_id"]).strip()
    return make_example(values["claim"], evidence, read_label(values["label"], labels), doc_id, where)


def make_example(claim: object, evidence: object, label: Label, doc_id: str = "", where: str = "") -> Example:
    """An example with clean texts; rows with the same evidence and no `doc_id` are of one document. BadRow if empty."""
    texts = []
    for name, text in (("claim", claim), ("evidence", evidence)):
        if not isinstance(text, str) or not text.strip():
            raise BadRow(f"has no {name}")
        texts.append(" ".join(text.split()))
    return Example(texts[0], texts[1], label, doc_id or "text:" + text_digest(texts[1]), where)


def text_digest(text: str) -> str:
    """A short name of a text, whatever its case."""
    return hashlib.sha256(text.casefold().encode("utf-8", "replace")).hexdigest()[:16]


def read_label(value: object, labels: Mapping[str, Label]) -> Label:
    """The label a value spells. BadRow for none and unknown ones."""
    if value is None or not str(value).strip():
        raise BadRow("has no label")
    label = labels.get(_spelling(value))
    if label is None:
        raise BadRow(f"has the label {value!r}, which is none of the known ones (map it with --label-map)")
    return label


def read_corpus(path: Path, corpus: Path | None) -> dict[str, list[str]]:
    """SciFact's corpus of a claims file (default: corpus.jsonl[.gz] beside it): document -> sentences."""
    places = [corpus] if corpus else [path.with_name("corpus.jsonl"), path.with_name("corpus.jsonl.gz")]
    found = next((p for p in places if p.is_file()), None)
    if found is None:
        raise UsageError(f"{path} holds SciFact's claims, but there is no {places[0]}; name the corpus with --corpus")
    rows = (row for _, row in file_rows(found) if isinstance(row, dict))
    return {str(r["doc_id"]): [str(s) for s in r["abstract"]] for r in rows if "doc_id" in r and "abstract" in r}


def _scifact_claim(
    row: dict[str, Any], where: str, abstracts: Mapping[str, list[str]], choose: Choose, labels: Mapping[str, Label]
) -> list[Example]:
    return [_scifact_pair(pair, where, choose, labels) for pair in cited_abstracts(row, abstracts)]


def cited_abstracts(row: dict[str, Any], abstracts: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """A SciFact claim with each abstract it cites: claim, doc_id, abstract, rationales (sentence numbers), label.

    Format: Wadden et al. 2020 (arXiv:2004.14974). BadRow where an abstract is not in the corpus.
    """
    evidence = row.get("evidence") or {}
    pairs = []
    for doc_id in dict.fromkeys(map(str, [*row.get("cited_doc_ids", []), *evidence])):
        if doc_id not in abstracts:
            raise BadRow(f"cites document {doc_id}, which is not in the corpus")
        sets = evidence.get(doc_id, [])
        pairs.append({
            "claim": row.get("claim"), "doc_id": doc_id, "abstract": abstracts[doc_id],
            "rationales": [s["sentences"] for s in sets], "label": sets[0]["label"] if sets else "NEI",
        })  # fmt: skip
    return pairs


def _scifact_pair(row: dict[str, Any], where: str, choose: Choose, labels: Mapping[str, Label]) -> Example:
    """Gold evidence: the union of the rationales; of a NOT_ENOUGH_INFO pair the sentences most like the claim."""
    label = read_label(row.get("label"), labels)
    abstract = row.get("abstract")
    if not isinstance(abstract, list) or not abstract:
        raise BadRow("has no abstract (a list of sentences)")
    chosen = sorted({int(i) for rationale in row.get("rationales") or [] for i in rationale})
    if label is Label.NOT_ENOUGH_INFO or not chosen:
        chosen = sorted(choose(str(row.get("claim")), abstract)[:NEI_SENTENCES])
    if chosen and not 0 <= chosen[0] <= chosen[-1] < len(abstract):
        raise BadRow("has a rationale that names a sentence which is not there")
    evidence = " ".join(str(abstract[i]).strip() for i in chosen)
    return make_example(row.get("claim"), evidence, label, str(row.get("doc_id", "")), where)


Choose = Callable[[str, Sequence[str]], list[int]]


def similar_sentences(documents: Iterable[Sequence[str]]) -> Choose:
    """(claim, sentences) -> indices of the sentences, by falling TF-IDF cosine to the claim; idf over `documents`."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(stop_words="english")
    vectorizer.fit([str(s) for sentences in documents for s in sentences])

    def choose(claim: str, sentences: Sequence[str]) -> list[int]:
        cosines = (vectorizer.transform([str(s) for s in sentences]) @ vectorizer.transform([claim]).T).toarray()[:, 0]
        return sorted(range(len(sentences)), key=lambda i: (-cosines[i], i))

    return choose
