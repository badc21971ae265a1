"""The same paper in every format reads the same, and its quotes are found with their paragraph."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Assistant
from assistant.index.chunk import passages
from assistant.index.geometry import line_boxes
from assistant.index.sandbox import read_paper
from assistant.testing import HashEmbedder
from assistant.types import Document, FileStatus, Role
from tests.index.formats import made

SUFFIXES = (".html", ".md", ".xml", ".docx", ".epub", ".txt")


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    paths = made.write_all(tmp_path_factory.mktemp("beans"))
    return {suffix: read_paper(path) for suffix, path in paths.items()}


def shown(document: Document) -> list[tuple[str, str]]:
    """(role, text) of each paragraph, hidden ones apart; a list's dash is the format's."""
    pages = [page for page in document.pages if page.blocks[0].role is not Role.HIDDEN]
    return [(str(page.blocks[0].role), page.text.removeprefix("- ")) for page in pages]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_gives_the_same_paragraphs(documents: dict[str, Document], suffix: str) -> None:
    rows = "\n".join(" ".join(row) for row in (made.HEADER, *made.ROWS))
    expected = [(role, text or rows) for role, _, text in made.SPEC if text or suffix != ".txt"]
    assert shown(documents[suffix]) == expected


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_paragraphs_are_numbered_and_have_no_places(documents: dict[str, Document], suffix: str) -> None:
    document = documents[suffix]
    assert not document.paged
    for number, page in enumerate(document.pages, 1):
        assert (page.number, page.label, page.width, page.height) == (number, str(number), 0.0, 0.0)
        assert (page.blocks[0].start, page.blocks[-1].end) == (0, len(page.text))
        assert line_boxes(page, 0, len(page.text)) == ()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_sections_are_paths(documents: dict[str, Document], suffix: str) -> None:
    sections = {page.text.removeprefix("- "): page.blocks[0].section for page in documents[suffix].pages}
    assert sections["Water was given daily."] == "Methods > Plants"
    assert sections["Leaf number rose too, from six to eight."] == "Results"
    assert sections[made.TITLE] == ""
    levels = [b.level for page in documents[suffix].pages for b in page.blocks if b.role is Role.HEADING]
    assert [level - levels[0] for level in levels] == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_metadata(documents: dict[str, Document], suffix: str) -> None:
    document = documents[suffix]
    assert (document.title, document.authors) == (made.TITLE, made.AUTHORS)
    if suffix != ".txt":
        assert (document.year, document.doi) == (2021, made.DOI)


@pytest.mark.parametrize("suffix", [s for s in SUFFIXES if s != ".txt"])
def test_tables_have_cells_and_captions(documents: dict[str, Document], suffix: str) -> None:
    (table,) = documents[suffix].tables
    text = documents[suffix].pages[table.page - 1].text
    cells = {(c.row, c.column): text[c.start : c.end] for c in table.cells}
    assert cells == {(r, c): cell for r, row in enumerate((made.HEADER, *made.ROWS)) for c, cell in enumerate(row)}
    assert [c.row for c in table.cells if c.header] == [0, 0, 0]
    assert table.label == "Table 1"
    assert table.caption is not None
    assert documents[suffix].pages[table.caption.page - 1].text == made.CAPTION
    blocks = documents[suffix].pages[table.page - 1].blocks
    assert [text[b.start : b.end].strip() for b in blocks] == [" ".join(r) for r in (made.HEADER, *made.ROWS)]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_references_are_entries(documents: dict[str, Document], suffix: str) -> None:
    first, second = documents[suffix].references
    assert (first.text, first.year, first.doi) == (made.ENTRIES[0], 2018, "10.5555/pots.2018")
    assert (second.text, second.year, second.doi) == (made.ENTRIES[1], 2015, "")
    page = documents[suffix].pages[first.spans[0].page - 1]
    assert page.text[first.spans[0].start : first.spans[0].end] == first.text


@pytest.mark.parametrize("suffix", [".html", ".md", ".docx", ".epub"])
def test_hidden_text_is_kept_flagged_and_not_found(documents: dict[str, Document], suffix: str) -> None:
    document = documents[suffix]
    assert document.flags == ("hidden text",)
    assert document.pages[-1].text == made.HIDDEN
    found = passages(document, "p", target=40, count=HashEmbedder().count_tokens)
    assert not any("praise" in passage.text for passage in found)


def test_passages_are_the_same_in_every_format(documents: dict[str, Document]) -> None:
    cut = {
        suffix: [
            (p.text.replace("- ", ""), p.section)
            for p in passages(document, "p", target=40, count=HashEmbedder().count_tokens)
        ]
        for suffix, document in documents.items()
    }
    assert len(cut[".html"]) > 4
    for suffix in (".md", ".xml", ".docx", ".epub"):
        assert cut[suffix] == cut[".html"]
    without_table = [p for p in cut[".html"] if made.HEADER[1] not in p[0]]
    assert sorted(cut[".txt"]) == sorted(without_table)


def test_a_folder_of_all_formats_is_read_and_asked(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    paths = made.write_all(folder)
    (folder / "README.md").write_text("# How to use\n\nRun it. It is a program.\n")
    (folder / "data.xml").write_text("<data><row>1</row></data>")
    with Assistant(tmp_path / "library") as assistant:
        report = assistant.ingest(folder)
        assert {f.path.name for f in report.files} == {path.name for path in paths.values()}
        assert {f.status for f in report.files} == {FileStatus.INDEXED, FileStatus.FLAGGED}
        answer = assistant.ask("Did five grams of velorite raise the height of seedlings?")
        assert len({paper.work_id for paper in assistant.papers()}) == 1
        found = [e for e in answer.evidence if "Five grams of velorite raised" in e.text]
        assert found
        for evidence in found:
            assert (evidence.page, evidence.page_label) == (None, "")
            pages = {p.number: p.text for p in read_paper(evidence.paper.paths[0]).pages}
            assert evidence.paragraph in pages
            assert " ".join(pages[s.page][s.start : s.end] for s in evidence.spans) == evidence.text
