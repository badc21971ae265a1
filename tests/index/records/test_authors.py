from __future__ import annotations

import pytest

from assistant.index.records.authors import choose, listed, mend_accents, names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Meng-yue Liu, MDa, Lai Sung, MDb, Xiao-dong Peng, PhDb,∗", ("Meng-yue Liu", "Lai Sung", "Xiao-dong Peng")),
        (
            "Euloge S. Adjou . Rene´ G. De`gnon . Mohamed M. Soumanou",
            ("Euloge S. Adjou", "René G. Dègnon", "Mohamed M. Soumanou"),
        ),
        (
            "Thomas R. Etherington1, ID and David J. Lieske2 1Manaaki Whenua",
            ("Thomas R. Etherington", "David J. Lieske"),
        ),
        ("王小明1, 李四2（大学）", ("王小明", "李四")),
        ("张 三，李 四光", ("张 三", "李 四光")),
        ("*Hazrat Bilal 1, Waseem Akram 2 1Medical Entomology", ("Hazrat Bilal", "Waseem Akram")),
    ],
)
def test_names_are_told_from_marks_and_degrees(text: str, expected: tuple[str, ...]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("Author, Ann", "Writer, Bo"), ("Ann Author", "Bo Writer")),
        (("Ann Author, Bo Writer and Cy Third",), ("Ann Author", "Bo Writer", "Cy Third")),
        (("Ann Author; Bo Writer",), ("Ann Author", "Bo Writer")),
        (("Author, Ann",), ("Ann Author",)),
        (("University of Plants",), ()),
        ((), ()),
    ],
)
def test_lists_of_authors_of_every_kind(values: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert listed(values) == expected


def test_accents_that_stand_alone_go_onto_their_letter() -> None:
    assert mend_accents("Rene´, Be´nin, De`gnon, Judica¨el, c´ 5´") == "René, Bénin, Dègnon, Judicäel, ć 5´"


def test_the_page_bears_out_what_the_file_claims() -> None:
    page = "On growth Ann Author1, Bo Writer2 and Cy Third"
    assert choose(("Ann Author", "Bo Writer", "Cy Third"), ("Ann Author", "Bo Writer"), page)[2:] == ("Cy Third",)
    assert choose(("Ann Author",), ("Ann Author", "Bo Writer"), page) == ("Ann Author", "Bo Writer")
    assert choose(("Eve Secretary",), ("Ann Author",), page) == ("Ann Author",)
    assert choose((), ("Ann Author",), page) == ("Ann Author",)
    assert choose(("Eve Secretary",), (), page) == ("Eve Secretary",)
