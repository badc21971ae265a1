from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.index import bibfiles
from assistant.index import ingest as ingesting
from assistant.index.library import Library
from assistant.index.records.record import Record
from assistant.testing import HashEmbedder
from assistant.types import Document, FileReport, IngestReport, Paper
from tests.index.documents import make_document

TITLE = "Growth of tomato plants under velorite in sandy soil"
WORDS = "Plants were grown in pots of sand and watered each day of the week."


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    (folder / "sub").mkdir(parents=True)
    (folder / "one.pdf").write_text(f"{TITLE}|", encoding="utf-8")
    (folder / "sub" / "two.pdf").write_text("Something else|10.5555/two.2", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _plain_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files hold "title|DOI" here: no process is started for what is not what these tests are about."""

    def read(path: Path, **_: object) -> Document:
        title, doi = path.read_text(encoding="utf-8").split("|")
        return replace(make_document(f"{WORDS} {path.name}", title=title), authors=(), year=None, doi=doi)

    monkeypatch.setattr(ingesting, "read_paper", read)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library", create=True)


def ingest(library: Library, path: Path) -> IngestReport:
    *_, report = ingesting.ingest([path], library, HashEmbedder, workers=1, target=60)
    assert isinstance(report, IngestReport)
    return report


def bib(path: Path, *entries: str) -> Path:
    path.write_text("\n".join(entries), encoding="utf-8")
    return path


def found(library: Library, name: str) -> Paper:
    return next(p for p in library.store.papers() if p.path and p.path.name == name)


def faults(report: IngestReport) -> list[FileReport]:
    return [f for f in report.files if f.path.suffix != ".pdf"]


def test_an_entry_wins_by_file_by_doi_and_by_title(library: Library, papers: Path) -> None:
    bib(
        papers / "my.bib",
        "@article{k1, title={My {T}itle}, author={Author, Ann}, year=1999, journal={J}, file={:sub/two.pdf:PDF}}",
        f"@article{{k2, title={{{TITLE.upper()}}}, author={{Writer, Bo}}, year=2001, doi={{10.5555/one}}}}",
    )
    report = ingest(library, papers)
    assert not faults(report)
    two, one = found(library, "two.pdf"), found(library, "one.pdf")
    assert (two.title, two.authors, two.year, two.venue) == ("My Title", ("Ann Author",), 1999, "J")
    assert (two.doi, two.source) == ("10.5555/two.2", "my.bib: k1")
    assert (one.title, one.authors, one.doi) == (TITLE.upper(), ("Bo Writer",), "10.5555/one")


def test_a_changed_bibliography_counts_at_once_and_no_paper_is_read_again(
    library: Library, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = bib(papers / "my.bib", "@article{k, title={First}, doi={10.5555/two.2}}")
    ingest(library, papers)
    assert found(library, "two.pdf").title == "First"

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a paper was read again")

    monkeypatch.setattr(ingesting, "read_paper", fail)
    bib(mine, "@article{k, title={Second title}, doi={10.5555/TWO.2}}")
    ingest(library, papers)
    assert found(library, "two.pdf").title == "Second title"
    mine.unlink()
    ingest(library, papers)
    assert found(library, "two.pdf").title != "Second title"
    assert found(library, "two.pdf").source == ""


def test_an_unchanged_bibliography_is_not_parsed_again(
    library: Library, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bib(papers / "my.bib", "@article{k, title={First}, doi={10.5555/two.2}}")
    ingest(library, papers)
    monkeypatch.setattr(bibfiles, "parse_bibtex", lambda _: pytest.fail("parsed again"))
    (papers / "three.pdf").write_text("Third|", encoding="utf-8")
    ingest(library, papers)
    assert found(library, "two.pdf").title == "First"


def test_an_edit_wins_over_the_bibliography_and_the_nearest_bibliography_over_others(
    library: Library, papers: Path
) -> None:
    bib(papers / "far.bib", "@article{far, title={Far}, year=2001, doi={10.5555/two.2}}")
    bib(papers / "sub" / "near.bib", "@article{near, title={Near}, year=2002, doi={10.5555/two.2}}")
    ingest(library, papers)
    two = found(library, "two.pdf")
    assert (two.title, two.source) == ("Near", "near.bib: near")
    library.edit(two.id, Record("Mine"))
    two = found(library, "two.pdf")
    assert (two.title, two.year, two.source) == ("Mine", 2002, "near.bib: near; edited")


def test_a_bibliography_does_not_speak_for_papers_above_it(library: Library, papers: Path) -> None:
    bib(papers / "sub" / "my.bib", f"@article{{k, title={{{TITLE}}}, year=1901}}")
    ingest(library, papers)
    assert found(library, "one.pdf").year != 1901


def test_csl_json_of_zotero_counts_and_other_json_does_not(library: Library, papers: Path) -> None:
    item = '{"id": "z", "type": "article-journal", "title": "From Zotero", "DOI": "10.5555/TWO.2"}'
    bib(papers / "export.json", f"[{item}]")
    bib(papers / "settings.json", '{"a": 1}')
    bib(papers / "broken.json", "{")
    assert not faults(ingest(library, papers))
    assert found(library, "two.pdf").title == "From Zotero"


def test_file_names_are_matched_as_other_systems_write_them(library: Library, papers: Path) -> None:
    bib(
        papers / "my.bib",
        r"@misc{k, title={By name}, file={Full:C\:\\Users\\me\\Zotero\\storage\\AB12\\TWO.pdf:application/pdf}}",
    )
    ingest(library, papers)
    assert found(library, "two.pdf").title == "By name"


def test_a_bad_bibliography_is_one_sentence_and_the_ingest_goes_on(library: Library, papers: Path) -> None:
    bib(papers / "bad.bib", "@article{a, title={x", "@article{k, title={Good}, doi={10.5555/two.2}}")
    bib(papers / "none.bib", "Dear diary")
    (papers / "latin.bib").write_bytes("@article{l, title={Über}, doi={10.5555/none}}".encode("latin-1"))
    for _ in range(2):
        bad, none = faults(ingest(library, papers))
        assert (bad.status, none.status) == ("flagged", "failed")
        assert bad.reason == "1 entry of 2 cannot be read, the first in line 1: mend its braces"
        assert none.reason == "no BibTeX entry in it; export it again, or take it away"
    assert found(library, "two.pdf").title == "Good"


@pytest.mark.skipif(os.name == "nt", reason="permissions differ")
def test_a_bibliography_too_large_is_said(library: Library, papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bibfiles, "MAX_BYTES", 10)
    bib(papers / "my.bib", "@article{k, title={First}, doi={10.5555/two.2}}")
    (report,) = faults(ingest(library, papers))
    assert report.reason.startswith("larger than")


def test_the_bibliography_beside_a_single_file_counts(library: Library, papers: Path) -> None:
    bib(papers / "my.bib", f"@article{{k, title={{{TITLE}}}, year=1901}}")
    ingest(library, papers / "one.pdf")
    assert found(library, "one.pdf").year == 1901
