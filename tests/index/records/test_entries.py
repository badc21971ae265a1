from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.index.records.entries import MAX_ENTRIES, find_title, find_year, references
from assistant.types import Block, Page, Role


def pages(*blocks: str, role: Role = Role.REFERENCE) -> tuple[Page, ...]:
    """One page with a block of the list for each text."""
    text, placed = "", []
    for words in blocks:
        placed.append(Block(role, len(text), len(text) + len(words) + 1))
        text += words + "\n"
    return (Page(1, "1", 600, 800, text, tuple(placed)),)


def test_one_block_is_one_entry_with_its_place() -> None:
    (page,) = pages("[1] Author A. On growth of plants. Annals. 2019;3:4.", "[2] Writer B. On decay. Annals. 2020;4:5.")
    first, second = references((page,))
    assert (first.label, second.label) == ("1", "2")
    (span,) = second.spans
    assert page.text[span.start : span.end] == second.text == "[2] Writer B. On decay. Annals. 2020;4:5."


def test_blocks_with_several_numbers_are_cut_and_blocks_without_go_on() -> None:
    found = references(
        pages(
            "1. Tossou S. Rapport 14. Cotonou (2005) 2. Anihouvi V. On fish flour in general,",
            "J. Food Sci. 5(17), 878–883 (2006)",
            "3. Adjou E. Paper three. (2007) 4. Hammer K. Paper four 95, 853–860 (2003)",
        )
    )
    assert [(r.label, r.year) for r in found] == [("1", 2005), ("2", 2006), ("3", 2007), ("4", 2003)]
    assert [len(r.spans) for r in found] == [1, 2, 1, 1]
    assert found[1].text.endswith("in general, J. Food Sci. 5(17), 878–883 (2006)")


def test_entries_without_numbers_go_on_where_a_block_has_no_year() -> None:
    found = references(
        pages(
            "Becke, A. D. (1993). Density functionals. The role of exact exchange.",
            "The Journal of Physics, 98(7), 5648–5652. https://doi.org/10.5555/1.46",
            "Brout, D., Scolnic, D., Kessler, R.,",
            "Davis, T. M., & others. (2022). The analysis of constraints. Annals, 9, 110.",
        )
    )
    assert [(r.year, r.doi) for r in found] == [(1993, "10.5555/1.46"), (2022, "")]
    assert len(found[0].spans) == 2


def test_an_entry_may_run_over_a_page() -> None:
    first, second = pages("[1] Author A. On growth of")[0], pages("plants. Annals. 2019;3:4.")[0]
    second = Page(2, "2", 600, 800, second.text, second.blocks)
    (entry,) = references((first, second))
    assert [span.page for span in entry.spans] == [1, 2]
    assert entry.title == "On growth of plants"


@pytest.mark.parametrize(
    ("entry", "title", "year"),
    [
        (
            "Carleton, T. A., & Hsiang, S. M. (2016). Social impacts of climate. Science, 353, 98.",
            "Social impacts of climate",
            2016,
        ),
        ("Shetty S, Udupa L. Wound healing in rats. Indian J Plants. 1999;31:422–4.", "Wound healing in rats", 1999),
        (
            "Emerson SB, Inger RF (2000) Evolution of fanged frogs. Mol Phyl 16: 131–142.",
            "Evolution of fanged frogs",
            2000,
        ),
        (
            "Beretta, B.; Galli, C.L.; Restani, P. Patulin in apple foods. Food Addit. 2000, 17, 399.",
            "Patulin in apple foods",
            2000,
        ),
        ("Conn, B. J., Proft, K. 2013, Relationships of shrubs, Telopea, 15, 149–64.", "Relationships of shrubs", 2013),
        (
            "A. Fielding and J. Bell. “A review of methods.” In: Conservation 24.1 (1997), pp. 38–49.",
            "A review of methods",
            1997,
        ),
        ("陈浩元. 著录参考文献的规则[J]. 编辑学报, 2005, 17(6):413-415.", "著录参考文献的规则", 2005),
        ("SUNSTEIN C R. Norms and roles[J/OL]. Columbia law, 1996, 96: 903 [2012-01-26].", "Norms and roles", 1996),
        (
            "Howell D, Peters L. Glottic cancer. Recurrence and survival after radiotherapy. Arch Otol. 1990;116:830.",
            "Glottic cancer. Recurrence and survival after radiotherapy",
            1990,
        ),
        (
            "World Health Organization. World malaria report. Geneva; 2015. Accessed 3 May 2018.",
            "World malaria report",
            2015,
        ),
        ("Author A. On the years 1998–2004 in plants. Annals. 2010;5:1998.", "On the years 1998–2004 in plants", 2010),
        ("", "", None),
    ],
)
def test_title_and_year_by_style(entry: str, title: str, year: int | None) -> None:
    assert find_title(entry) == title
    assert find_year(entry) == year


@pytest.mark.parametrize(
    ("entry", "doi", "arxiv"),
    [
        (
            "[1] A. B. Title. https://doi.org/10.1001/a rchotol.1990.01870070078014.",
            "10.1001/archotol.1990.01870070078014",
            "",
        ),
        ("[1] A. B. Title. doi: 10.1016/j.ijrobp.2 005.05.018", "10.1016/j.ijrobp.2005.05.018", ""),
        ("[1] A. B. Title. doi:10.5555/abc. 2016", "10.5555/abc", ""),
        ("[1] A. B. Title. arXiv preprint arXiv:1510.01791, 2015.", "", "1510.01791"),
    ],
)
def test_identifiers_of_an_entry(entry: str, doi: str, arxiv: str) -> None:
    (found,) = references(pages(entry))
    assert (found.doi, found.arxiv) == (doi, arxiv)


@given(st.lists(st.text(st.sampled_from("[]1234. ABCab(),;2019:–“”/\n"), max_size=60), max_size=8))
def test_every_span_is_the_text_it_says(blocks: list[str]) -> None:
    listed = pages(*blocks)
    for entry in references(listed):
        shown = " ".join(listed[0].text[s.start : s.end] for s in entry.spans)
        assert shown.replace("\n", " ") == entry.text
        assert entry.text.strip() == entry.text != ""


def test_a_list_is_bounded() -> None:
    blocks = [f"[{n}] Author A. Title of it. 2019." for n in range(1, MAX_ENTRIES + 10)]
    assert len(references(pages(*blocks))) == MAX_ENTRIES
    assert references(pages("[1] Author A. 2019", role=Role.BODY)) == ()
