"""Search: what is asked is found by word and by meaning, filtered and ranked, and no query can break it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.index import schema, vectors, writes
from assistant.index.search import MAX_WORDS, ROWS_OF_A_TABLE, STOP_WORDS, any_of, content_words, fuse, search
from assistant.index.store import Store
from assistant.testing import HashEmbedder
from assistant.types import Document, Filters, Hit, Passage, PassageKind, Span

TEXTS = [
    "Aspirin reduces the risk of stroke in older adults.",
    "Statins lower cholesterol and the risk of heart attacks.",
    "Zebrafish larvae regenerate their fins within days.",
    "The weather in spring is mild and the gardens bloom.",
    "肺癌患者的治疗效果显著。",
    "Perovskite cells reach an e\ufb03ciency of 25 percent.",
]
RANKINGS = st.lists(st.lists(st.integers(1, 30), unique=True, max_size=12), max_size=4)


def _entry(n: int, paper_id: str) -> Passage:
    """The one entry of a paper's list of references."""
    text = f"Doe J, Roe P. Aspirin and stroke, part {n}. Gardens 12, 3."
    return Passage(paper_id, text, (Span(2, 0, len(text)),), kind=PassageKind.REFERENCE)


class Shelf:
    """A library of TEXTS, one paper each; paper n is of the year 2000 + n."""

    def __init__(self, folder: Path) -> None:
        self.embedder = HashEmbedder()
        db = schema.connect(folder)
        with writes.transaction(db):
            writes.set_setting(db, "dimension", str(self.embedder.dimension))
            for n, text in enumerate(TEXTS):
                passage = Passage(f"{n:064x}", text, (Span(1, 0, len(text)),), "Results" if n else "Abstract")
                writes.add_paper(
                    db,
                    passage.paper_id,
                    Document((), year=2000 + n),
                    [passage, _entry(n, passage.paper_id)],
                    self.embedder.embed([text]),
                    reader="1",
                    fallback_title=f"Paper {n}",
                )
        db.close()
        self.store = Store(folder)
        self.index = vectors.build(*self.store.vectors())

    def search(self, query: str, *, filters: Filters = Filters(), k: int = 3) -> list[Hit]:  # noqa: B008 (frozen)
        return search(
            query,
            store=self.store,
            vectors=self.index,
            embedder=self.embedder,
            filters=filters,
            k=k,
            candidates=10,
        )


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path_factory.mktemp("library"))
    yield shelf
    shelf.store.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Does aspirin prevent strokes?", 0),
        ("cholesterol lowering by a statin", 1),
        ("regeneration of fins in zebrafish", 2),
        ("肺癌的治疗", 4),
        ("perovskite efficiency", 5),
    ],
)
def test_the_best_hit(shelf: Shelf, query: str, expected: int) -> None:
    hits = shelf.search(query)
    assert hits[0].passage.text == TEXTS[expected]
    assert [h.rank for h in hits] == list(range(1, len(hits) + 1))
    assert hits[0].score == max(h.score for h in hits)


def test_all_words_found_is_full_overlap(shelf: Shelf) -> None:
    assert shelf.search("aspirin and the risk of stroke")[0].overlap == pytest.approx(1)
    best = shelf.search("aspirin and the risk of xylophones")[0]
    assert 0 < best.overlap < 1


def test_a_relevant_hit_scores_above_the_best_of_a_question_off_topic(shelf: Shelf) -> None:
    assert (
        shelf.search("Does aspirin reduce stroke risk?")[0].score
        > 3 * shelf.search("Who won the chess match?")[0].score
    )


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(papers=(f"{2:064x}",)), {2}),
        (Filters(year_from=2001, year_to=2002), {1, 2}),
        (Filters(section="abstr"), {0}),
        (Filters(year_from=2050), set()),
    ],
)
def test_filters(shelf: Shelf, filters: Filters, expected: set[int]) -> None:
    hits = shelf.search("the risk of stroke in zebrafish", filters=filters, k=6)
    assert {TEXTS.index(h.passage.text) for h in hits} == expected


def test_references_are_found_on_request_only(shelf: Shelf) -> None:
    question = "Does aspirin reduce the risk of stroke?"
    assert {h.passage.kind for h in shelf.search(question, k=12)} == {PassageKind.TEXT}
    hits = shelf.search(question, k=12, filters=Filters(references=True))
    assert {h.passage.kind for h in hits} == {PassageKind.TEXT, PassageKind.REFERENCE}
    assert hits[0].passage.text == TEXTS[0]
    best = next(h for h in hits if h.passage.kind is PassageKind.REFERENCE)
    assert best.rank <= 3, "what has no vector is not drowned by what has one"
    assert 0 < best.cosine < 1
    assert 0 < best.overlap < 1
    assert 0 < best.score < hits[0].score


def test_a_table_does_not_fill_the_hits(tmp_path: Path) -> None:
    """Each row holds the header's words; what a text says of the same must still be heard."""
    header, text = "Primer Annealing temperature", "Annealing at that temperature failed."
    rows = [
        Passage("a" * 64, f"{header} P{n} {n}", (Span(1, 0, 28), Span(1, 30 + n, 31 + n)), kind=PassageKind.ROW)
        for n in range(20)
    ]
    cut = [*rows, Passage("a" * 64, text, (Span(2, 0, len(text)),))]
    embedder = HashEmbedder()
    db = schema.connect(tmp_path)
    with writes.transaction(db):
        writes.set_setting(db, "dimension", str(embedder.dimension))
        matrix = embedder.embed([p.text for p in cut])
        writes.add_paper(db, "a" * 64, Document(()), cut, matrix, reader="1", fallback_title="")
    db.close()
    store = Store(tmp_path)
    index = vectors.build(*store.vectors())
    hits = search("primer annealing temperature", store=store, vectors=index, embedder=embedder, k=6, candidates=100)
    store.close()
    assert [h.passage.kind for h in hits].count(PassageKind.ROW) == ROWS_OF_A_TABLE
    assert text in [h.passage.text for h in hits]


def test_references_of_the_papers_chosen(shelf: Shelf) -> None:
    hits = shelf.search("aspirin", k=12, filters=Filters(papers=(f"{3:064x}",), references=True))
    assert {h.passage.paper_id for h in hits} == {f"{3:064x}"}
    assert any(h.passage.kind is PassageKind.REFERENCE for h in hits)


@pytest.mark.parametrize("query", ["", "   ", "\n", "\u3000"])
def test_a_blank_query_finds_nothing(shelf: Shelf, query: str) -> None:
    assert shelf.search(query) == []


@pytest.mark.parametrize("k", [0, -3])
def test_nothing_asked_for(shelf: Shelf, k: int) -> None:
    assert shelf.search("aspirin", k=k) == []


def test_a_query_of_stop_words_is_searched_by_meaning(shelf: Shelf) -> None:
    hits = shelf.search("what is it?")
    assert hits
    assert {h.overlap for h in hits} == {0.0}


HOSTILE = [
    '"', "'; DROP TABLE passages; --", "a AND OR NOT NEAR(", "text:aspirin*", "^aspirin + - ( )", "\x00 aspirin \ud800",
    "癌", "aspirin " * 20_000, "?!…", "𝒳 ½ ① ﷺ", "{aspirin}", "NEAR/2 \\ %s", "ασπιρίνη", "आयु का",
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries(shelf: Shelf, query: str) -> None:
    for hit in shelf.search(query):
        assert 0 <= hit.overlap <= 1
        assert 0 <= hit.cosine <= 1
        assert 0 < hit.score < 1


@settings(max_examples=60, deadline=None)
@given(query=st.text(max_size=60))
def test_any_query(shelf: Shelf, query: str) -> None:
    assert len(shelf.search(query)) <= 3


def test_one_chinese_character_finds_its_words(shelf: Shelf) -> None:
    hit = shelf.search("肺")[0]
    assert hit.passage.text == TEXTS[4]
    assert hit.overlap == pytest.approx(1)


def test_content_words() -> None:
    assert content_words("What is the patient's T-cell count, in T cells?") == [
        "patient",
        "t",
        "cell",
        "count",
        "cells",
    ]
    assert content_words("肺癌 p53") == ["肺癌", "p53"]
    assert content_words("of the and") == []
    assert len(content_words(" ".join(f"word{n}" for n in range(100)))) == MAX_WORDS
    assert any_of(["a", "b"]) == '"a" OR "b"'
    assert all(word == word.lower() for word in STOP_WORDS)


@given(RANKINGS)
def test_fusion_keeps_every_id_once_and_is_sorted(rankings: list[list[int]]) -> None:
    fused = fuse(rankings)
    assert sorted(i for i, _ in fused) == sorted({i for ranking in rankings for i in ranking})
    assert [score for _, score in fused] == sorted((score for _, score in fused), reverse=True)


@given(RANKINGS)
def test_the_order_of_the_rankings_does_not_matter(rankings: list[list[int]]) -> None:
    forth, back = dict(fuse(rankings)), dict(fuse(rankings[::-1]))
    assert forth == pytest.approx(back)


@given(st.lists(st.integers(1, 30), unique=True, max_size=12), st.integers(1, 4))
def test_rankings_that_agree_are_kept(ranking: list[int], times: int) -> None:
    assert [i for i, _ in fuse([ranking] * times)] == ranking


@given(RANKINGS, st.integers(0, 3))
def test_first_everywhere_is_first(rankings: list[list[int]], extra: int) -> None:
    fused = fuse([[99, *ranking] for ranking in rankings] + [[99]] * (extra + 1))
    assert fused[0][0] == 99


def test_the_score_is_the_sum_of_inverse_ranks() -> None:
    assert fuse([[1, 2], [2]], k=60) == [(2, pytest.approx(1 / 62 + 1 / 61)), (1, pytest.approx(1 / 61))]
