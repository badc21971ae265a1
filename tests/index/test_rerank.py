"""The first hits in the order of a model that reads them; search works with one and without."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.index.evaluation import temporary_library
from assistant.index.mining import nearest
from assistant.index.rerank import reranking, windows
from assistant.index.search import blend, search, standard
from assistant.testing import HashEmbedder

TEXTS = [
    "Zinc was given. Zinc raised growth in rats. The rats were fed.",
    "Zinc growth zinc growth zinc growth.",
    "Copper lowered growth in mice.",
    "Velorite was studied in tomato plants.",
    "Zinc is a metal.",
]


class Likes:
    """A reranker that likes texts with a word."""

    id = "likes"

    def __init__(self, word: str) -> None:
        self.word, self.read = word, list[str]()

    def score_pairs(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        self.read += texts
        return np.array([float(self.word in t) for t in texts], dtype=np.float32)


def ranked(query: str, model: Likes | None, depth: int = 4, share: float = 0.9) -> list[str]:
    embedder = HashEmbedder()
    rerank = None if model is None else reranking(model, depth, share=share)
    with temporary_library(TEXTS, embedder.embed(TEXTS)) as (store, index):
        hits = search(query, store=store, vectors=index, embedder=embedder, k=5, candidates=5, rerank=rerank)
    assert [h.rank for h in hits] == list(range(1, len(hits) + 1))
    return [h.passage.text for h in hits]


def test_the_model_puts_what_it_likes_first_and_reads_no_more_than_asked() -> None:
    plain, model = ranked("zinc growth", None), Likes("mice")
    read = ranked("zinc growth", model)
    assert plain[0] != TEXTS[2]
    assert read[0] == TEXTS[2]
    assert len(model.read) == 4
    assert read[4:] == plain[4:], "what was not read stays where it was"


def test_without_weight_nothing_moves() -> None:
    assert ranked("zinc growth", Likes("mice"), share=0.0) == ranked("zinc growth", None)


def test_a_single_hit_is_not_read() -> None:
    model = Likes("mice")
    ranked("zinc growth", model, depth=1)
    assert not model.read


@pytest.mark.parametrize("query", ["", "zinc", "the of and", '"*" NEAR - (', "锌", "🙂", "zinc " * 5000])
def test_no_query_breaks_it(query: str) -> None:
    assert ranked(query, Likes("zinc")) is not None


def test_windows_are_cut_from_their_texts() -> None:
    embedder = HashEmbedder()
    with temporary_library(TEXTS, embedder.embed(TEXTS)) as (store, _):
        for text, window in zip(TEXTS, windows("zinc growth", TEXTS, store), strict=True):
            assert window
            assert window in text


def test_the_blend_does_not_mind_the_scale() -> None:
    words, meaning = np.array([3.0, 1.0, 0.0]), np.array([0.2, 0.9, 0.1])
    ids = [7, 8, 9]
    assert [i for i, _ in blend(ids, words, meaning)] == [i for i, _ in blend(ids, 100 * words + 5, meaning / 10)]
    assert blend([], np.array([]), np.array([])) == []
    assert standard(np.array([0.3, 0.3])).tolist() == [0.0, 0.0]


def test_hard_negatives_are_near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.index.evaluation.user_cache_path", lambda *_, **__: tmp_path)
    found = nearest(["copper in mice"], TEXTS, HashEmbedder(), depth=2)
    assert found[0][0] == 2
    assert len(found[0]) == 2
    assert nearest([], TEXTS, HashEmbedder()) == []
