from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.types import Label, Paper, PaperVerdict, PassageKind, ReasoningStep, Relation, StepKind, Verdict
from assistant.ui import markup, render, told
from assistant.ui.words import LANGUAGES, Words
from tests.ui.scripted import HOSTILE, make_answer, make_evidence, make_paper, script

EN, ZH = Words("en"), Words("zh")
ANSWER = "a-0123456789"
TAGS = {"article", "p", "h2", "h3", "ol", "ul", "li", "a", "span", "section", "cite", "bdi", "blockquote", "q", "div"}
TAGS |= {"details", "summary", "button", "br", "table", "thead", "tbody", "tr", "th", "td"}
TAGS |= {"svg", "g", "title", "rect", "text", "line", "path"}
ATTRIBUTES = {"class", "id", "href", "dir", "role", "tabindex", "aria-label", "aria-hidden", "aria-busy", "open"}
ATTRIBUTES |= {"data-turn", "data-answer", "data-conversation", "data-running", "data-question", "type", "colspan"}
ATTRIBUTES |= {
    "scope",
    "viewbox",
    "width",
    "height",
    "xmlns",
    "font-size",
    "x",
    "y",
    "rx",
    "fill",
    "stroke",
    "x1",
    "x2",
}
ATTRIBUTES |= {"y1", "y2", "stroke-width", "stroke-dasharray", "text-anchor", "d"}
TAGS |= {"form", "label", "select", "option", "textarea", "input"}
ATTRIBUTES |= {"data-to", "data-into", "name", "value", "rows", "maxlength", "stroke-linejoin"}
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
        if tag not in ("br", "input"):
            self.open.append(tag)
        for name, value in attrs:
            assert name in ATTRIBUTES
            if name == "href":
                assert value is not None
                if re.fullmatch(rf"/screens/history/export/{ANSWER}\.[a-z]+", value):
                    continue
                assert re.fullmatch(rf"#cite-(?:{ANSWER}|live-0)-[0-9]+", value)
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


def cites(*evidence: render.Evidence, words: Words = EN) -> render.Cites:
    return render.Cites(ANSWER, evidence or (make_evidence(1),), words)


def shown(view: render.View, words: Words = EN) -> Checker:
    return check(render.turn_html(view, words))


def hostile_view(evil: str, mode: str = "ask") -> render.View:
    paper = Paper("a" * 64, "w", evil, (evil, evil), 2020)
    evidence = make_evidence(1, evil, paper=paper, section=evil, label=evil, stance=Label.REFUTES)
    vote = PaperVerdict(paper, Label.REFUTES, (0.1, 0.7, 0.2), (1,))
    verdict = Verdict(evil, Label.REFUTES, 0.6, False, True, 1, 1, (evidence,), evil, (vote,), evil, mismatches=(evil,))
    steps = (ReasoningStep(StepKind.COMPARISON, evil, (1,), verdict, evil, evil),)
    relation = Relation(evil, evil, evil, 1, 1, evil, evil)
    answer = replace(
        make_answer(f"{evil} [1]", (evidence,), steps=steps),
        verdicts=(verdict,), relations=(relation,), follow_ups=(evil,),
    )  # fmt: skip
    return render.View(
        evil, mode, answer_id=ANSWER, running=False, steps=steps, evidence=(evidence,), answer=answer,
        verdict=verdict if mode == "check" else None, notice=evil, detail=evil,
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", ["ask", "check", "compare"])
@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_text_is_shown_as_text_wherever_it_stands(evil: str, mode: str, language: str) -> None:
    html = render.turn_html(hostile_view(evil, mode), Words(language))
    assert markup.escape(evil) in html
    check(html)


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


@given(st.text(alphabet="[]0123456789 a<"), st.sets(st.integers(1, 20)))
def test_only_known_numbers_become_links(text: str, known: set[int]) -> None:
    page = check(cites(*(make_evidence(n) for n in sorted(known) or [9999])).text(text))
    assert page.text == text
    assert {int(link.rpartition("-")[2]) for link in page.links} <= known | {9999}


def test_each_citation_names_its_answer_and_its_passage() -> None:
    view = render.View("Does it help?", answer_id=ANSWER)
    for event in script():
        view = render.advance(view, event)
    assert set(shown(view).links) == {f"#cite-{ANSWER}-1", f"#cite-{ANSWER}-2"}


def test_while_an_answer_has_no_id_its_citations_name_its_turn() -> None:
    view = render.advance(render.View("?"), make_evidence(1))
    assert shown(view).links == ["#cite-live-0-1"]


def test_a_number_that_was_not_retrieved_stays_text() -> None:
    answer = make_answer("So it is [1], not [2], nor [99999] or [١].", [make_evidence(1)])
    page = check(render.answer_html(answer, "ask", cites()))
    assert page.links == [f"#cite-{ANSWER}-1"]
    assert "not [2], nor [99999] or [١]." in page.text


def steps(*made: ReasoningStep, evidence: tuple[render.Evidence, ...] = (), seconds: tuple[float, ...] = ()) -> Checker:
    view = render.View("?", answer_id=ANSWER, steps=made, evidence=evidence, seconds=seconds)
    return check(render.steps_html(view, render.Cites(ANSWER, evidence, EN)))


def test_a_step_unfolds_to_its_own_evidence() -> None:
    step = ReasoningStep(StepKind.DIFFERENCE, "They differ, see [1].", (1, 2, 3))
    page = steps(step, evidence=(make_evidence(1, "One."), make_evidence(2, "Two.")))
    assert set(page.links) == {f"#cite-{ANSWER}-1", f"#cite-{ANSWER}-2"}
    assert "One." in page.text
    assert "Two." in page.text


def test_the_line_that_unfolds_a_step_holds_no_link() -> None:
    step = ReasoningStep(StepKind.EVIDENCE, "See [1].", (1,))
    view = render.View("?", answer_id=ANSWER, steps=(step,), evidence=(make_evidence(1),))
    assert not re.search(r"<summary>(?:(?!</summary>).)*<a ", render.steps_html(view, cites()))


@pytest.mark.parametrize(("kind", "opened"), [("difference", True), ("caveat", True), ("evidence", False)])
def test_what_speaks_against_is_never_folded_away(kind: str, opened: bool) -> None:
    view = render.View("?", steps=(ReasoningStep(StepKind(kind), "S."),))
    assert (" open>" in render.steps_html(view, cites())) is opened


def test_no_steps_no_list() -> None:
    assert render.steps_html(render.View("?"), cites()) == ""


def test_each_step_tells_how_long_it_took() -> None:
    made = [ReasoningStep(StepKind.SEARCH, "A."), ReasoningStep(StepKind.EVIDENCE, "B.")]
    text = steps(*made, seconds=(0.25, 1.75)).text
    assert "0.2 s" in text
    assert "1.5 s" in text


def test_a_written_step_says_what_the_checks_found() -> None:
    step = ReasoningStep(StepKind.OBSERVATION, "It rose.", (1,), quote="rose", note="<b>not supported")
    text = steps(step).text
    assert "<b>not supported" in text
    assert "rose" in text


def test_the_stream_fills_the_page_step_by_step() -> None:
    view = render.View("Does it help?")
    assert "Searching your papers" in shown(view).text
    first, found, *rest = script()
    view = render.advance(view, first)
    assert shown(view).text.count("Searched 2 papers.") > 1  # where it stands, and as a step
    view = render.advance(view, found)
    assert "Passages found so far" in shown(view).text
    assert "1 passages of 1 papers" in shown(view).text
    for event in rest:
        view = render.advance(view, event)
    assert not view.running
    assert "Searching" not in shown(view).text
    assert "Cited passages" in shown(view).text


def test_an_abstention_says_so_in_words_with_the_nearest_and_a_way_on() -> None:
    nearest = make_evidence(1)
    answer = make_answer("I did not find this in the 3 passages read.")
    view = render.View("?", answer_id=ANSWER, running=False, evidence=(nearest,), answer=answer)
    for part in ("No answer in these papers", "Nearest passages", nearest.text, "Ask in other words"):
        assert part in shown(view).text
    assert "在读过的 3 个段落中没有找到相关内容。" in shown(view, ZH).text


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (Label.SUPPORTS, "✓ Supported"),
        (Label.REFUTES, "✗ Refuted"),
        (Label.NOT_ENOUGH_INFO, "? Not enough evidence"),
    ],
)
def test_a_verdict_is_an_icon_and_a_word(label: Label, words: str) -> None:
    page = check(render.verdict_html(Verdict("c", label, None, n_for=2, n_against=1), cites()))
    assert words in page.text
    assert "2 for, 1 against; confidence not known" in page.text
    assert "disagree" not in page.text


def test_a_conflict_and_an_uncalibrated_confidence_are_named() -> None:
    page = check(render.verdict_html(Verdict("c", Label.SUPPORTS, 0.71, conflict=True, method="words alone"), cites()))
    assert "Papers disagree" in page.text
    assert "likely, 70–85 % (not calibrated)" in page.text
    assert "Method: words alone" in page.text
    assert "calibrated" not in render.verdict_html(Verdict("c", Label.SUPPORTS, 0.71, calibrated=True), cites())


def test_a_verdict_ends_the_stream_and_what_is_against_comes_first() -> None:
    pro, contra = make_evidence(1, "Pro.", stance=Label.SUPPORTS), make_evidence(2, "Contra.", stance=Label.REFUTES)
    verdict = Verdict("c", Label.SUPPORTS, evidence=(pro, contra))
    step = ReasoningStep(StepKind.CONCLUSION, "So.")
    view = render.advance(render.View("c", "check", answer_id=ANSWER, steps=(step,)), verdict)
    assert not view.running
    assert view.evidence == (pro, contra)
    text = shown(view).text
    assert text.index("Contra.") < text.index("Pro.") < text.index("So.")
    assert text.index("Against the claim") < text.index("For the claim")


def test_a_passage_tells_paper_place_quote_and_score() -> None:
    text = shown(render.View("?", evidence=(make_evidence(),))).text
    for part in ("[1]", "Velorite and tomato yield", "Yield rose by 12 %.", "A. Author and B. Author, 2021"):
        assert part in text
    assert "section “Results”, page 3 (printed: 113)" in text
    assert "relevance 80 %" in text


def test_a_quote_that_the_answer_holds_is_not_shown_twice() -> None:
    evidence = make_evidence(1)
    answer = make_answer(f"“{evidence.text}” [1]", [evidence])
    view = render.View("?", answer_id=ANSWER, running=False, evidence=(evidence,), answer=answer)
    assert shown(view).text.count(evidence.text) == 1


@pytest.mark.parametrize(
    ("section", "label", "expected"),
    [("", "3", "page 3"), ("", "", "page 3"), ("", "xii", "page 3 (printed: xii)"), ("A", "3", "section “A”, page 3")],
)
def test_place_in_words(section: str, label: str, expected: str) -> None:
    assert told.place(make_evidence(section=section, label=label), EN) == expected


@pytest.mark.parametrize(("kind", "name"), [("reference", "list of references"), ("row", "row of a table")])
def test_the_place_says_what_is_no_running_text(kind: str, name: str) -> None:
    evidence = make_evidence(section="", label="3")
    passage = replace(evidence.passage, kind=PassageKind(kind))
    assert told.place(replace(evidence, passage=passage), EN) == f"{name}, page 3"


def test_every_kind_of_passage_has_a_name_in_every_language() -> None:
    for kind in set(PassageKind) - {PassageKind.TEXT}:
        evidence = make_evidence()
        for language in LANGUAGES:
            assert told.place(replace(evidence, passage=replace(evidence.passage, kind=kind)), Words(language))


def test_a_format_without_pages_has_no_page() -> None:
    evidence = make_evidence(section="")
    object.__setattr__(evidence, "spans", ())
    assert told.place(evidence, EN) == "no page"


def test_a_format_without_pages_shows_its_paragraph() -> None:
    evidence = make_evidence(section="A")
    object.__setattr__(evidence.paper, "paged", False)
    assert told.place(evidence, EN) == "section “A”, ¶ 3"


@pytest.mark.parametrize(("p", "shown"), [(0.804, 80), (0.0, 1), (1.0, 99), (0.5, 50)])
def test_percent_is_never_certain(p: float, shown: int) -> None:
    assert told.percent(p) == shown


@pytest.mark.parametrize(
    ("p", "band"),
    [
        (0.0, "unsure, below 50 %"),
        (0.5, "leaning, 50–70 %"),
        (0.7, "likely, 70–85 %"),
        (0.9, "very likely, 85–95 %"),
        (1.0, "almost certain, 95–99 %"),
        (1.5, "almost certain, 95–99 %"),
    ],
)
def test_a_probability_is_a_word_and_a_band(p: float, band: str) -> None:
    assert told.band(p, EN) == band


@pytest.mark.parametrize(
    ("names", "shown"), [((), ""), (("A",), "A"), (("A", "B"), "A and B"), (("A", "B", "C"), "A and others")]
)
def test_authors(names: tuple[str, ...], shown: str) -> None:
    assert told.authors(make_paper(authors=names), EN) == shown


def test_votes_and_mismatches_of_a_verdict_are_shown() -> None:
    papers = (
        PaperVerdict(make_paper("Against"), Label.REFUTES, (0.1, 0.7, 0.2), (1,)),
        PaperVerdict(make_paper("Silent"), Label.NOT_ENOUGH_INFO, (0.1, 0.2, 0.7)),
    )
    verdict = Verdict("c", Label.REFUTES, 0.7, True, n_against=1, papers=papers, mismatches=("It differs.",))
    page = check(render.verdict_html(verdict, cites()))
    assert "against the claim, likely, 70–85 %" in page.text
    assert "It differs." in page.text
    assert "Silent" not in page.text
    assert page.links == [f"#cite-{ANSWER}-1"]
    unsure = replace(verdict, confidence=None, calibrated=False, reason="not calibrated here: x")
    far = check(render.verdict_html(unsure, cites()))
    assert "not calibrated here: x" in far.text
    assert "70" not in far.text


def test_a_step_that_was_not_judged_has_no_badge_and_says_why_within() -> None:
    verdict = Verdict("c", Label.NOT_ENOUGH_INFO, reason="not judged: language")
    text = steps(ReasoningStep(StepKind.EVIDENCE, "E.", (), verdict)).text
    assert "not judged: language" in text
    assert "Not enough evidence" not in text


def test_a_comparison_is_a_table_with_a_row_for_each_work() -> None:
    a, b = make_evidence(1, "It rose."), make_evidence(2, "It fell.", paper=make_paper("Other"))
    rows = (
        ReasoningStep(StepKind.COMPARISON, "Velorite: [1] (for, verdict SUPPORTS).", (1,)),
        ReasoningStep(StepKind.COMPARISON, "Other: [2] (against).", (2,)),
        ReasoningStep(StepKind.COMPARISON, "Third: no sentence is likely enough to bear on this.", ()),
    )
    answer = make_answer("x", (a, b), steps=rows)
    html = render.answer_html(answer, "compare", cites(a, b))
    assert html.count("<tr>") == 4
    text = check(html).text
    for part in ("It rose.", "It fell.", "against", "✓ Supported", "no sentence is likely enough"):
        assert part in text


def test_follow_ups_are_buttons_that_ask() -> None:
    answer = replace(make_answer("x", (make_evidence(1),)), follow_ups=("And in sand?",))
    html = render.turn_html(render.View("?", answer_id=ANSWER, running=False, answer=answer), EN)
    assert 'data-question="And in sand?"' in html
    check(html)


@pytest.mark.parametrize("kind", list(StepKind))
def test_every_kind_of_step_has_a_name(kind: StepKind) -> None:
    for language in LANGUAGES:
        view = render.View("?", steps=(ReasoningStep(kind, "S."),))
        assert "S." in check(render.steps_html(view, cites(words=Words(language)))).text
