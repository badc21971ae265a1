"""Passages: exact spans, whole sentences, one section, bounded length, nothing of the running text lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.index.chunk import ALONE, LIMIT_RATIO, passages
from assistant.types import RUNNING_TEXT, Block, Document, Page, Passage, Role

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


@pytest.mark.parametrize("role", [Role.REFERENCE, Role.FURNITURE, Role.HIDDEN, Role.AUTHOR, Role.FIGURE])
def test_what_is_no_evidence_is_in_no_passage(role: Role) -> None:
    assert cut([(role, "", "Not to be found.")]) == []


@pytest.mark.parametrize("role", [Role.CAPTION, Role.FOOTNOTE])
def test_captions_and_footnotes_stand_alone(role: Role) -> None:
    assert [p.text for p in cut([(role, "", "One."), (role, "", "Two.")])] == ["One.", "Two."]


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


WORDS = st.sampled_from(
    ["alpha", "Beta", "gamma.", "The", "of", "et al.", "0.5", "x" * 30, "done.", "是。", "\u2028", "J."]
)
TEXTS = st.lists(WORDS, max_size=25).map(" ".join)
RUNNING_PARTS = st.tuples(st.sampled_from(sorted(RUNNING_TEXT | {Role.AUTHOR})), st.sampled_from(["", "A", "B"]), TEXTS)
OTHER_PARTS = st.tuples(st.sampled_from(sorted(set(Role) - RUNNING_TEXT)), st.just("A"), TEXTS)
PAGES = st.tuples(st.lists(RUNNING_PARTS, max_size=5), st.lists(OTHER_PARTS, max_size=3)).map(lambda p: p[0] + p[1])


@settings(deadline=None)
@given(st.lists(PAGES, max_size=4), st.integers(1, 40))
def test_invariants(pages: list[Parts], target: int) -> None:
    document = Document(tuple(page(n, parts) for n, parts in enumerate(pages, start=1)))
    texts = {p.number: p.text for p in document.pages}
    covered: set[tuple[int, int]] = set()
    for passage in passages(document, "paper", target=target, count=words):
        quotes = [texts[s.page][s.start : s.end] for s in passage.spans]
        assert all(quote and quote == quote.strip() for quote in quotes)
        assert passage.text == " ".join(quotes)
        numbers = [s.page for s in passage.spans]
        assert numbers == sorted(set(numbers))
        assert words([passage.text])[0] <= max(1, LIMIT_RATIO * target)
        covered.update((s.page, i) for s in passage.spans for i in range(s.start, s.end))
    _check_coverage(document, covered)


def _check_coverage(document: Document, covered: set[tuple[int, int]]) -> None:
    """Every character of text and captions is in a passage, none of what is left out."""
    for p in document.pages:
        for block in p.blocks:
            places = {(p.number, i) for i in range(block.start, block.end) if not p.text[i].isspace()}
            if block.role in (RUNNING_TEXT | ALONE) - {Role.HEADING}:
                assert places <= covered
            elif block.role is not Role.HEADING:
                assert not places & covered
