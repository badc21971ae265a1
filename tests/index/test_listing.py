from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import UsageError
from assistant.index import leaving, writes
from assistant.index.library import Library
from assistant.index.listing import flag_kinds, list_papers
from assistant.types import FlagKind, Listing
from tests.index.documents import make_document, make_passages, make_vectors

PAPERS = (
    ("Émile on soils", ("Zoë Ünal",), 2019, ()),
    ("Retracted: magic beans", ("A. Author",), 2021, ("hidden text on p. 2",)),
    ("光合作用研究", ("王伟",), None, ("p. 1-3 were read by OCR",)),
    ("Beans", ("B. Author",), 2020, ("very little text", "the file is damaged: what could be mended of it was read")),
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(tmp_path / "library", create=True)
    with writes.transaction(library.store.db) as db:
        writes.set_setting(db, "dimension", "8")
        for n, (title, authors, year, flags) in enumerate(PAPERS):
            document = make_document(*["Growth rose in all plots."] * (n + 1), title=title, flags=flags)
            document = type(document)(document.pages, title, authors, year, flags=flags)
            cut = make_passages(document, f"{n}" * 64)
            vectors = make_vectors(len(cut))
            writes.add_paper(db, f"{n}" * 64, document, cut, vectors, reader="r", fallback_title="x")
    yield library
    library.close()


def titles(library: Library, **wanted: object) -> list[str]:
    return [paper.title for paper, _ in list_papers(library.store, Listing(**wanted)).papers]  # type: ignore[arg-type]


def test_words_are_found_in_titles_and_names_without_case_and_accents(library: Library) -> None:
    assert titles(library, words="emile") == ["Émile on soils"]
    assert titles(library, words="zoe UNAL") == ["Émile on soils"]
    assert titles(library, words="王伟 光合") == ["光合作用研究"]
    assert titles(library, words="emile beans") == []
    assert titles(library, words="%") == []


def test_years_and_flags_filter(library: Library) -> None:
    assert titles(library, year_from=2020, sort="year") == ["Beans", "Retracted: magic beans"]
    assert titles(library, year_to=2019) == ["Émile on soils"]
    assert titles(library, flag="hidden_text") == titles(library, flag="retracted") == ["Retracted: magic beans"]
    assert titles(library, flag="scan") == ["光合作用研究"]
    assert titles(library, flag="none") == ["Émile on soils"]
    assert len(titles(library, flag="any")) == 3


def test_order_both_ways_with_what_has_no_year_last(library: Library) -> None:
    assert [t[0] for t in titles(library, sort="year")] == ["É", "B", "R", "光"]
    assert [t[0] for t in titles(library, sort="year", descending=True)] == ["R", "B", "É", "光"]
    assert [t[0] for t in titles(library, sort="pages", descending=True)] == ["B", "光", "R", "É"]
    assert [t[0] for t in titles(library)] == ["B", "É", "R", "光"]


def test_a_page_at_a_time_with_the_whole_number(library: Library) -> None:
    found = list_papers(library.store, Listing(first=2, count=1))
    assert ([p.title[0] for p, _ in found.papers], found.total) == (["R"], 4)


def test_what_is_being_removed_is_not_listed(library: Library) -> None:
    leaving.leave(library.store.db, ["0" * 64], 1e12)
    assert len(titles(library)) == 3


def test_files_of_one_work_are_duplicates(library: Library) -> None:
    with writes.transaction(library.store.db) as db:
        db.execute("UPDATE papers SET work_id = 'w' WHERE year >= 2020")
    assert len(titles(library, flag="duplicate")) == 2


def test_every_kind_is_told_by_the_readers_words(library: Library) -> None:
    found = {paper.title[0]: flag_kinds(paper) for paper in library.store.papers()}
    assert found["B"] == (FlagKind.INCOMPLETE, FlagKind.LITTLE_TEXT)
    assert found["R"] == (FlagKind.HIDDEN_TEXT, FlagKind.RETRACTED)


@pytest.mark.parametrize("wanted", [Listing(sort="id; DROP TABLE papers"), Listing(flag="nonsense")])
def test_an_order_or_flag_that_is_none_is_refused(library: Library, wanted: Listing) -> None:
    with pytest.raises(UsageError, match="choose one of"):
        list_papers(library.store, wanted)
