"""The word index of large libraries: FTS5's own ranking, and any damage noticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import LibraryError
from assistant.index import store as stores
from assistant.index import words, writes
from assistant.index.library import Library
from assistant.index.search import any_of, content_words
from assistant.index.store import Store
from assistant.types import Document, Filters, Passage, PassageKind
from tests.index.documents import make_vectors

VOCABULARY = [
    *("growth", "grows", "soil", "soils", "yield", "tomato", "nitrate", "leaching"),
    *("sandy", "plots", "velorite", "p53", "肺癌", "癌症", "trial", "calibrate"),
]
QUERIES = ("soil", "tomato growth in sandy soils", "肺癌 trial", "nitrate leaching yield velorite", "plots, plots")


def write(library: Library, n: int, *, seed: int = 0) -> None:
    """`n` passages of Zipf's words, 20 a paper."""
    draw = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(VOCABULARY) + 1)
    with writes.transaction(library.store.db) as db:
        writes.set_setting(db, "dimension", "8")
        for first in range(0, n, 20):
            paper = f"{seed * n + first:064x}"
            texts = (
                " ".join(draw.choice(VOCABULARY, draw.integers(3, 40), p=weights / weights.sum())) for _ in range(20)
            )
            cut = [Passage(paper, text, ()) for text in texts]
            cut.append(Passage(paper, "Doe J. Tomato growth in soil.", (), kind=PassageKind.REFERENCE))
            writes.add_paper(db, paper, Document(()), cut, make_vectors(20), reader="1", fallback_title="")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with pytest.MonkeyPatch.context() as patch:
        lower(patch)
        library = Library(tmp_path_factory.mktemp("library"), create=True)
        write(library, 400)
        library.write_cache()
        library.index()
        yield library
        library.close()


def lower(patch: pytest.MonkeyPatch) -> None:
    """The bounds from which a library is large."""
    from assistant.index import library, training

    for module in (words, stores, library, training):
        patch.setattr(module, "WORDS_FROM", 1)


def by_fts5(store: Store, query: str, limit: int, filters: Filters = Filters()) -> list[tuple[int, float]]:  # noqa: B008
    return store._ranked("passages_fts", any_of(content_words(query)), limit, filters)


def by_words(store: Store, query: str, limit: int, filters: Filters = Filters()) -> list[tuple[int, float]]:  # noqa: B008
    return store.lexical(any_of(content_words(query)), limit, filters)


def assert_same(found: list[tuple[int, float]], expected: list[tuple[int, float]]) -> None:
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], rel=1e-3, abs=1e-5)
    sure = [i for i, score in expected if score > expected[-1][1] + 1e-3]
    assert set(sure) <= {i for i, _ in found}


@pytest.mark.parametrize("query", QUERIES)
def test_the_ranking_is_that_of_fts5(library: Library, query: str) -> None:
    assert library.store.indexed is not None
    assert_same(by_words(library.store, query, 30), by_fts5(library.store, query, 30))


@pytest.mark.parametrize("query", QUERIES)
def test_the_rarest_words_choose_and_all_count(library: Library, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "FIRST_POSTINGS", 50)
    assert_same(by_words(library.store, query, 5), by_fts5(library.store, query, 5))


def test_filters_are_inside_the_search(library: Library) -> None:
    chosen = Filters(papers=(f"{40:064x}",))
    assert_same(by_words(library.store, "soil", 50, chosen), by_fts5(library.store, "soil", 50, chosen))
    assert by_words(library.store, "soil", 50, Filters(papers=("none",))) == []


def test_frequencies_are_those_of_the_full_text_index(library: Library) -> None:
    for word in ("soil", "yield", "p53", "absent"):
        query = "SELECT count(*) FROM passages_fts WHERE passages_fts MATCH ?"
        expected = library.store.db.execute(query, (word,)).fetchone()[0]
        assert library.store.document_frequency(f'"{word}"') == expected


def test_one_character_and_phrases(library: Library) -> None:
    assert {i for i, _ in by_words(library.store, "癌", 400)} == {i for i, _ in by_fts5(library.store, "癌", 400)}
    phrase = library.store.lexical('"sandy plots"', 400, Filters())
    query = "SELECT rowid FROM passages_fts WHERE passages_fts MATCH '\"sandy plots\"'"
    assert {row[0] for row in library.store.db.execute(query)} <= {i for i, _ in phrase}


def test_references_are_ranked_by_counts_of_their_own(library: Library) -> None:
    found = library.store.lexical('"tomato"', 500, Filters(references=True))
    kinds = {passage.kind for passage in library.store.passages([i for i, _ in found]).values()}
    assert kinds == {PassageKind.TEXT, PassageKind.REFERENCE}


HOSTILE = [
    '"', '""', "*", "NEAR", "NEAR(soil yield, 3)", "-soil", "soil*", "AND OR NOT", "\x00 \ud800", "😀", "?!…",
    "soil " * 5_000,
    "ασπιρίνη", "आयु", "肺", "what is it", "soil " + " ".join(f"w{n}" for n in range(5_000)),
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries(library: Library, query: str) -> None:
    asked = content_words(query)
    if asked:
        assert_same(by_words(library.store, query, 20), by_fts5(library.store, query, 20))


def fresh(folder: Path, patch: pytest.MonkeyPatch) -> Library:
    lower(patch)
    library = Library(folder, create=True)
    write(library, 60)
    library.write_cache()
    library.index()
    return library


def test_what_came_and_went_since_counts_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = fresh(tmp_path, monkeypatch)
    with writes.transaction(library.store.db) as db:
        gone = {p.id for p in library.store.passages_of(f"{20:064x}")}
        writes.remove_paper(db, f"{20:064x}")
        cut = [Passage("f" * 64, "velorite velorite soil", ()), Passage("f" * 64, "an unheard-of word", ())]
        writes.add_paper(db, "f" * 64, Document(()), cut, make_vectors(2), reader="1", fallback_title="")
    library.index()
    new = {p.text: p.id for p in library.store.passages_of("f" * 64)}
    found = [i for i, _ in by_words(library.store, "velorite soil", 100)]
    assert not gone.intersection(found)
    expected = [i for i, _ in by_fts5(library.store, "velorite soil", 100)]
    assert abs(found.index(new["velorite velorite soil"]) - expected.index(new["velorite velorite soil"])) <= 2
    assert [i for i, _ in by_words(library.store, "unheard", 5)] == [new["an unheard-of word"]]
    library.close()


def test_without_the_index_the_database_is_asked_in_two_stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = fresh(tmp_path, monkeypatch)
    library.store.indexed = None
    for query in QUERIES:
        found, expected = by_words(library.store, query, 10), by_fts5(library.store, query, 10)
        assert len({i for i, _ in found} & {i for i, _ in expected}) >= 0.8 * len(expected)
    library.close()


@pytest.mark.parametrize("harm", ["overwritten", "cut", "gone", "replaced"])
def test_a_file_harmed_under_a_reader_is_noticed_and_done_without(
    harm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    library = fresh(tmp_path, monkeypatch)
    expected = by_words(library.store, "soil yield", 5)
    (path,) = tmp_path.glob("words.*.db")
    data = path.read_bytes()
    if harm == "replaced":
        other = tmp_path / "other"
        other.write_bytes(b"\0" * len(data))
        other.replace(path)
    elif harm == "gone":
        path.unlink()
    else:
        path.write_bytes(data[:5000] if harm == "cut" else b"x" * len(data))
    found = by_words(library.store, "soil yield", 5)
    assert [i for i, _ in found][:1] == [i for i, _ in expected][:1]
    assert "searches by words take longer" in caplog.text
    library.close()


def test_a_damaged_list_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = fresh(tmp_path, monkeypatch)
    (path,) = tmp_path.glob("words.*.db")
    import sqlite3

    cache = library.store.cache("words")
    assert cache is not None
    token = cache.tuning
    db = sqlite3.connect(path)
    with db:
        db.execute("UPDATE words SET worth = zeroblob(length(worth)) WHERE word = 'soil'")
    db.close()
    index = words.Words(path, token)
    with pytest.raises(LibraryError, match="damaged"):
        index.best(words.terms('"soil"'), 5, barred=np.empty(0, np.int64), allowed=None)
    with pytest.raises(LibraryError, match="damaged or missing"):
        words.Words(tmp_path / "none.db", token)
    with pytest.raises(LibraryError, match="damaged or missing"):
        words.Words(path, "of another")
    library.close()


def test_varint() -> None:
    assert [words.varint(data) for data in (b"\x05", b"\x81\x00", b"\x82\x2c", b"")] == [5, 128, 300, 0]
