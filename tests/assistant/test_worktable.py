from __future__ import annotations

import csv
import io
import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.config import Settings
from assistant.errors import Cancelled, LibraryError, UsageError
from assistant.types import Comparison, Label, Paper
from assistant.worktable import (
    COLUMNS,
    MAX_ROWS,
    NO_FINDING,
    NOT_A_CLAIM,
    NOT_JUDGED,
    NOTHING,
    QUOTES,
    compare_works,
    comparison_csv,
    is_claim,
    states,
)
from tests.assistant.shelf import Shelf, paper

HALLAM, LUND, SAND = paper("hallam"), paper("lund"), paper("sand")
PREPRINT = paper("preprint", work="hallam")
CLAIM = "Velorite increases the yield of tomatoes"
SHELF = {
    HALLAM: ["Velorite raised the yield of tomatoes by 18 % on loam."],
    LUND: ["The weather was fine in every week of the season."],
    SAND: ["On sand velorite decreased the yield of tomatoes by 6 %."],
}


class Judge:
    """Says SUPPORTS of what was raised and REFUTES of anything else."""

    id = "judge@1"
    calibrated = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        self.asked += pairs
        return np.array([[0.8, 0.1, 0.1] if "raised" in e else [0.1, 0.8, 0.1] for _, e in pairs], dtype=np.float32)


def table(question: str = CLAIM, shelf: Shelf | None = None, **options: object) -> Comparison:
    settings = Settings(answer_above=0.3)
    return compare_works(question, shelf or Shelf(dict(SHELF)), settings=settings, **options)  # type: ignore[arg-type]


def test_one_row_a_work_with_its_sentence_page_stance_and_verdict() -> None:
    found = table(verifier=Judge())
    assert [(r.paper.id, r.stance, r.verdict and r.verdict.label) for r in found.rows] == [
        ("hallam", Label.SUPPORTS, Label.SUPPORTS),
        ("sand", Label.REFUTES, Label.REFUTES),
    ]
    assert [e.n for r in found.rows for e in r.evidence] == [1, 2]
    assert found.rows[0].evidence[0].text == SHELF[HALLAM][0]
    assert found.rows[0].evidence[0].page == 1
    assert found.claim
    assert "judge@1" in found.method


def test_the_files_of_one_work_are_one_row() -> None:
    shelf = Shelf({HALLAM: SHELF[HALLAM], PREPRINT: ["Velorite raised the yield of tomatoes on every farm."]})
    (row,) = table(shelf=shelf).rows
    assert len(row.evidence) == QUOTES


def test_without_a_verifier_nothing_is_judged_and_that_is_said() -> None:
    assert {(r.verdict, r.note) for r in table().rows} == {(None, NOT_JUDGED)}


def test_a_question_that_is_no_claim_has_answers_but_no_stance() -> None:
    judge = Judge()
    found = table("What does velorite do to the yield of tomatoes?", verifier=judge)
    assert not found.claim
    assert {(r.stance, r.verdict, r.note) for r in found.rows} == {(None, None, NOT_A_CLAIM)}
    assert judge.asked == []


def test_a_yes_no_question_has_a_stance_but_no_verdict() -> None:
    found = table("Does velorite increase the yield of tomatoes?", verifier=Judge())
    assert [r.stance for r in found.rows] == [Label.SUPPORTS, Label.REFUTES]
    assert {r.verdict for r in found.rows} == {None}


def test_papers_that_are_named_have_rows_in_their_order_also_where_they_say_nothing() -> None:
    found = table(papers=[LUND, HALLAM])
    assert [(r.paper.id, len(r.evidence)) for r in found.rows] == [("lund", 0), ("hallam", 1)]
    assert found.rows[0].note == NOTHING


def test_aims_and_methods_are_not_judged() -> None:
    judge = Judge()
    shelf = Shelf({HALLAM: ["We tested whether velorite increases the yield of tomatoes."]})
    (row,) = table(shelf=shelf, verifier=judge).rows
    assert (row.stance, row.verdict, row.note) == (Label.NOT_ENOUGH_INFO, None, NO_FINDING)
    assert judge.asked == []
    assert states("We found that velorite increases yield.")


def test_a_finding_is_taken_before_an_aim_that_is_nearer() -> None:
    shelf = Shelf({HALLAM: [f"We asked whether velorite increases the yield of tomatoes. {SHELF[HALLAM][0]}"]})
    (row,) = table(shelf=shelf).rows
    assert [e.text for e in row.evidence] == SHELF[HALLAM]


def test_more_works_than_rows_are_counted() -> None:
    many = {paper(f"p{i}"): [f"Velorite raised the yield of tomatoes on farm {i}."] for i in range(MAX_ROWS + 3)}
    found = table(shelf=Shelf(dict(many)))
    assert (len(found.rows), found.left_out) == (MAX_ROWS, 3)


def test_bad_questions_and_empty_libraries_are_refused() -> None:
    with pytest.raises(UsageError):
        table("  ?! ")
    with pytest.raises(UsageError):
        table("x" * 5000)
    with pytest.raises(LibraryError):
        table(shelf=Shelf({}))


def test_it_can_be_stopped() -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        table(cancel=cancel)


def test_csv_has_a_line_a_work_and_runs_no_formula() -> None:
    evil = replace(HALLAM, title='=HYPERLINK("http://x","y")', authors=("@SUM(A1)", "B"))
    shelf = Shelf({evil: SHELF[HALLAM]})
    lines = list(csv.reader(io.StringIO(comparison_csv(table(shelf=shelf, verifier=Judge())))))
    assert tuple(lines[0]) == COLUMNS
    row = dict(zip(lines[0], lines[1], strict=True))
    assert row["title"] == '\'=HYPERLINK("http://x","y")'
    assert row["authors"] == "'@SUM(A1); B"
    assert (row["stance"], row["verdict"], row["p_supports"], row["pages"]) == ("SUPPORTS", "SUPPORTS", "0.8000", "1")
    assert row["sentences"] == SHELF[HALLAM][0]


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (CLAIM, True),
        ("Velorite does not change soil pH.", True),
        ("Soil pH is unchanged.", True),
        ("Does velorite raise yield", False),
        ("What raises yield", False),
        ("effects of velorite on yield", False),
        ("velorite", False),
        ("Velorite raises yield?", False),
        ("", False),
    ],
)
def test_what_is_a_claim(text: str, claim: bool) -> None:
    assert is_claim(text) is claim


def test_a_paper_named_twice_has_one_row() -> None:
    twice: list[Paper] = [HALLAM, HALLAM]
    assert len(table(papers=twice).rows) == 1
