"""Reading BEIR folders, the measures of retrieval, and an evaluation from end to end."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import pytest

from assistant import rankings
from assistant.errors import UsageError
from assistant.index import evaluation
from assistant.index.beir import read_collection
from assistant.testing import HashEmbedder

CORPUS = {
    "d1": ("Liming", "Lime raises the pH of acid soils."),
    "d2": ("Biochar", "Biochar did not change the yield of maize."),
    "d3": ("", "Bees visit apple flowers in spring."),
}
QUERIES = {"q1": "lime and the pH of soils", "q2": "bees in spring", "q3": "never judged"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    corpus = [json.dumps({"_id": i, "title": title, "text": text}) for i, (title, text) in CORPUS.items()]
    (tmp_path / "corpus.jsonl.gz").write_bytes(gzip.compress("\n".join(corpus).encode()))
    queries = [json.dumps({"_id": i, "text": text}) for i, text in QUERIES.items()]
    (tmp_path / "queries.jsonl").write_text("\n".join(queries), encoding="utf-8")
    (tmp_path / "qrels").mkdir()
    lines = ["query-id\tcorpus-id\tscore", "q1\td1\t2", "q1\td2\t0", "q2\td3\t1"]
    (tmp_path / "qrels" / "test.tsv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def test_gzipped_and_plain_files_are_read(folder: Path) -> None:
    found = read_collection(folder)
    assert found.documents["d1"] == "Liming Lime raises the pH of acid soils."
    assert found.documents["d3"] == "Bees visit apple flowers in spring."
    assert found.queries == {"q1": QUERIES["q1"], "q2": QUERIES["q2"]}
    assert found.relevant == {"q1": {"d1": 2}, "q2": {"d3": 1}}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("queries.jsonl", '{"_id": "q1"}', "queries.jsonl, line 1"),
        ("queries.jsonl", '{"_id": "q1", "text": "x"}\nnot json', "queries.jsonl, line 2"),
        ("queries.jsonl", '{"_id": "q1", "text": "x"}', "'q2'"),
        ("qrels/test.tsv", "query\tdoc\tscore\nq1\td1", "test.tsv, line 2"),
        ("qrels/test.tsv", "query\tdoc\tscore\nq1\td1\t0", "no relevant document"),
        ("corpus.jsonl.gz", "no gzip", "cannot be read"),
    ],
)
def test_a_malformed_collection_is_named(folder: Path, name: str, text: str, said: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said.replace(".", r"\.")):
        read_collection(folder)


def test_a_missing_split_is_named(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"qrels/dev\.tsv"):
        read_collection(folder, "dev")


def test_measures_by_hand() -> None:
    relevant = {"a": 1, "b": 1}
    assert rankings.ndcg(["x", "a", "b"], relevant) == pytest.approx(
        (1 / math.log2(3) + 1 / math.log2(4)) / (1 + 1 / math.log2(3))
    )
    assert rankings.ndcg(["b", "a"], {"a": 2, "b": 1}) == pytest.approx((1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3)))
    assert rankings.recall(["x", "a"], relevant) == 0.5
    assert rankings.recall(["x", "a"], relevant, 1) == 0.0
    assert rankings.reciprocal_rank(["x", "a"], relevant) == 0.5
    assert rankings.reciprocal_rank(["x"] * 10 + ["a"], relevant) == 0.0


def test_the_whole_search_is_measured(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "user_cache_path", lambda *_, **__: tmp_path)
    result = evaluation.evaluate_retrieval(read_collection(folder), HashEmbedder())
    assert result["n"] == 2
    assert result["ndcg@10"] == result["recall@100"] == result["mrr@10"] == 1.0
    assert result["lexical"]["ndcg@10"] == 1.0
    assert result["reranked"] is None
    assert list(tmp_path.glob("bench-*.npy"))
