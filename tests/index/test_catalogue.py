from __future__ import annotations

import itertools
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.index import catalogue, relations, writes
from assistant.index.library import Library
from assistant.index.records.record import Record
from assistant.types import Block, Document, Page, Paper, Reference, Role
from tests.index.records.test_works import TITLE, prose

LIST = "REFERENCES"


def document(
    title: str, author: str = "", year: int | None = None, *, text: str = "", cites: tuple[str, ...] = (), **more: str
) -> Document:
    words = text or f"{title} is what this text is about, in a few words."
    page = Page(1, "1", 600, 800, words, (Block(Role.BODY, 0, len(words)),))
    references = tuple(reference(entry) for entry in cites)
    return Document((page,), title, (author,) if author else (), year, references=references, **more)


def reference(text: str) -> Reference:
    from assistant.index.records.entries import references

    page = Page(1, "1", 600, 800, text, (Block(Role.REFERENCE, 0, len(text)),))
    return replace(references((page,))[0], spans=())


PUBLISHED = document(TITLE, "Ann Author", 2020, text=prose(1), doi="10.5555/plants.1")
PREPRINT = document(TITLE, "A. Author", 2019, text=prose(2, own=0.3, common=1), doi="10.1101/2019.01.01.123456")
SUPPLEMENT = document(f"Supplementary information for {TITLE}", text=prose(3))
PART_2 = document(f"{TITLE}: Part II", "Ann Author", 2021, text=prose(4, own=0.5, common=1))
PAPERS = {"c": PUBLISHED, "a": PREPRINT, "b": SUPPLEMENT, "d": PART_2}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library", create=True)


def add(library: Library, name: str, found: Document) -> str:
    paper_id = name * 64
    with library.writing() as db, writes.transaction(db):
        add_in(db, paper_id, found)
    return paper_id


def add_in(db: sqlite3.Connection, paper_id: str, found: Document) -> None:
    writes.add_paper(db, paper_id, found, [], np.zeros((0, 8), dtype=np.float32), reader="r", fallback_title="file")


def remove(library: Library, name: str) -> None:
    with library.writing() as db, writes.transaction(db):
        writes.remove_paper(db, name * 64)


def works(library: Library) -> dict[str, str]:
    return {paper.id[0]: paper.work_id[0] for paper in library.store.papers()}


def paper(library: Library, name: str) -> Paper:
    return library.store.papers(name * 64)[0]


def test_works_are_the_same_whatever_the_order(tmp_path: Path) -> None:
    for order in itertools.permutations(PAPERS):
        library = Library(tmp_path / "".join(order), create=True)
        for name in order:
            add(library, name, PAPERS[name])
        assert works(library) == {"a": "a", "b": "a", "c": "a", "d": "d"}
        assert library.store.n_works == 2


def test_a_work_finds_a_new_name_when_the_paper_that_named_it_goes(library: Library) -> None:
    for name, found in PAPERS.items():
        add(library, name, found)
    remove(library, "a")
    assert works(library) == {"b": "b", "c": "b", "d": "d"}
    remove(library, "c")
    assert works(library) == {"b": "b", "d": "d"}
    assert catalogue.papers_with(library.store.db, [0]) == []
    left = library.store.db.execute("SELECT count(DISTINCT paper_id) FROM work_keys").fetchone()[0]
    assert left == 2


def test_a_work_falls_apart_when_the_paper_between_goes(library: Library) -> None:
    """A renamed preprint is known by its text alone, a talk by the preprint's arXiv id alone."""
    add(library, "a", document("A talk on tomatoes", "Ann Author", 2018, arxiv="1801.00001"))
    add(
        library,
        "b",
        document("Velorite and tomatoes", "Ann Author", 2018, arxiv="1801.00001", text=prose(2, own=0.2, common=1)),
    )
    add(library, "c", PUBLISHED)
    assert works(library) == {"a": "a", "b": "a", "c": "a"}
    remove(library, "b")
    assert works(library) == {"a": "a", "c": "c"}


def test_a_paper_read_again_may_leave_its_work(library: Library) -> None:
    add(library, "a", document(TITLE, "Ann Author", 2020, doi="10.5555/plants.1"))
    add(library, "c", PUBLISHED)
    assert works(library) == {"a": "a", "c": "a"}
    add(library, "a", document("Roots of maize in dry years", "Cy Third", 2011, text=prose(9)))
    assert works(library) == {"a": "a", "c": "c"}


def test_a_failed_transaction_leaves_works_as_they_were(library: Library) -> None:
    add(library, "c", PUBLISHED)

    def fail() -> None:
        with library.writing() as db, writes.transaction(db):
            add_in(db, "a" * 64, PREPRINT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert works(library) == {"c": "c"}
    assert relations.work(library.store, "c" * 64) == []


def test_an_edit_wins_over_what_is_read_and_is_kept_over_reading_again(library: Library) -> None:
    paper_id = add(library, "c", PUBLISHED)
    library.edit(paper_id, Record("My title", ("Me Myself",), doi="10.5555/mine"))
    library.edit(paper_id, Record(year=1999))
    add(library, "c", replace(PUBLISHED, title="Read anew", year=2022))
    found = paper(library, "c")
    assert (found.title, found.authors, found.year, found.doi) == ("My title", ("Me Myself",), 1999, "10.5555/mine")
    assert found.source == "edited"
    library.edit(paper_id, Record(), ("title", "authors", "doi"))
    assert (paper(library, "c").title, paper(library, "c").year) == ("Read anew", 1999)
    library.edit(paper_id, Record(), ("year",))
    assert (paper(library, "c").year, paper(library, "c").source) == (2022, "")


def test_an_edit_may_join_or_part_works(library: Library) -> None:
    add(library, "a", document("", text=prose(5)))
    add(library, "c", PUBLISHED)
    assert paper(library, "a").title == "file"
    library.edit("a" * 64, Record(doi="10.5555/PLANTS.1".lower()))
    assert works(library) == {"a": "a", "c": "a"}
    library.edit("a" * 64, Record(), ("doi",))
    assert works(library) == {"a": "a", "c": "c"}


def test_references_lead_to_papers_of_the_library_and_back(library: Library) -> None:
    cites = (
        "[1] Author A. Another title of the work altogether. Annals 2020;3:4. doi:10.5555/PLANTS.1",
        f"[2] Writer B. {TITLE}. Annals 2020;3:4.",
        "[3] Third C, Fourth D. Roots of maize in very dry years. J Maize. 2011;1:1.",
        "[4] Third C. Roots of maize in very dry years and more of them. J Maize. 2011;1:1.",
        "[5] Nobody N. A paper that is not here at all. J None. 2011;1:1.",
        "[6] Fifth E. Shoots of maize. arXiv preprint arXiv:1801.00009, 2018.",
    )
    add(library, "a", PUBLISHED)
    add(library, "b", document("Roots of maize in very dry years", "Cy Third", 2010))
    add(library, "c", document("Shoots of Maize", "Eve Fifth", 2018, arxiv="1801.00009"))
    add(library, "d", document("A review of all of it and more", "Re Viewer", 2022, cites=cites))
    found = relations.references(library.store, "d" * 64)
    assert [p and p.id[0] for _, p in found] == ["a", "a", "b", None, None, "c"]
    assert [p.id[0] for p in relations.cited_by(library.store, "b" * 64)] == ["d"]
    assert [p.id[0] for p in relations.cited_by(library.store, "c" * 64)] == ["d"]
    assert relations.cited_by(library.store, "d" * 64) == []
    remove(library, "b")
    assert [p and p.id[0] for _, p in relations.references(library.store, "d" * 64)][2] is None
    remove(library, "d")
    assert relations.cited_by(library.store, "a" * 64) == []
    assert library.store.db.execute("SELECT count(*) FROM cited").fetchone()[0] == 0


def test_a_citation_of_the_preprint_counts_for_the_published_version(library: Library) -> None:
    add(library, "c", PUBLISHED)
    add(library, "a", PREPRINT)
    add(library, "e", document("A review of all of it", cites=("[1] X. doi:10.1101/2019.01.01.123456v2",)))
    assert [p.id[0] for p in relations.cited_by(library.store, "c" * 64)] == ["e"]
    ((_, named),) = relations.references(library.store, "e" * 64)
    assert named is not None
    assert named.id[0] == "a"


@pytest.mark.parametrize(
    "entry",
    [
        f"[1] Other O. {TITLE}. Annals 2001;3:4.",
        f"[1] Author A. {TITLE}: Part II. Annals 2021;3:4.",
        f"[1] Author A. {TITLE}. Annals 2020;3:4. doi:10.5555/another.9",
        "[1] Author A. Growth of tomato plants. Annals 2020;3:4.",
        "[1] Author A. Annals 2020;3:4.",
    ],
    ids=["other-author-and-year", "part-2", "other-doi", "shorter-title", "no-title"],
)
def test_a_reference_to_another_paper_leads_nowhere(library: Library, entry: str) -> None:
    add(library, "c", PUBLISHED)
    add(library, "e", document("A review of all of it", cites=(entry,)))
    ((_, named),) = relations.references(library.store, "e" * 64)
    assert named is None
    assert relations.cited_by(library.store, "c" * 64) == []


def test_near_duplicates_are_told_with_their_share(library: Library) -> None:
    add(library, "a", PUBLISHED)
    add(library, "b", replace(PUBLISHED, title="scan 17", authors=(), doi=""))
    add(library, "d", PART_2)
    ((twin, share),) = relations.near_duplicates(library.store, "a" * 64)
    assert (twin.id[0], share) == ("b", 1.0)
    assert relations.near_duplicates(library.store, "d" * 64) == []


def test_near_duplicates_vote_with_one_voice(library: Library) -> None:
    add(library, "a", PUBLISHED)
    add(library, "b", replace(PUBLISHED, title="scan 17", authors=(), doi=""))
    add(library, "d", PART_2)
    voices = relations.voices(library.store, ["a" * 64, "b" * 64, "d" * 64])
    assert voices["a" * 64] == voices["b" * 64] != voices["d" * 64]
    alone = relations.voices(library.store, ["b" * 64])
    assert alone == {"b" * 64: library.store.paper("b" * 64).work_id}


def test_adding_a_paper_compares_it_with_few(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    compare = catalogue.same_work
    monkeypatch.setattr(catalogue, "same_work", lambda a, b: (asked.append(b.record.title), compare(a, b))[1])
    with library.writing() as db, writes.transaction(db):
        for n in range(300):
            add_in(
                db, f"{n:064x}", document(f"Title number {n} of the many papers", f"A{n} Author", text=prose(n, 400))
            )
    began = time.perf_counter()
    add(library, "e", PUBLISHED)
    assert time.perf_counter() - began < 1
    assert len(asked) < 30
    assert library.store.n_works == 301
