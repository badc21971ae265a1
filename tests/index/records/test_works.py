from __future__ import annotations

import random

import numpy as np
import pytest

from assistant.index.records.record import Record
from assistant.index.records.works import (
    Facts,
    base_title,
    components,
    is_supplement,
    keys,
    kind,
    likeness,
    same_work,
    signature,
    title_letters,
)

TITLE = "Growth of tomato plants under velorite in sandy soil"


def prose(seed: int, words: int = 2000, own: float = 1.0, common: int = 0) -> str:
    """Made-up text; `1 - own` of its sentences are those of the text with seed `common`."""
    mine, other, pick = random.Random(seed), random.Random(common), random.Random(seed + 1)
    sentences = []
    for _ in range(words // 10):
        two = [" ".join(f"w{r.randrange(3000)}" for _ in range(10)) for r in (mine, other)]
        sentences.append(two[0] if pick.random() < own else two[1])
    return ". ".join(sentences)


def facts(title: str = "", author: str = "", year: int | None = None, *, text: str = "", **more: str) -> Facts:
    return Facts(Record(title, (author,) if author else (), year, **more), signature(text))


def related(a: Facts, b: Facts) -> bool:
    """Whether two are one work; the relation has no direction, and papers of one work find each other by a key."""
    assert same_work(a, b) == same_work(b, a)
    assert not same_work(a, b) or keys(a) & keys(b)
    return same_work(a, b)


PAPER = facts(TITLE, "Ann Author", 2020, doi="10.5555/plants.1", text=prose(1))


@pytest.mark.parametrize(
    "other",
    [
        facts(TITLE.upper(), "A. Author", 2019, doi="10.1101/2019.01.01.123456", text=prose(2, own=0.3, common=1)),
        facts(
            "Velorite makes tomatoes grow", "Author, Ann", 2018, arxiv="1801.00001", text=prose(3, own=0.2, common=1)
        ),
        facts(f"Supplementary Material for: {TITLE}", text=prose(4)),
        facts("Supporting Information", doi="10.5555/plants.1.s001", text=prose(5)),
        facts("", doi="10.5555/plants.1"),
        facts("plants_final_2", text=prose(1)),
    ],
    ids=["preprint", "preprint-renamed", "supplement", "supplement-by-doi", "doi", "copy"],
)
def test_versions_and_supplements_are_one_work(other: Facts) -> None:
    assert related(PAPER, other)


@pytest.mark.parametrize(
    "other",
    [
        facts(f"{TITLE}: Part II", "Ann Author", 2021, doi="10.5555/plants.2", text=prose(6, own=0.4, common=1)),
        facts(f"Erratum to: {TITLE}", "Ann Author", 2020, doi="10.5555/plants.1"),
        facts(f"Comment on “{TITLE}”", "Bo Writer", 2021, doi="10.5555/plants.1", text=prose(7)),
        facts(f"Reply to the comment on {TITLE}", "Ann Author", 2021, text=prose(8)),
        facts(TITLE, "Bo Writer", 2020, doi="10.5555/other.7", text=prose(9)),
        facts(TITLE, "Ann Author", 2009, text=prose(10)),
        facts(TITLE, "Ann Author", 2021, text=prose(11)),
        facts("Roots of maize in dry years", "Cy Third", 2019, doi="10.5555/plants.1", text=prose(12)),
        facts("Leaves of tomato plants under velorite", "Ann Author", 2020, text=prose(13, own=0.8, common=1)),
        facts("", ""),
    ],
    ids=[
        "part-2",
        "erratum",
        "comment",
        "reply",
        "other-author",
        "other-year",
        "other-text",
        "wrong-doi",
        "same-methods",
        "nothing",
    ],
)
def test_other_papers_are_other_works(other: Facts) -> None:
    assert not related(PAPER, other)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Growth of plants in the field: Part I", "Growth of plants in the field: Part II"),
        ("Annual report on plant growth 2019", "Annual report on plant growth 2020"),
        ("植物生长的研究与意义（上）", "植物生长的研究与意义（下）"),
        ("植物生长的研究与意义（一）", "植物生长的研究与意义（二）"),
    ],
)
def test_parts_of_a_series_are_works_of_their_own_however_alike(a: str, b: str) -> None:
    text = prose(1)
    assert not related(facts(a, "Ann Author", 2020, text=text), facts(b, "Ann Author", 2020, text=text))
    assert related(facts(a, "Ann Author", 2020, text=text), facts(a, "Ann Author", 2021, text=text))


def test_a_title_that_names_thousands_makes_no_work() -> None:
    assert title_letters("Editorial") == title_letters("Introduction") == title_letters("") == ""
    assert not related(facts("Editorial", "Ann Author", 2020), facts("Editorial", "Ann Author", 2020))


@pytest.mark.parametrize(
    ("title", "base", "supplement"),
    [
        ("Supporting information for Growth of plants", "Growth of plants", True),
        ("Supplementary Materials: Growth of plants", "Growth of plants", True),
        ("Supplement to “Growth”", "“Growth”", True),
        ("Supporting teachers in schools", "Supporting teachers in schools", False),
        ("Supplementary feeding of infants", "Supplementary feeding of infants", False),
        ("Growth of plants", "Growth of plants", False),
    ],
)
def test_supplements_are_told_by_their_title(title: str, base: str, supplement: bool) -> None:
    assert (base_title(title), is_supplement(title)) == (base, supplement)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Correction: Growth of plants", "erratum"),
        ("Author Correction to Growth", "erratum"),
        ("Corrigendum", "erratum"),
        ("Response to Smith and Jones", "reply"),
        ("Letter to the editor about growth", "comment"),
        ("Correction of vision in children", ""),
        ("Response of plants to light", ""),
        ("Growth of plants", ""),
    ],
)
def test_kinds_are_told_by_the_title(title: str, expected: str) -> None:
    assert kind(title) == expected


def test_likeness_is_near_the_share_of_shingles_in_common() -> None:
    for own in (0.1, 0.3, 0.6):
        a, b = prose(1, 6000), prose(2, 6000, own=own, common=1)
        shingles = [{tuple(w[i : i + 5]) for i in range(len(w) - 4)} for w in (a.split(), b.split())]
        true = len(shingles[0] & shingles[1]) / len(shingles[0] | shingles[1])
        assert abs(likeness(signature(a), signature(b)) - true) < 0.2
    assert likeness(signature(prose(1)), signature(prose(2))) < 0.05
    assert likeness(signature(prose(1)), None) == 0.0


def test_a_signature_is_always_the_same_and_short_texts_have_none() -> None:
    found = signature("the quick brown fox jumps over a lazy dog again and again " + prose(1, 100))
    assert found is not None
    assert found.values.dtype == np.uint32
    assert found.values[:3].tolist() == FIRST_VALUES
    assert signature("too short") is None
    assert signature("") is None


FIRST_VALUES = [28356803, 8625072, 24992007]


def test_works_do_not_depend_on_the_order_of_papers() -> None:
    texts = [prose(1), prose(2, own=0.3, common=1), prose(7)]
    papers = [
        ("c", facts(TITLE, "Ann Author", 2020, text=texts[0])),
        ("a", facts(TITLE, "A Author", 2019, text=texts[1])),
        ("b", facts(f"Supplementary information for {TITLE}", text=texts[2])),
        ("d", facts("Roots of maize in dry years", "Ann Author", 2020, text=prose(8))),
    ]
    for seed in range(6):
        shuffled = random.Random(seed).sample(papers, len(papers))
        assert sorted(map(sorted, components(shuffled))) == [["a", "b", "c"], ["d"]]
