from __future__ import annotations

import re
import string
import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.comparison import hear_the_other_side
from assistant.config import Settings
from assistant.errors import Cancelled, LibraryError, UsageError
from assistant.language import differing_language, guess_language
from assistant.quotes import EMBEDDED_SENTENCES, find_candidates, is_quotable
from assistant.reasoning import MAX_QUESTION, answer, check_claim
from assistant.types import Answer, Evidence, Filters, Label, Paper, ReasoningStep, StepKind, Verdict
from tests.assistant.scripted import Scripted
from tests.assistant.shelf import PROVENANCE, Shelf, paper

HALLAM = paper("hallam", authors=("Ines T. Hallam", "Chidi Okereke", "Sunniva Brandvold"), year=2021)
LUND = paper("lund", authors=("Pia Marchetti-Lund",), year=2022)
SAND = paper("sand", authors=("Sand, Otto", "Wen Li"), year=2023)
QUESTION = "Does velorite increase the yield of tomatoes?"
RAISED = "Velorite raised the yield of tomatoes by 18 % on loam."
AGAIN = "In the greenhouse velorite increased the yield of tomatoes by 15 %."
LOWERED = "On sand velorite decreased the yield of tomatoes by 6 %."
ASIDE = "Blind graders weighed the fruit every week of the season."


def shelf() -> Shelf:
    return Shelf({HALLAM: [f"{ASIDE} {RAISED}"], LUND: [f"{AGAIN} {ASIDE}"], SAND: [LOWERED]})


def ask(question: str, library: Shelf, **options: int | float) -> Answer:
    *_, last = answer(question, library, settings=Settings(**{"answer_above": 0.5} | options))  # type: ignore[arg-type]
    assert isinstance(last, Answer)
    return last


def check(claim: str, library: Shelf, **options: int) -> Verdict:
    *_, last = check_claim(claim, library, verifier=Scripted(), settings=Settings(**options))  # type: ignore[arg-type]
    assert isinstance(last, Verdict)
    return last


def texts(result: Answer | Verdict) -> list[str]:
    return [e.text for e in result.evidence]


def test_events_come_in_order_and_make_up_the_answer() -> None:
    *before, last = answer(QUESTION, shelf())
    assert isinstance(last, Answer)
    assert [type(e) for e in before if isinstance(e, Evidence)] == [Evidence] * len(last.evidence)
    assert tuple(e for e in before if isinstance(e, ReasoningStep)) == last.steps
    assert tuple(e for e in before if isinstance(e, Evidence)) == last.evidence
    assert [s.kind for s in last.steps] == [
        StepKind.SEARCH, StepKind.CAUSAL, StepKind.EVIDENCE, StepKind.EVIDENCE, StepKind.EVIDENCE,
        StepKind.AGREEMENT, StepKind.DIFFERENCE, StepKind.CONCLUSION,
    ]  # fmt: skip


def test_the_answer_quotes_what_bears_on_the_question() -> None:
    result = ask(QUESTION, shelf())
    assert set(texts(result)) == {RAISED, AGAIN, LOWERED}
    assert not result.abstained
    assert result.provenance == replace(PROVENANCE, passages=(1, 2, 3))
    assert result.text.startswith("3 quotes of 3 papers bear on this.")
    assert all(f"“{e.text}” [{e.n}]" in result.text for e in result.evidence)
    assert set(result.timings) == {"search", "evidence", "verdicts", "follow-ups", "total"}


def test_agreement_and_difference_name_the_right_papers() -> None:
    result = ask(QUESTION, shelf())
    number = {e.text: e.n for e in result.evidence}
    agreement, difference = (
        next(s for s in result.steps if s.kind is k) for k in (StepKind.AGREEMENT, StepKind.DIFFERENCE)
    )
    assert set(agreement.evidence) == {number[RAISED], number[AGAIN]}
    assert set(difference.evidence) == {number[RAISED], number[AGAIN], number[LOWERED]}
    assert agreement.text in result.text
    assert difference.text in result.text
    found = {s.text for s in result.steps if s.kind is StepKind.EVIDENCE}
    assert found == {
        f"Hallam et al. 2021: [{number[RAISED]}].",
        f"Marchetti-Lund 2022: [{number[AGAIN]}].",
        f"Sand and Li 2023: [{number[LOWERED]}].",
    }


def test_quotes_of_one_work_are_not_held_against_each_other() -> None:
    reprint = paper("reprint", work="hallam")
    result = ask(QUESTION, Shelf({HALLAM: [RAISED], reprint: [LOWERED]}))
    assert not [s for s in result.steps if s.kind in (StepKind.AGREEMENT, StepKind.DIFFERENCE)]


def test_a_paper_is_not_said_to_oppose_itself() -> None:
    library = Shelf({SAND: [f"{LOWERED}\nOthers wrote that velorite raised the yield of tomatoes."], LUND: [AGAIN]})
    result = ask(QUESTION, library)
    number = {e.text: e.n for e in result.evidence}
    difference = next(s for s in result.steps if s.kind is StepKind.DIFFERENCE)
    assert set(difference.evidence) == {number[LOWERED], number[AGAIN]}


@pytest.mark.parametrize("question", ["velorite tomatoes yield", "How does velorite affect the yield of tomatoes?"])
def test_a_question_that_points_nowhere_compares_the_quotes_themselves(question: str) -> None:
    result = ask(question, shelf())
    assert StepKind.DIFFERENCE in [s.kind for s in result.steps]


def test_it_abstains_below_the_threshold_and_shows_the_nearest() -> None:
    result = ask("How tall are giraffes of tomatoes in captivity?", shelf())
    assert result.abstained
    assert result.text.startswith("I did not find this in the 3 passages read.")
    assert 0 < len(result.evidence) <= 3
    assert all(e.score < 0.5 for e in result.evidence)
    assert [s.kind for s in result.steps] == [StepKind.SEARCH, StepKind.CONCLUSION]


def test_it_abstains_where_no_passage_passes_the_filters() -> None:
    *_, result = answer(QUESTION, shelf(), filters=Filters(papers=("none",)))
    assert isinstance(result, Answer)
    assert result.abstained
    assert result.text == "I did not find this in the 0 passages read."
    assert "only the 1 paper chosen" in result.steps[0].text


def test_at_most_half_of_the_quotes_come_from_one_work() -> None:
    many = " ".join(f"Velorite number {n} raised the yield of tomatoes on farm {n}." for n in range(9))
    result = ask(QUESTION, Shelf({HALLAM: [many], LUND: [AGAIN]}), quotes=4)
    works = [e.paper.work_id for e in result.evidence]
    assert works.count("lund") == 1
    assert 1 <= works.count("hallam") <= 2


def test_every_work_is_heard_before_any_is_heard_twice() -> None:
    other = "In pots velorite raised the yield of tomatoes by 9 %."
    library = Shelf(
        {HALLAM: [RAISED, other, AGAIN.replace("15", "16")], LUND: [AGAIN], SAND: [RAISED.replace("18", "2")]}
    )
    works = [e.paper.id for e in ask(QUESTION, library, quotes=3).evidence]
    assert sorted(works) == sorted([HALLAM.id, LUND.id, SAND.id])


def test_a_contradiction_takes_the_last_place_rather_than_none() -> None:
    library = shelf()
    likely = find_candidates(QUESTION, library.search(QUESTION, k=5, filters=Filters()), library)
    one_sided = [c for c in likely if c.text in (RAISED, AGAIN)]
    assert [c.text for c in hear_the_other_side(QUESTION, one_sided, likely)] == [one_sided[0].text, LOWERED]
    assert [c.text for c in hear_the_other_side(QUESTION, one_sided[:1], likely)] == [one_sided[0].text, LOWERED]
    assert hear_the_other_side(QUESTION, likely, likely) == likely, "both sides are heard already"
    assert hear_the_other_side("What was studied?", one_sided, likely) == one_sided, "no side, no other side"


def test_one_work_alone_may_have_all_quotes() -> None:
    passages = [f"Velorite raised the yield of tomatoes {w}." for w in ("on loam", "in glass", "after rain")]
    assert len(ask(QUESTION, Shelf({HALLAM: passages}), quotes=3).evidence) == 3


def test_adjoining_sentences_become_one_quote() -> None:
    two = f"{RAISED} {AGAIN}"
    assert texts(ask(QUESTION, Shelf({HALLAM: [two]}))) == [two]


def test_a_line_break_parts_quotes() -> None:
    assert set(texts(ask(QUESTION, Shelf({HALLAM: [f"{RAISED}\n{AGAIN}"]})))) == {RAISED, AGAIN}


def test_a_sentence_in_two_passages_is_quoted_once() -> None:
    assert texts(ask(QUESTION, Shelf({HALLAM: [RAISED, f"{RAISED} {ASIDE}"]}))).count(RAISED) == 1


def test_a_papers_own_reference_marks_do_not_pass_for_ours() -> None:
    quote = "Hallam found that velorite raised the yield of tomatoes [17] and of leeks [3, 4–9]."
    result = ask(QUESTION, Shelf({LUND: [quote]}))
    assert texts(result) == [quote]
    assert "[17]" not in result.text
    assert result.text.count("[…]") == 2


def test_the_same_question_gives_the_same_answer() -> None:
    first, second = ask(QUESTION, shelf()), ask(QUESTION, shelf())
    assert (first.text, first.steps, first.evidence) == (second.text, second.steps, second.evidence)


def test_no_more_sentences_are_embedded_than_needed() -> None:
    long = [" ".join(f"Velorite changed the yield of plot {n} in row {row}." for n in range(20)) for row in range(12)]
    library = Shelf({HALLAM: long})
    ask(QUESTION, library)
    assert len(library.embedded) == EMBEDDED_SENTENCES + 1
    assert {t.split()[-1] for t in library.embedded[1:]} == {f"{row}." for row in range(12)}


@pytest.mark.parametrize("text", ["", "  \n", "?!…", "。？"])
@pytest.mark.parametrize("run", [answer, check_claim])
def test_no_words_are_no_question(text: str, run: object) -> None:
    with pytest.raises(UsageError, match="is empty"):
        list(run(text, shelf(), verifier=Scripted()))  # type: ignore[operator]


@pytest.mark.parametrize("run", [answer, check_claim])
def test_a_question_has_a_limit(run: object) -> None:
    with pytest.raises(UsageError, match=r"100,000 characters.*at most 4,000"):
        list(run("x" * 100_000, shelf(), verifier=Scripted()))  # type: ignore[operator]


def test_the_longest_question_is_tried() -> None:
    assert ask("y" * MAX_QUESTION, shelf()).abstained


def test_an_empty_library_says_what_to_do() -> None:
    with pytest.raises(LibraryError, match="assistant ingest"):
        list(answer(QUESTION, Shelf({})))


def test_another_language_is_said_and_tried() -> None:
    english = ["The yield of the tomatoes in this trial was raised by velorite and it is of use for the farms."]
    result = ask("Wie wirkt velorite auf die tomatoes und ist das nicht gut?", Shelf({HALLAM: english}))
    assert "German" in result.steps[1].text
    assert "English" in result.steps[1].text
    assert all("seems to be in" not in s.text for s in ask(QUESTION, Shelf({HALLAM: english})).steps)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the effect of the drug?", "en"),
        ("Wie wirkt das auf die Ernte und den Boden?", "de"),
        ("Quel est l'effet de la chaux sur les sols ?", "fr"),
        ("¿Cuál es el efecto de la cal en los suelos?", "es"),
        ("石灰对土壤有什么影响？", "zh"),
        ("石灰は土壌にどう影響しますか", "ja"),
        ("Как известь влияет на почву?", "ru"),
        ("velorite yield", None),
        ("", None),
        ("12 + 7", None),
    ],
)
def test_guess_language(text: str, language: str | None) -> None:
    assert guess_language(text) == language


def test_one_greek_letter_is_not_greek() -> None:
    assert (
        differing_language("What is the role of TNF-α in the liver?", "The role of it is to be found in the liver.")
        is None
    )


def test_cancel_stops_before_the_next_step() -> None:
    cancel = threading.Event()
    events = answer(QUESTION, shelf(), cancel=cancel)
    assert isinstance(next(events), ReasoningStep)
    cancel.set()
    with pytest.raises(Cancelled):
        next(events)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Velorite raised the yield of tomatoes.", True),
        ("Velorite raised yield.", False),
        ("4.2 5.1 3.3 7.0 plots per farm and 9.9 8.8 7.7", False),
        ("Rot affected 9.2 % of fruits without and 5.1 % with it (p = 0.008).", True),
        ("2 Materials and Methods", False),
        ("Velorite raises the yield of tomatoes on loam: a randomised trial", False),
        ("Does velorite raise the yield of field tomatoes?", False),
        ("石灰提高了土壤的酸碱度吗？", False),
        ("石灰提高了土壤的酸碱度。", True),
        ("", False),
    ],
)
def test_only_sentences_are_quoted(text: str, good: bool) -> None:
    assert is_quotable(text) is good


def test_candidates_are_best_first() -> None:
    library = shelf()
    found = find_candidates(QUESTION, library.search(QUESTION, k=9, filters=Filters()), library)
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)


def test_check_gives_both_sides_and_a_verdict() -> None:
    verdict = check("Velorite increases the yield of tomatoes.", shelf())
    assert (verdict.label, verdict.conflict, verdict.n_for, verdict.n_against) == (Label.SUPPORTS, True, 2, 1)
    assert [e.n for e in verdict.evidence] == [1, 2, 3]
    assert [e.stance for e in verdict.evidence] == [Label.SUPPORTS, Label.SUPPORTS, Label.REFUTES]


def test_check_never_cuts_off_what_contradicts() -> None:
    library = Shelf({paper(f"p{n}"): [f"In trial {n} velorite decreased the yield of tomatoes."] for n in range(5)})
    verdict = check("Velorite increases the yield of tomatoes.", library, quotes=1)
    assert (verdict.label, verdict.n_against, len(verdict.evidence)) == (Label.REFUTES, 5, 5)


def test_check_votes_with_all_works_also_those_not_shown() -> None:
    texts = {paper(f"p{n}"): [f"In trial {n} velorite raised the yield of tomatoes."] for n in range(4)}
    texts |= {paper(f"q{n}"): [f"In trial {n} velorite decreased the yield of tomatoes."] for n in range(2)}
    verdict = check("Velorite increases the yield of tomatoes.", Shelf(texts), quotes=1)
    assert (verdict.label, verdict.n_for, verdict.n_against) == (Label.SUPPORTS, 4, 2)


def test_check_does_not_vote_with_passages_on_something_else() -> None:
    verdict = check(f"Velorite cures {' '.join(f'disease{n}' for n in range(30))}.", shelf())
    assert (verdict.label, verdict.n_for, verdict.n_against) == (Label.NOT_ENOUGH_INFO, 0, 0)
    assert {e.stance for e in verdict.evidence} == {Label.NOT_ENOUGH_INFO}


def test_a_question_for_a_number_prefers_sentences_with_one() -> None:
    vague = "Velorite raised the yield of tomatoes [7]."
    exact = "Velorite raised the yield of tomatoes by 18 %."
    library = Shelf({HALLAM: [vague, exact]})
    assert texts(ask("How much did velorite raise the yield of tomatoes?", library, quotes=1)) == [exact]
    assert texts(ask("Did velorite raise the yield of tomatoes?", library, quotes=1)) == [vague]


def test_a_verdict_that_two_sentences_bear_quotes_both() -> None:
    cause, effect = "Velorite raised the growth of roots.", "So the yield of tomatoes was higher with velorite."
    verdict = check("Velorite gives a higher yield of tomatoes.", Shelf({HALLAM: [f"{ASIDE} {cause} {effect}"]}))
    assert texts(verdict) == [f"{cause} {effect}"], "its parts are not quoted again"
    assert all(e.passage.text[e.spans[0].start : e.spans[0].end] == e.text for e in verdict.evidence)


def test_check_shows_the_nearest_where_nothing_decides() -> None:
    verdict = check("Giraffes like tomatoes.", Shelf({HALLAM: [ASIDE.replace("fruit", "tomatoes")]}))
    assert verdict.label is Label.NOT_ENOUGH_INFO
    assert 0 < len(verdict.evidence) <= 3


def test_check_streams_steps_and_ends_with_the_verdict() -> None:
    *before, last = check_claim("Velorite increases the yield of tomatoes.", shelf(), verifier=Scripted())
    assert isinstance(last, Verdict)
    steps = [e for e in before if isinstance(e, ReasoningStep)]
    assert steps[-1].verdict == last
    assert "the papers disagree" in steps[-1].text


words = st.lists(
    st.sampled_from(
        ["velorite", "raised", "lowered", "yield", "of", "tomatoes", "not", "by", "18", "%", "[3]", "loam", "石灰"]
    ),
    min_size=1,
    max_size=12,
)
passages = st.lists(words.map(lambda w: " ".join(w) + "."), min_size=1, max_size=4).map(" ".join)
libraries = st.dictionaries(
    st.sampled_from(string.ascii_lowercase[:4]), st.lists(passages, min_size=1, max_size=3), min_size=1
)


@settings(max_examples=60, deadline=None)
@given(libraries, words.map(" ".join))
def test_every_quote_is_verbatim_and_every_number_resolves(library: dict[str, list[str]], question: str) -> None:
    if not any(c.isalnum() for c in question):
        return
    papers: dict[Paper, list[str]] = {paper(name): texts for name, texts in library.items()}
    result = ask(question, Shelf(papers))
    numbers = {e.n for e in result.evidence}
    assert numbers == set(range(1, len(result.evidence) + 1))
    assert len(result.evidence) <= 6
    for e in result.evidence:
        assert e.text in e.passage.text
        assert e.passage.text[e.spans[0].start : e.spans[0].end] == e.text
    for text in (result.text, *(s.text for s in result.steps)):
        assert {int(n) for n in re.findall(r"\[(\d+)\]", text)} <= numbers
    assert all(set(s.evidence) <= numbers for s in result.steps)
    verdict = check(question, Shelf(papers))
    assert [e.n for e in verdict.evidence] == list(range(1, len(verdict.evidence) + 1))
