"""Passages: exact spans, whole sentences, one section, bounded length, nothing of the running text lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.index import chunk
from assistant.index.chunk import ALONE, LIMIT_RATIO, passages
from assistant.types import (
    RUNNING_TEXT,
    Block,
    Cell,
    Document,
    Page,
    PageQuality,
    Passage,
    PassageKind,
    Reference,
    Role,
    Span,
    Table,
)

Parts = Sequence[tuple[Role, str, str]]


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def page(number: int, parts: Parts) -> Page:
    """A page whose blocks (role, section, text) stand one on a line."""
    text, blocks = "", []
    for role, section, part in parts:
        blocks.append(Block(role, len(text), len(text) + len(part), section))
        text += part + "\n"
    return Page(number, str(number), 600, 800, text, tuple(blocks))


def cut(*pages: Parts, target: int = 12) -> list[Passage]:
    document = Document(tuple(page(n, parts) for n, parts in enumerate(pages, start=1)))
    return passages(document, "paper", target=target, count=words)


def body(text: str, section: str = "") -> tuple[Role, str, str]:
    return (Role.BODY, section, text)


def test_no_pages_and_no_text() -> None:
    assert cut() == []
    assert cut([]) == []
    assert cut([body("  ")]) == []


def test_whole_sentences_of_about_the_wished_length() -> None:
    text = " ".join(f"Sentence {n} has six words here." for n in range(9))
    found = cut([body(text)], target=18)
    assert [p.text.count(".") for p in found] == [3, 3, 3]
    assert all(p.text.endswith(".") for p in found)


def test_a_short_last_sentence_is_repeated_at_the_head_of_the_next() -> None:
    found = cut(
        [body("One two three four five six seven eight nine ten. Short. " + "A b c d e f g h i j k.")], target=11
    )
    assert found[0].text.endswith("Short.")
    assert found[1].text.startswith("Short.")


def test_a_short_rest_joins_the_passage_before() -> None:
    text = "One two three four five six seven eight nine ten eleven twelve. The rest."
    assert [p.text for p in cut([body(text)])] == [text]


def test_sections_do_not_mix() -> None:
    found = cut([body("First.", "A"), body("Second.", "B")])
    assert [(p.text, p.section) for p in found] == [("First.", "A"), ("Second.", "B")]


def test_a_heading_opens_its_section() -> None:
    parts = [
        body("Before.", "1"),
        (Role.HEADING, "1", "2 Methods"),
        (Role.HEADING, "2", "2.1 Mice"),
        body("Six.", "2.1"),
    ]
    assert [p.text for p in cut(parts)] == ["Before.", "2 Methods\n2.1 Mice\nSix."]
    assert cut(parts)[1].section == "2.1"


def test_a_heading_with_nothing_under_it_is_left_out() -> None:
    assert [p.text for p in cut([body("Text."), (Role.HEADING, "", "References")])] == ["Text."]


def test_a_sentence_runs_over_the_page_break() -> None:
    found = cut([body("It was seen. The effect of the")], [body("treatment was large. End.")])
    assert len(found) == 1
    assert found[0].text == "It was seen. The effect of the treatment was large. End."
    assert [(s.page, s.start, s.end) for s in found[0].spans] == [(1, 0, 30), (2, 0, 25)]


def test_it_runs_past_a_page_without_running_text_and_captions() -> None:
    caption = (Role.CAPTION, "", "Figure 1. A mouse.")
    found = cut([body("The effect of the"), caption], [caption], [body("treatment was large.")])
    assert [p.text for p in found] == [
        "The effect of the treatment was large.",
        "Figure 1. A mouse.",
        "Figure 1. A mouse.",
    ]


def test_a_list_entry_runs_on_only_in_lower_case() -> None:
    one, two = (Role.LIST, "", "alpha of the"), (Role.LIST, "", "Beta")
    assert len(cut([one], [two], target=1)) > 1
    assert cut([one], [(Role.LIST, "", "kind")], target=4)[0].text == "alpha of the kind"


def test_a_title_opens_the_passage_of_the_abstract_under_it() -> None:
    found = cut([(Role.TITLE, "", "A title"), (Role.ABSTRACT, "", "It rose. It fell.")])
    assert [p.text for p in found] == ["A title\nIt rose. It fell."]
    found = cut([body("A running line."), (Role.TITLE, "", "A title"), (Role.HEADING, "S", "S"), body("Text.")])
    assert [p.text for p in found] == ["A running line.", "A title\nS\nText."]


def test_no_passage_reaches_over_what_is_not_running_text() -> None:
    found = cut([(Role.TITLE, "", "A title"), (Role.AUTHOR, "", "Ann Author"), body("Text.")])
    assert [p.text for p in found] == ["A title", "Text."]


@pytest.mark.parametrize("role", [Role.FURNITURE, Role.HIDDEN, Role.AUTHOR, Role.FIGURE])
def test_what_is_no_evidence_is_in_no_passage(role: Role) -> None:
    assert cut([(role, "", "Not to be found.")]) == []


@pytest.mark.parametrize("role", [Role.CAPTION, Role.FOOTNOTE, Role.REFERENCE])
def test_captions_footnotes_and_references_stand_alone(role: Role) -> None:
    found = cut([(role, "", "One."), (role, "", "Two.")])
    assert [(p.text, p.kind) for p in found] == [("One.", role.value), ("Two.", role.value)]


def test_the_rows_of_a_table_stand_together() -> None:
    row = (Role.TABLE, "", "A 1 2")
    assert [p.text for p in cut([row, row, (Role.CAPTION, "", "Table 1."), row])] == [
        "A 1 2\nA 1 2",
        "Table 1.",
        "A 1 2",
    ]


def test_an_endless_sentence_is_cut_at_spaces() -> None:
    found = cut([body(" ".join(["word"] * 500))], target=20)
    assert all(words([p.text])[0] <= 30 for p in found)
    assert sum(words([p.text])[0] for p in found) == 500


def test_garbage_without_spaces_is_cut_hard() -> None:
    document = Document((page(1, [body("x" * 1000)]),))
    found = passages(document, "paper", target=20, count=lambda texts: [len(t) for t in texts])
    assert "".join(p.text for p in found) == "x" * 1000
    assert max(len(p.text) for p in found) <= 30


def test_a_counter_that_no_cut_satisfies_still_ends() -> None:
    document = Document((page(1, [body("abc")]),))
    assert [p.text for p in passages(document, "p", target=1, count=lambda texts: [99] * len(texts))] == ["a", "b", "c"]


HEADER, FIRST, SECOND, EMPTY = "Plot Yield", "North 4.1", "South 3.9", "— x"


def table(*rows: str, header: str = HEADER, before: str = "") -> tuple[Page, Table]:
    """A page that holds a table with these rows, a block and two cells each."""
    text, blocks, cells = before, [], []
    for number, row in enumerate((header, *rows) if header else rows):
        at = [len(text), len(text) + row.index(" "), len(text) + row.index(" ") + 1, len(text) + len(row)]
        first = bool(header) and number == 0
        cells += [Cell(number, 0, at[0], at[1], header=first), Cell(number, 1, at[2], at[3], header=first)]
        blocks.append(Block(Role.TABLE, len(text), len(text) + len(row) + 1, "Results > Yield"))
        text += row + "\n"
    return Page(1, "1", 600, 800, text, tuple(blocks)), Table(1, "Table 1", (0, 0, 1, 1), tuple(cells))


def cut_table(shown: tuple[Page, Table], *, target: int = 12) -> list[Passage]:
    return passages(Document((shown[0],), tables=(shown[1],)), "paper", target=target, count=words)


def test_a_row_of_a_table_is_found_with_its_header() -> None:
    found = cut_table(table(FIRST, SECOND))
    assert [p.text for p in found] == ["Plot Yield North 4.1", "Plot Yield South 3.9"]
    assert {(p.kind, p.section) for p in found} == {(PassageKind.ROW, "Results > Yield")}
    assert [(s.start, s.end) for s in found[1].spans] == [(0, 10), (21, 30)]


def test_a_row_that_says_nothing_is_no_passage() -> None:
    assert [p.text for p in cut_table(table(FIRST, EMPTY))] == ["Plot Yield North 4.1"]


def test_a_table_without_a_header() -> None:
    assert [p.text for p in cut_table(table(FIRST, SECOND, header=""))] == [FIRST, SECOND]


def test_a_long_header_leaves_room_for_its_rows() -> None:
    found = cut_table(table(f"North {'4 ' * 30}", header="Plot " + "of wheat " * 20))
    assert len(found) > 1
    assert all(p.text.startswith("Plot of wheat") and words([p.text])[0] <= 18 for p in found)
    assert all(words([p.text[: s.end - s.start]])[0] <= 6 for p in found for s in p.spans[:1])


def test_what_a_table_says_beside_its_cells_is_found_too() -> None:
    shown, cells = table(FIRST)
    note = "Means of three."
    block = Block(Role.TABLE, len(shown.text), len(shown.text) + len(note), "")
    noted = Page(1, "1", 600, 800, shown.text + note, (*shown.blocks, block))
    assert [p.text for p in cut_table((noted, cells))] == [note, "Plot Yield North 4.1"]


def test_a_file_of_data_shares_its_passages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk, "ROWS_ALONE", 2)
    found = cut_table(table(FIRST, SECOND, "West 4.0"), target=6)
    assert [p.text for p in found] == ["Plot Yield North 4.1 South 3.9 West 4.0"]


@pytest.mark.parametrize("quality", list(PageQuality))
def test_a_page_that_cannot_be_read_is_in_no_passage(quality: PageQuality) -> None:
    shown, cells = table(FIRST)
    text = shown.text + "Running. Doe J. Soils."
    blocks = (*shown.blocks, Block(Role.BODY, len(shown.text), len(shown.text) + 8), Block(Role.CAPTION, 30, 42))
    whole = Page(1, "1", 600, 800, text, blocks, quality=quality)
    entry = Reference("", (Span(1, len(text) - 13, len(text)),))
    found = passages(Document((whole,), tables=(cells,), references=(entry,)), "p", target=12, count=words)
    assert (found == []) is (quality is PageQuality.UNREADABLE)


def test_no_sentence_runs_over_a_page_that_cannot_be_read() -> None:
    pages = [page(n, [body(text)]) for n, text in enumerate(("The effect of", "###", "treatment was large."), 1)]
    pages[1] = Page(2, "2", 600, 800, "###", (Block(Role.BODY, 0, 3),), quality=PageQuality.UNREADABLE)
    found = passages(Document(tuple(pages)), "paper", target=12, count=words)
    assert [p.text for p in found] == ["The effect of", "treatment was large."]


def test_an_entry_of_the_list_of_references_has_the_places_the_reader_found() -> None:
    pages = (page(1, [(Role.REFERENCE, "", "1. Doe J. Soils.\n2. Roe")]), page(2, [(Role.REFERENCE, "", "P. Rain.")]))
    listed = (Reference("", (Span(1, 0, 16),)), Reference("", (Span(1, 17, 24), Span(2, 0, 9), Span(7, 0, 1))))
    found = passages(Document(pages, references=listed), "paper", target=12, count=words)
    assert [p.text for p in found] == ["1. Doe J. Soils.", "2. Roe P. Rain."]
    assert [(s.page, s.start, s.end) for s in found[1].spans] == [(1, 17, 23), (2, 0, 8)]
    assert {p.kind for p in found} == {PassageKind.REFERENCE}


def test_runs_that_overlap_are_taken_once() -> None:
    """A hostile file may name the same characters a thousand times over."""
    pages = (page(1, [(Role.REFERENCE, "", "1. Doe J. Soils.")]),)
    listed = tuple(Reference("", (Span(1, n % 3, 16),)) for n in range(1000))
    assert len(passages(Document(pages, references=listed), "paper", target=12, count=words)) == 1


def test_passages_of_a_file_without_pages_run_over_paragraphs() -> None:
    parts = [
        (Role.HEADING, "M", "Methods"),
        body("We did this.", "M"),
        body("A list of", "M"),
        body("rats. Done.", "M"),
    ]
    document = Document(tuple(page(n, [part]) for n, part in enumerate(parts, 1)), paged=False)
    found = passages(document, "paper", target=12, count=words)
    assert [(p.text, p.section) for p in found] == [("Methods We did this. A list of rats. Done.", "M")]
    assert [(s.page, s.start, s.end) for s in found[0].spans] == [(1, 0, 7), (2, 0, 12), (3, 0, 9), (4, 0, 11)]
    assert [p.text for p in passages(document, "paper", target=3, count=words)][-2:] == ["A list of", "rats. Done."]


def test_a_long_chinese_sentence_is_cut_after_a_comma() -> None:
    document = Document((page(1, [body("土壤样品风干后过筛，然后分析")]),))
    found = passages(document, "paper", target=8, count=lambda texts: [len(t) for t in texts])
    assert [p.text for p in found] == ["土壤样品风干后过筛，", "然后分析"]


WORDS = st.sampled_from(
    ["alpha", "Beta", "gamma.", "The", "of", "et al.", "0.5", "x" * 30, "done.", "是。", "\u2028", "J."]
)
TEXTS = st.lists(WORDS, max_size=25).map(" ".join)
RUNNING_PARTS = st.tuples(st.sampled_from(sorted(RUNNING_TEXT | {Role.AUTHOR})), st.sampled_from(["", "A", "B"]), TEXTS)
OTHER_PARTS = st.tuples(st.sampled_from(sorted(set(Role) - RUNNING_TEXT)), st.just("A"), TEXTS)
PAGES = st.tuples(st.lists(RUNNING_PARTS, max_size=5), st.lists(OTHER_PARTS, max_size=3)).map(lambda p: p[0] + p[1])


PLACES = st.tuples(st.integers(1, 4), st.integers(0, 200), st.integers(0, 60))
QUALITIES = st.sampled_from([PageQuality.TEXT, PageQuality.TEXT, PageQuality.UNREADABLE])


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Pages of any blocks, and tables and references that lie anywhere in them."""
    pages = [page(n, parts) for n, parts in enumerate(draw(st.lists(PAGES, max_size=4)), 1)]
    pages = [replace(p, quality=draw(QUALITIES)) for p in pages]
    lengths = {p.number: len(p.text) for p in pages}

    def spans() -> list[Span]:
        places = [(n, min(start, lengths.get(n, 0)), more) for n, start, more in draw(st.lists(PLACES, max_size=6))]
        return [Span(n, start, min(start + more, lengths.get(n, 0))) for n, start, more in places]

    cells = [(n, s) for n, s in enumerate(spans())]
    grid = tuple(Cell(n // 2, n % 2, s.start, s.end, header=n < 2 and draw(st.booleans())) for n, s in cells)
    tables = (Table(1, "", (0, 0, 1, 1), tuple(c for c in grid if c.end <= lengths.get(1, 0))),)
    references = (Reference("", tuple(spans())), Reference("", tuple(spans())))
    return Document(tuple(pages), tables=tables, references=references, paged=draw(st.booleans()))


@settings(deadline=None)
@given(documents(), st.integers(1, 40))
def test_invariants(document: Document, target: int) -> None:
    texts = {p.number: p.text for p in document.pages}
    found = passages(document, "paper", target=target, count=words)
    for passage in found:
        quotes = [texts[s.page][s.start : s.end] for s in passage.spans]
        assert all(quote and quote == quote.strip() for quote in quotes)
        assert passage.text == " ".join(quotes)
        assert words([passage.text])[0] <= max(1, LIMIT_RATIO * target)
        if passage.kind in (PassageKind.TEXT, PassageKind.CAPTION, PassageKind.FOOTNOTE):
            numbers = [s.page for s in passage.spans]
            assert numbers == sorted(set(numbers))
    assert passages(document, "paper", target=target, count=words) == found
    _check_coverage(document, found)


def _check_coverage(document: Document, found: Sequence[Passage]) -> None:
    """All of text and captions is in a passage of its kind, and none of what no passage may hold."""
    any_kind = _places(found)
    own = {kind: _places([p for p in found if p.kind is kind]) for kind in PassageKind}
    for p in document.pages:
        for block in p.blocks:
            places = {(p.number, i) for i in range(block.start, block.end) if not p.text[i].isspace()}
            if p.quality is PageQuality.UNREADABLE or block.role in (Role.HIDDEN, Role.FURNITURE):
                assert not places & any_kind
            elif block.role in RUNNING_TEXT - {Role.HEADING}:
                assert places <= own[PassageKind.TEXT]
            elif block.role in (Role.CAPTION, Role.FOOTNOTE):
                assert places <= own[ALONE[block.role]]
            if block.role not in RUNNING_TEXT | {Role.TABLE}:
                assert not places & own[PassageKind.TEXT]


def _places(found: Sequence[Passage]) -> set[tuple[int, int]]:
    return {(s.page, i) for passage in found for s in passage.spans for i in range(s.start, s.end)}
