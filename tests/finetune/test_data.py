"""Rows are read from every format, bad ones are named, splits keep documents whole, leaks are found."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import UsageError
from assistant.finetune.data import (
    Example,
    check_trainable,
    find_leaks,
    near_duplicates,
    read_examples,
    split_by_document,
)
from assistant.types import Label
from tests.finetune import tiny

ROW = {"claim": "Zinc  helps.", "evidence": ["It did.", "Much."], "label": "entailment", "doc_id": 7}


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows), encoding="utf-8")
    return path


def test_a_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ROW)
    assert read_examples(path).examples == [Example("Zinc helps.", "It did. Much.", Label.SUPPORTS, "7", f"{path}:1")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'claim,evidence,label,doc_id\n"Zinc helps, they say.",It did.,REFUTE,7\n'),
        ("a.tsv", "doc_id\tlabel\thypothesis\tpremise\n7\tcontradiction\tZinc helps, they say.\tIt did.\n"),
        ("a.csv.gz", '\ufeffclaim,evidence,label,doc_id\r\n"Zinc helps, they say.",It did.,Refutes,7\r\n'),
    ],
)
def test_tables(tmp_path: Path, name: str, text: str) -> None:
    data = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    (example,) = read_examples(tmp_path / name).examples
    assert (example.claim, example.evidence) == ("Zinc helps, they say.", "It did.")
    assert (example.label, example.doc_id) == (Label.REFUTES, "7")


@pytest.mark.parametrize("spelling", ["NEI", "not enough info", "Not_Enough_Info", "neutral", "NOT-ENOUGH-INFO"])
def test_spellings(tmp_path: Path, spelling: str) -> None:
    (example,) = read_examples(write(tmp_path / "a.jsonl", ROW | {"label": spelling})).examples
    assert example.label is Label.NOT_ENOUGH_INFO


def test_spellings_of_ones_own(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ROW | {"label": "Stimmt"})
    assert read_examples(path, labels={"stimmt": "SUPPORTS"}).examples[0].label is Label.SUPPORTS
    with pytest.raises(UsageError, match="map it to one of SUPPORTS"):
        read_examples(path, labels={"stimmt": "YES"})


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (ROW | {"label": "perhaps"}, "has the label 'perhaps', which is none of the known ones"),
        (ROW | {"label": None}, "has no label"),
        (ROW | {"claim": " "}, "has no claim"),
        (ROW | {"evidence": []}, "has no evidence"),
        (ROW | {"claim": 3}, "has no claim"),
        ("{broken", "is no JSON"),
        ("[1]", "is no JSON object"),
    ],
)
def test_a_bad_row_is_named_or_skipped_and_counted(tmp_path: Path, bad: Any, why: str) -> None:
    path = write(tmp_path / "a.jsonl", ROW, bad, ROW)
    with pytest.raises(UsageError, match=rf"a\.jsonl:2: {why}.*--skip-bad"):
        read_examples(path)
    reading = read_examples(path, skip_bad=True)
    assert len(reading.examples) == 2
    assert reading.bad == [b for b in reading.bad if ":2: " + why in b]
    assert len(reading.bad) == 1


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.txt", b"", "cannot tell the format"),
        ("a.jsonl", b"\xff\xfe\xff", "cannot be read"),
        ("a.jsonl.gz", b"no gzip", "cannot be read"),
        ("a.csv", b"claim,label\n", "the header has no column 'evidence'"),
        ("a.csv", b"claim,evidence,label\na,b,yes,more\n", "a.csv:2: has more cells"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=why):
        read_examples(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.jsonl cannot be read"):
        read_examples(tmp_path / "none.jsonl")


ABSTRACT = ["Zinc was given to mice.", "Their growth rose by 4 %.", "No mouse died.", "Zinc lowers mortality of mice."]


def test_scifact_claims_with_their_corpus(tmp_path: Path) -> None:
    write(tmp_path / "corpus.jsonl", {"doc_id": 1, "title": "T", "abstract": ABSTRACT})
    rationales = [{"sentences": [1], "label": "SUPPORT"}, {"sentences": [2], "label": "SUPPORT"}]
    claims = write(
        tmp_path / "claims.jsonl",
        {"id": 1, "claim": "Zinc helps growth.", "evidence": {"1": rationales}, "cited_doc_ids": [1]},
        {"id": 2, "claim": "Zinc lowers mortality.", "evidence": {}, "cited_doc_ids": [1]},
    )
    first, second = read_examples(claims).examples
    assert (first.label, first.evidence, first.doc_id) == (Label.SUPPORTS, f"{ABSTRACT[1]} {ABSTRACT[2]}", "1")
    assert (second.label, second.evidence) == (Label.NOT_ENOUGH_INFO, f"{ABSTRACT[0]} {ABSTRACT[3]}")


def test_scifact_claims_need_their_corpus(tmp_path: Path) -> None:
    claims = write(tmp_path / "claims.jsonl", {"id": 1, "claim": "Zinc.", "evidence": {}, "cited_doc_ids": [1]})
    with pytest.raises(UsageError, match="name the corpus with --corpus"):
        read_examples(claims)
    corpus = write(tmp_path / "other.jsonl", {"doc_id": 2, "abstract": ABSTRACT})
    with pytest.raises(UsageError, match=r"claims\.jsonl:1: cites document 1, which is not in the corpus"):
        read_examples(claims, corpus=corpus)


def test_scifact_pairs(tmp_path: Path) -> None:
    pair = {"claim": "Zinc.", "doc_id": 1, "abstract": ABSTRACT, "label": "REFUTE", "rationales": [[3], [0]]}
    (example,) = read_examples(write(tmp_path / "pairs.jsonl", pair)).examples
    assert (example.label, example.evidence) == (Label.REFUTES, f"{ABSTRACT[0]} {ABSTRACT[3]}")
    with pytest.raises(UsageError, match="names a sentence which is not there"):
        read_examples(write(tmp_path / "pairs.jsonl", pair | {"rationales": [[4]]}))


def examples(*documents: str, label: Label = Label.SUPPORTS) -> list[Example]:
    return [Example(f"Claim {i}.", "e", label, d) for i, d in enumerate(documents)]


def test_too_little_to_learn_from() -> None:
    with pytest.raises(UsageError, match="train has 2 usable rows; at least 8"):
        check_trainable(examples("a", "b"), "train")
    with pytest.raises(UsageError, match="one class only"):
        check_trainable(examples(*"abcdefgh"), "train")
    with pytest.raises(UsageError, match="all rows are of one document"):
        split_by_document(examples(*"aaaaaaaa"), share=0.2, seed=0)


@given(st.lists(st.sampled_from("abcdefghij"), min_size=2, max_size=60), st.integers(0, 5))
def test_a_split_keeps_documents_whole(documents: list[str], seed: int) -> None:
    if len(set(documents)) < 2:
        return
    rows = examples(*documents)
    kept, held = split_by_document(rows, share=0.2, seed=seed)
    assert {e.doc_id for e in kept}.isdisjoint(e.doc_id for e in held)
    assert sorted(kept + held, key=lambda e: e.claim) == sorted(rows, key=lambda e: e.claim)
    assert kept
    assert held
    assert (kept, held) == split_by_document(rows, share=0.2, seed=seed)


WORDS = st.lists(st.sampled_from("abcdefghijkl"), min_size=1, max_size=8).map(" ".join)


@given(st.lists(WORDS, max_size=12), st.lists(WORDS, max_size=12))
def test_near_duplicates_are_those_of_plain_comparison(first: list[str], second: list[str]) -> None:
    def near(a: str, b: str) -> bool:
        x, y = set(a.split()), set(b.split())
        return len(x & y) / len(x | y) >= 0.6

    expected = {b for b in second if any(near(a, b) for a in first)}
    found = near_duplicates(first, second)
    assert set(found) == expected
    assert all(near(a, b) for b, a in found.items())


def test_leaks_are_counted() -> None:
    train = [Example("Zinc lowers mortality of old mice.", "e", Label.SUPPORTS, "1")]
    test = [Example("Zinc raises mortality of old mice.", "e", Label.REFUTES, "1"), *examples("2")]
    (leak,) = find_leaks({"train": train, "dev": [], "test": test})
    assert (leak.a, leak.b, leak.documents, leak.claims) == ("train", "test", 1, 1)
    assert "train / test: 1 documents and 1 near-duplicate claims shared" in str(leak)


def test_rows_of_the_tiny_task_can_be_read(tmp_path: Path) -> None:
    assert len(read_examples(tiny.write_rows(tmp_path / "a.jsonl", tiny.rows(9))).examples) == 9
