from __future__ import annotations

from dataclasses import replace

from assistant.summary import LINES, summarise
from assistant.types import Passage, PassageKind, Summary, SummaryPart
from tests.assistant.shelf import Shelf, paper

HALLAM = paper("hallam")
SECTIONS = {
    "Abstract": "Velorite has been used for many years. We asked whether velorite raises the yield of tomatoes. "
    "We compared two rates on 240 plots of five farms. Yield was significantly higher with velorite than without.",
    "2. Methods": "The plots were assigned to the rates by drawing lots before planting.",
    "3. Results": "Yield rose by 18 % at the higher rate of velorite. Results are shown in Figure 1 of this paper.",
    "4. Discussion": "Only one season was observed, and further trials are needed on other soils.",
    "Acknowledgements": "We did not pay the growers who lent us all of their fields.",
}


def passages(sections: dict[str, str]) -> list[Passage]:
    shelf = Shelf({HALLAM: list(sections.values())})
    return [replace(p, section=s) for p, s in zip(shelf.passages, sections, strict=True)]


def summary(sections: dict[str, str]) -> Summary:
    return summarise(HALLAM, passages(sections), Shelf({HALLAM: list(sections.values())}))


def told(found: Summary, part: SummaryPart) -> list[str]:
    return [line.evidence.text for line in found.lines if line.part is part]


def test_a_paper_says_what_it_asks_did_found_and_warns_of() -> None:
    found = summary(SECTIONS)
    assert told(found, SummaryPart.ASKS) == ["We asked whether velorite raises the yield of tomatoes."]
    assert told(found, SummaryPart.DID) == [
        "We compared two rates on 240 plots of five farms.",
        "The plots were assigned to the rates by drawing lots before planting.",
    ]
    assert told(found, SummaryPart.FOUND)[0].startswith("Yield was significantly higher")
    assert told(found, SummaryPart.WARNS) == [
        "Only one season was observed, and further trials are needed on other soils."
    ]
    assert found.notes == ()


def test_every_line_is_a_verbatim_sentence_with_its_place_and_no_sentence_comes_twice() -> None:
    found = summary(SECTIONS)
    texts = [line.evidence.text for line in found.lines]
    assert len(set(texts)) == len(texts)
    assert [line.evidence.n for line in found.lines] == list(range(1, len(texts) + 1))
    for line in found.lines:
        assert line.evidence.text in line.evidence.passage.text
        assert line.evidence.spans
    for part, most in LINES.items():
        assert len(told(found, part)) <= most


def test_back_matter_and_pointers_to_figures_are_passed_over() -> None:
    texts = [line.evidence.text for line in summary(SECTIONS).lines]
    assert not any("growers who lent" in t or "Figure 1" in t for t in texts)


def test_without_an_abstract_the_sections_tell_and_it_is_said() -> None:
    found = summary({k: v for k, v in SECTIONS.items() if k != "Abstract"})
    assert told(found, SummaryPart.DID)
    assert told(found, SummaryPart.FOUND) == ["Yield rose by 18 % at the higher rate of velorite."]
    assert found.notes == (
        "No abstract was found: the lines come from the sections.",
        "No sentence says clearly what it asks.",
    )


def test_a_protocol_has_found_nothing() -> None:
    found = summary({"Abstract": "We will compare two rates of velorite. We will report that yield was 18 % higher."})
    assert told(found, SummaryPart.FOUND) == []


def test_a_chinese_paper_says_how_far_it_is_read() -> None:
    found = summary({"摘要": "本文研究增施肥料对番茄产量的影响。采用田间试验的方法进行比较。结果表明产量显著提高了。"})
    assert [line.part for line in found.lines] == [SummaryPart.ASKS, SummaryPart.DID, SummaryPart.FOUND]
    assert "Chinese" in found.notes[0]


def test_a_language_without_cue_words_shows_its_first_lines() -> None:
    found = summary({"Zusammenfassung": "Der Ertrag von Tomaten ist mit dem Mineral nicht höher und das ist neu."})
    assert {line.part for line in found.lines} == {SummaryPart.SAYS}
    assert "German" in found.notes[0]


def test_a_paper_without_text_has_no_lines_and_says_so() -> None:
    row = Passage("hallam", "Yield was 18 % higher in these plots.", (), "Results", 1, PassageKind.ROW)
    for given in ([], [row]):
        found = summarise(HALLAM, given, Shelf({HALLAM: []}))
        assert found.lines == ()
        assert "nothing to sum up" in found.notes[0]
