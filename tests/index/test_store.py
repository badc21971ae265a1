"""What is written is read back, whole or not at all; readers see one state; a new reading takes the old one's place."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import psutil
import pytest

from assistant.errors import LibraryError, UsageError
from assistant.index import writes
from assistant.index.store import Job, Store
from assistant.types import Document, Filters
from tests.index.documents import make_document, make_passages, make_vectors

PAPER = "a" * 64
OTHER = "ab" * 32


def put(store: Store, paper_id: str, document: Document, *, reader: str = "r1", path: str = "/p/one.pdf") -> None:
    cut = make_passages(document, paper_id)
    with writes.transaction(store.db) as db:
        writes.set_setting(db, "dimension", "8")
        writes.add_paper(db, paper_id, document, cut, make_vectors(len(cut)), reader=reader, fallback_title="file")
        writes.record_job(db, Job(Path(path), 1, 2, paper_id, "indexed", "", False, reader))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_a_paper_comes_back_as_it_was_put(store: Store) -> None:
    document = make_document("Growth rose by 12 %.", "No effect was seen.", flags=("odd",))
    put(store, PAPER, document)
    paper = store.paper("aaaa")
    assert (paper.title, paper.authors, paper.year, paper.doi) == ("A title", ("Ann Author",), 2020, "10.5555/x")
    assert (paper.pages, paper.passages, paper.status, paper.flags) == (2, 2, "flagged", ("odd",))
    assert paper.paths == (Path("/p/one.pdf"),)
    assert tuple(store.pages(PAPER)) == document.pages
    assert [p.text for p in store.passages_of(PAPER)] == ["Growth rose by 12 %.", "No effect was seen."]
    ids, matrix = store.vectors()
    assert np.abs(matrix.astype(np.float32) - make_vectors(2)).max() < 1e-3
    assert list(ids) == sorted(store.passages([1, 2]))


def test_a_failure_inside_a_transaction_leaves_nothing(store: Store) -> None:
    document = make_document("Growth rose.")

    def half_way() -> None:
        with writes.transaction(store.db) as db:
            cut = make_passages(document, PAPER)
            writes.add_paper(db, PAPER, document, cut, make_vectors(1), reader="r", fallback_title="")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        half_way()
    assert store.papers() == []
    assert store.n_passages == 0
    assert store.generation == 0
    assert store.document_frequency('"growth"') == 0


def test_a_new_reading_replaces_the_old_in_every_search_but_old_passages_still_resolve(store: Store) -> None:
    put(store, PAPER, make_document("Growth rose."))
    old = store.passages_of(PAPER)[0]
    put(store, PAPER, make_document("Growth increased."), reader="r2")
    assert store.document_frequency('"rose"') == 0
    assert store.document_frequency('"increased"') == 1
    assert store.n_passages == 1
    assert store.readers() == {PAPER: "r2"}
    assert store.page_of(old.id, 1).text == "Growth rose."
    put(store, PAPER, make_document("Growth fell."), reader="r3")
    with pytest.raises(LibraryError, match="doctor"):
        store.page_of(old.id, 1)


def test_removal_leaves_no_trace(store: Store) -> None:
    put(store, PAPER, make_document("Growth rose."))
    put(store, OTHER, make_document("Growth fell."), path="/p/two.pdf")
    with writes.transaction(store.db) as db:
        writes.remove_paper(db, PAPER)
    assert [p.id for p in store.papers()] == [OTHER]
    assert store.document_frequency('"rose"') == 0
    for table in ("readings", "pages", "char_boxes", "passages", "vectors", "passages_fts", "jobs"):
        assert store.db.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,), table


def test_lexical_search_ranks_and_filters(store: Store) -> None:
    put(store, PAPER, make_document("Growth rose and growth rose.", "Rain fell."))
    put(store, OTHER, make_document("Growth of crystals was studied in the laboratory."), path="/p/two.pdf")
    found = store.lexical('"growth"', 10, Filters())
    assert [store.passages([i])[i].paper_id for i, _ in found] == [PAPER, OTHER]
    assert found[0][1] > found[1][1] > 0
    only = store.lexical('"growth"', 10, Filters(papers=(OTHER,)))
    assert [i for i, _ in only] == [found[1][0]]
    assert store.lexical('"growth"', 10, Filters(year_from=2021)) == []
    assert store.lexical('"growth"', 10, Filters(section="discussion")) == []
    assert len(store.lexical('"growth"', 10, Filters(section="result", year_to=2020))) == 2
    assert store.allowed(Filters()) is None
    allowed = store.allowed(Filters(papers=(OTHER,)))
    assert allowed is not None
    assert list(allowed) == [found[1][0]]
    assert store.containing(['"crystal"', '"x"'], [i for i, _ in found]) == {'"crystal"': {found[1][0]}, '"x"': set()}


def test_a_snapshot_does_not_move(store: Store, tmp_path: Path) -> None:
    put(store, PAPER, make_document("Growth rose."))
    reader = Store(tmp_path)
    with reader.snapshot():
        put(store, OTHER, make_document("Growth fell."), path="/p/two.pdf")
        assert len(reader.papers()) == 1
    assert len(reader.papers()) == 2
    reader.close()


def test_a_thread_that_ends_leaves_no_file_open(store: Store) -> None:
    def open_files_after_a_thread() -> int:
        thread = threading.Thread(target=lambda: store.generation)
        thread.start()
        thread.join()
        return len(psutil.Process().open_files())

    first = open_files_after_a_thread()  # SQLite keeps one file to use again while others have it open
    assert [open_files_after_a_thread() for _ in range(4)] == [first] * 4


def test_each_thread_has_its_connection(store: Store) -> None:
    put(store, PAPER, make_document("Growth rose."))
    seen: list[int] = []

    def look() -> None:
        seen.append(len(store.papers()))
        store.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 4


@pytest.mark.parametrize("prefix", ["", "zz", "a"])
def test_an_id_must_name_one_paper(store: Store, prefix: str) -> None:
    put(store, PAPER, make_document("Growth rose."))
    put(store, OTHER, make_document("Growth fell."), path="/p/two.pdf")
    with pytest.raises(UsageError, match="papers"):
        store.paper(prefix)


def test_any_file_name_is_kept(store: Store) -> None:
    names = [b"/p/\xff\xfe.pdf", "/p/مقالة.pdf".encode(), b"/p/new\nline.pdf"]
    import os

    with writes.transaction(store.db) as db:
        for name in names:
            writes.record_job(db, Job(Path(os.fsdecode(name)), 1, 2, "", "failed", "x", False, "r"))
    assert sorted(os.fsencode(p) for p in store.jobs()) == sorted(names)


def test_a_full_disk_is_one_sentence_and_nothing_is_lost(store: Store) -> None:
    put(store, PAPER, make_document("Growth rose."))
    pages = store.db.execute("PRAGMA page_count").fetchone()[0]
    store.db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LibraryError, match="disk is full"):
        put(store, OTHER, make_document("Growth fell. " * 5000), path="/p/two.pdf")
    assert [p.id for p in store.papers()] == [PAPER]
    assert store.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
