from __future__ import annotations

import html
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.types import Label, Paper, PaperVerdict, PassageKind, ReasoningStep, StepKind, Verdict
from assistant.ui import markup, render
from tests.ui.scripted import HOSTILE, make_answer, make_evidence, make_paper, script

TAGS = {"p", "h2", "h3", "ol", "ul", "li", "a", "span", "section", "cite", "bdi", "blockquote"}
TAGS |= {"details", "summary", "pre", "code"}
ATTRIBUTES = {"class", "id", "href", "dir", "role", "tabindex", "aria-label", "aria-hidden"}
LIVE = "`${}\\"
"""Characters by which a template would run what it was given."""


class Checker(HTMLParser):
    """Fails at any tag or attribute that the page does not use, and at a link that leaves it; collects the text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        self.open.append(tag)
        for name, value in attrs:
            assert name in ATTRIBUTES
            if name == "href":
                assert value is not None
                assert value.startswith("#cite-")
                assert value.removeprefix("#cite-").isdigit()
                self.links.append(value)
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    handle_decl = handle_pi = unknown_decl = handle_comment


def check(text: str) -> Checker:
    """The text as a browser would read it, once it is known to hold nothing that runs, loads or leaves."""
    assert not set(text) & set(LIVE)
    checker = Checker()
    checker.feed(text)
    checker.close()
    assert not checker.open
    return checker


def hostile_view(evil: str) -> render.View:
    paper = Paper("a" * 64, "w", evil, (evil, evil), 2020)
    evidence = make_evidence(1, evil, paper=paper, section=evil, label=evil, stance=Label.REFUTES)
    verdict = Verdict(evil, Label.REFUTES, 0.6, False, True, 1, 1, (evidence,), evil)
    steps = (ReasoningStep(StepKind.SEARCH, evil, (1,), verdict),)
    answer = make_answer(f"{evil} [1]", (evidence,), steps=steps)
    return render.View(evil, False, steps, (evidence,), answer, verdict, evil)


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_text_is_shown_as_text_wherever_it_stands(evil: str) -> None:
    view = hostile_view(evil)
    shown = markup.escape(evil)
    for text in (render.main_html(view), render.passages_html(view), render.library_html([view.evidence[0].paper])):
        assert shown in text
        check(text)


@given(st.text())
def test_escaped_text_reads_as_it_was_written(text: str) -> None:
    shown = markup.escape(text)
    assert not set(shown) & set(LIVE + "<>\"'")
    assert html.unescape(shown) == "".join("\N{REPLACEMENT CHARACTER}" if _shapeless(c) else c for c in text)


def _shapeless(character: str) -> bool:
    code = ord(character)
    return (code < 32 and character not in "\t\n\r") or code == 127 or 0xD800 <= code < 0xE000


def test_what_utf8_cannot_hold_can_be_sent() -> None:
    markup.escape("paper-\udcff.pdf").encode("utf-8")


@given(st.text(alphabet="[]0123456789 a<"), st.sets(st.integers(0, 20)))
def test_only_known_numbers_become_links(text: str, known: set[int]) -> None:
    page = check(render.cited(text, known))
    assert page.text == text
    assert {int(link.removeprefix("#cite-")) for link in page.links} <= known


def test_each_citation_leads_to_its_passage() -> None:
    view = render.View("Does it help?")
    for event in script():
        view = render.advance(view, event)
    links = check(render.main_html(view)).links
    targets = check(render.passages_html(view)).ids
    assert set(links) == {"#cite-1", "#cite-2"}
    assert targets == ["cite-1", "cite-2"]


def test_a_number_that_was_not_retrieved_stays_text() -> None:
    page = check(render.answer_html(make_answer("So it is [1], not [2], nor [99999] or [١].", [make_evidence(1)])))
    assert page.links == ["#cite-1"]
    assert "not [2], nor [99999] or [١]." in page.text


def test_a_step_links_the_evidence_that_its_text_does_not_name() -> None:
    step = ReasoningStep(StepKind.DIFFERENCE, "They differ, see [1].", (1, 2, 3))
    assert check(render.steps_html([step], [1, 2])).links == ["#cite-1", "#cite-2"]


def test_no_steps_no_list() -> None:
    assert render.steps_html([], [1]) == ""


def test_a_written_step_says_what_the_checks_found() -> None:
    step = ReasoningStep(StepKind.OBSERVATION, "It rose.", (1,), quote="rose", note="<b>not supported")
    assert "<b>not supported" in check(render.steps_html([step], [1])).text


def test_the_stream_fills_the_page_step_by_step() -> None:
    view = render.View("Does it help?")
    assert "Reading your papers" in render.main_html(view)
    assert render.passages_html(view) == ""
    first, found, *rest = script()
    view = render.advance(render.advance(view, first), found)
    assert "Searched 2 papers." in render.main_html(view)
    assert "Passages found" in render.passages_html(view)
    for event in rest:
        view = render.advance(view, event)
    assert not view.running
    assert "Reading your papers" not in render.main_html(view)
    assert "Cited passages" in render.passages_html(view)


def test_an_abstention_says_so_in_words() -> None:
    nearest = make_evidence(1)
    text = "I did not find this in the 3 passages read."
    answer = make_answer(text)
    view = render.View("?", False, (), (nearest,), answer)
    assert "No answer" in render.main_html(view)
    assert "Nearest passages" in render.passages_html(view)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (Label.SUPPORTS, "✓ Supported"),
        (Label.REFUTES, "✗ Refuted"),
        (Label.NOT_ENOUGH_INFO, "? Not enough evidence"),
    ],
)
def test_a_verdict_is_an_icon_and_a_word(label: Label, words: str) -> None:
    page = check(render.verdict_html(Verdict("c", label, None, n_for=2, n_against=1)))
    assert words in page.text
    assert "2 for, 1 against; confidence not known" in page.text
    assert "disagree" not in page.text


def test_a_conflict_and_an_uncalibrated_confidence_are_named() -> None:
    page = check(render.verdict_html(Verdict("c", Label.SUPPORTS, 0.71, conflict=True, method="words alone")))
    assert "Papers disagree" in page.text
    assert "confidence 71 % (not calibrated); method: words alone" in page.text
    assert "calibrated" not in render.verdict_html(Verdict("c", Label.SUPPORTS, 0.71, calibrated=True))


def test_a_verdict_ends_the_stream_and_decides_what_was_cited() -> None:
    evidence = make_evidence(4, stance=Label.SUPPORTS)
    view = render.advance(render.View("c"), Verdict("c", Label.SUPPORTS, evidence=(evidence,)))
    assert not view.running
    assert view.evidence == (evidence,)
    assert "for the claim" in render.passages_html(view)


def test_a_passage_tells_paper_place_quote_and_score() -> None:
    text = check(render.passages_html(render.View("?", evidence=(make_evidence(),)))).text
    for part in ("[1]", "Velorite and tomato yield", "Yield rose by 12 %.", "A. Author and B. Author, 2021"):
        assert part in text
    assert "section “Results”, page 3 (printed: 113)" in text
    assert "relevance 80 %" in text


@pytest.mark.parametrize(
    ("section", "label", "expected"),
    [("", "3", "page 3"), ("", "", "page 3"), ("", "xii", "page 3 (printed: xii)"), ("A", "3", "section “A”, page 3")],
)
def test_place_in_words(section: str, label: str, expected: str) -> None:
    assert render.place(make_evidence(section=section, label=label)) == expected


@pytest.mark.parametrize(("kind", "name"), [("reference", "list of references"), ("row", "row of a table")])
def test_the_place_says_what_is_no_running_text(kind: str, name: str) -> None:
    evidence = make_evidence(section="", label="3")
    passage = replace(evidence.passage, kind=PassageKind(kind))
    assert render.place(replace(evidence, passage=passage)) == f"{name}, page 3"


def test_a_format_without_pages_has_no_page() -> None:
    evidence = make_evidence(section="")
    object.__setattr__(evidence, "spans", ())
    assert render.place(evidence) == "no page"


def test_a_format_without_pages_shows_its_paragraph() -> None:
    evidence = make_evidence(section="A")
    object.__setattr__(evidence.paper, "paged", False)
    assert render.place(evidence) == "section “A”, ¶ 3"


@pytest.mark.parametrize(("p", "shown"), [(0.804, "80 %"), (0.0, "1 %"), (1.0, "99 %"), (0.5, "50 %")])
def test_percent_is_never_certain(p: float, shown: str) -> None:
    assert render.percent(p) == shown


@pytest.mark.parametrize(
    ("names", "shown"), [((), ""), (("A",), "A"), (("A", "B"), "A and B"), (("A", "B", "C"), "A and others")]
)
def test_authors(names: tuple[str, ...], shown: str) -> None:
    assert render.authors(make_paper(authors=names)) == shown


def test_a_long_library_is_cut_and_counted() -> None:
    text = check(render.library_html([make_paper(f"Paper {n}") for n in range(render.PAPERS_LISTED + 7)])).text
    assert "107 papers in the library" in text
    assert "and 7 more" in text
    assert f"Paper {render.PAPERS_LISTED}" not in text
    assert "1 paper in" in render.library_html([make_paper()])


def test_an_empty_library_says_what_to_do() -> None:
    assert "assistant ingest FOLDER" in check(render.empty_library_html()).text


def test_votes_and_mismatches_of_a_verdict_are_shown_and_escaped() -> None:
    evil = " ".join(HOSTILE)
    papers = (
        PaperVerdict(make_paper(evil), Label.REFUTES, (0.1, 0.7, 0.2), (1,)),
        PaperVerdict(make_paper("Silent"), Label.NOT_ENOUGH_INFO, (0.1, 0.2, 0.7)),
    )
    verdict = Verdict("c", Label.REFUTES, 0.7, True, n_against=1, papers=papers, mismatches=(evil,))
    shown = check(render.verdict_html(verdict))
    assert "against the claim, 70 %" in shown.text
    assert "Silent" not in shown.text
    assert shown.links == ["#cite-1"]
    far = check(
        render.verdict_html(replace(verdict, confidence=None, calibrated=False, reason="not calibrated here: x"))
    )
    assert "not calibrated here: x" in far.text
    assert "70 %" not in far.text


def test_a_step_that_was_not_judged_says_why_and_a_search_says_nothing() -> None:
    verdict = Verdict("c", Label.NOT_ENOUGH_INFO, reason="not judged: language")
    steps = [ReasoningStep(StepKind.SEARCH, "S.", (), verdict), ReasoningStep(StepKind.EVIDENCE, "E.", (), verdict)]
    assert check(render.steps_html(steps, [])).text.count("not judged: language") == 1
