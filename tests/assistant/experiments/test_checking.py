"""Claims against tables: the sixty hand-made ones, what must never be read wrongly, and the way to the user."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import contract, terminal
from assistant.api import Assistant
from assistant.cli import main
from assistant.errors import UsageError
from assistant.experiments import DataVerdict, Form, check_table
from assistant.types import Label

DATA = Path(__file__).resolve().parents[2] / "data" / "experiments"
CASES = [json.loads(line) for line in (DATA / "claims.jsonl").read_text(encoding="utf-8").splitlines()]
LEAST_RIGHT = 54
YES, NO, OPEN = Label.SUPPORTS, Label.REFUTES, Label.NOT_ENOUGH_INFO


def check(claim: str, table: str) -> DataVerdict:
    return check_table(claim, DATA / table)


def test_sixty_claims() -> None:
    assert [sum(c["label"] == label for c in CASES) for label in Label] == [20, 20, 20]
    found = [(c, check(c["claim"], c["table"])) for c in CASES]
    assert sum(v.label == c["label"] for c, v in found) >= LEAST_RIGHT
    assert [c["claim"] for c, v in found if c["label"] == OPEN and v.label is YES] == []
    assert all(v.reason for _, v in found)
    assert all(v.computation is not None for _, v in found if v.label is not OPEN)


@pytest.mark.parametrize(
    ("table", "claim"),
    [
        ("biochar.csv", "Plots not given biochar yielded more than the control plots."),
        ("biochar.csv", "Biochar raised yield and lowered nitrate leaching."),
        ("biochar.csv", "Yield was higher in biochar than in control plots because soil pH was higher."),
        ("biochar.csv", "Biochar increases tomato yield quality."),
        ("biochar.csv", "Biochar and compost yielded more than the control."),
        ("biochar.csv", "Biochar may raise tomato yield."),
        ("biochar.csv", "Biochar raised yield in some plots."),
        ("trial.csv", "Blood pressure was lower on lisartan."),
        ("trial.csv", "Lisartan lowered systolic blood pressure at week 24 compared with placebo."),
        ("trial.csv", "Patients without cough had lower systolic pressure at week 12."),
        ("trial.csv", "Patients who did not cough had higher systolic pressure at week 12."),
        ("trial.csv", "Heavier patients coughed more."),
        ("lake.tsv", "Chlorophyll a rose in the North."),
        ("lake.tsv", "Chlorophyll rose faster in the North than in the South."),
        ("lake.tsv", "Chlorophyll a fell after 2010."),
        ("fish.csv", "Bigger pike contain more mercury."),
        ("fish.csv", "Mercury in pike is twice as high as in trout."),
        ("fish.csv", "The heaviest fish weighed 3136 g."),
        ("sleep.csv", "Caffeine affects sleep more in women than in men."),
        ("sleep.csv", "Participants slept at least 5 hours."),
        ("sleep.csv", "Women slept more than men with 200 µg of caffeine."),
        ("sleep.csv", "Non-smokers sleep less."),
    ],
)
def test_what_cannot_be_mapped_is_said(table: str, claim: str) -> None:
    verdict = check(claim, table)
    assert verdict.label is OPEN
    assert verdict.computation is None
    assert "not decidable" in verdict.reason
    assert verdict.considered


@pytest.mark.parametrize(
    ("table", "claim", "label", "form"),
    [
        ("biochar.csv", "Biochar did not increase tomato yield.", NO, Form.DIFFERENCE),
        ("biochar.csv", "Tomato yield was 1.5 kg/m2 higher with biochar than in the control.", YES, Form.DIFFERENCE),
        ("biochar.csv", "Tomato yield was 0.8 kg/m2 higher with biochar than in the control.", NO, Form.DIFFERENCE),
        ("biochar.csv", "Biochar lowers nitrate leaching by 41 %.", YES, Form.RATIO),
        ("biochar.csv", "Yield with biochar was about 1.5 times that of the control.", YES, Form.RATIO),
        ("biochar.csv", "Median yield was higher with biochar than with compost.", YES, Form.MEDIAN),
        ("biochar.csv", "Earthworm numbers in compost and control were the same within 6.", YES, Form.DIFFERENCE),
        ("biochar.csv", "Earthworm numbers in compost and control were the same within 1.", OPEN, Form.DIFFERENCE),
        ("biochar.csv", "There were 14 biochar plots.", NO, Form.COUNT),
        ("biochar.csv", "Compared with the control, yield rose with biochar.", YES, Form.DIFFERENCE),
        ("biochar.csv", "The control had a lower yield than biochar.", YES, Form.DIFFERENCE),
        ("trial.csv", "Systolic blood pressure fell from baseline to week 12.", YES, Form.DIFFERENCE),
        ("trial.csv", "No patient on placebo coughed.", YES, Form.EXTREME),
        ("trial.csv", "In women, lisartan lowered systolic pressure at week 12.", OPEN, Form.DIFFERENCE),
        ("trial.csv", "47 % of the patients on lisartan coughed.", YES, Form.PROPORTION),
        ("lake.tsv", "Chlorophyll a did not increase between 2001 and 2020.", NO, Form.TREND),
        ("fish.csv", "Mean mercury in pike exceeds 0.5 mg/kg.", NO, Form.THRESHOLD),
        ("fish.csv", "The maximum body mass was 3.1 kg.", YES, Form.EXTREME),
        ("enzyme.csv", "kcat is higher at 50 °C than at 20 °C.", YES, Form.DIFFERENCE),
        ("enzyme.csv", "R45K has a half-life of 39 min.", YES, Form.MEAN),
        ("sleep.csv", "Caffeine shortens sleep by 84 minutes.", YES, Form.DIFFERENCE),
        ("sleep.csv", "Caffeine does not affect reaction time.", OPEN, Form.DIFFERENCE),
    ],
)
def test_forms(table: str, claim: str, label: Label, form: Form) -> None:
    verdict = check(claim, table)
    assert verdict.computation is not None, verdict.reason
    assert (verdict.label, verdict.computation.form) == (label, form), verdict.reason


def test_no_difference_is_not_shown_by_a_test_that_shows_nothing() -> None:
    verdict = check("There is no difference in earthworm numbers between compost and control.", "biochar.csv")
    assert verdict.label is OPEN
    assert "does not show that there is nothing" in verdict.reason


def test_the_rows_are_those_of_the_file() -> None:
    verdict = check("Biochar raised tomato yield.", "biochar.csv")
    assert verdict.computation is not None
    lines = (DATA / "biochar.csv").read_text(encoding="utf-8").splitlines()
    biochar, control = verdict.computation.samples
    assert all(",biochar," in lines[row - 1] for row in biochar.rows)
    assert all(",control," in lines[row - 1] for row in control.rows)
    assert (biochar.n, control.n) == (12, 12)
    assert verdict.read_as == (
        "mean of `tomato_yield (kg/m2)` where `treatment` = biochar > that where `treatment` = control"
    )


def test_missing_values_are_left_out() -> None:
    verdict = check("The mean weight was 81.1 kg.", "trial.csv")
    assert verdict.label is YES
    assert verdict.computation is not None
    assert verdict.computation.samples[0].n == 57


@pytest.mark.parametrize(
    "rows",
    [
        "a,1\nb,2\n",
        "a,1\na,1\na,1\nb,1\nb,1\nb,1\n",
        "a,1\na,2\na,\nb,\nb,\nb,3\n",
        "a,1\na,2\na,3\nb,<LOD\nb,4\nb,5\n",
    ],
)
def test_too_few_or_unfit_values_decide_nothing(tmp_path: Path, rows: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("arm,yield\n" + rows, encoding="utf-8")
    verdict = check_table("Yield was higher in arm a than in arm b.", path)
    assert verdict.label is OPEN
    assert verdict.reason


def test_an_empty_and_an_endless_claim_are_wrong_usage() -> None:
    for claim in (" ", "x" * 1001):
        with pytest.raises(UsageError, match="one sentence"):
            check(claim, "biochar.csv")


VOCABULARY = """
biochar control compost yield tomato pH nitrate earthworms higher lower than not no all most half twice 25 % by 3.2
kg/m2 mean median with in the between and correlates increases as plots of 12 at least over time was same differ
"""


@settings(max_examples=150, deadline=None)
@given(words=st.lists(st.sampled_from(VOCABULARY.split()), min_size=1, max_size=12))
def test_any_run_of_words_gives_a_verdict(words: list[str]) -> None:
    verdict = check(" ".join(words), "biochar.csv")
    assert verdict.reason
    assert (verdict.computation is None) <= (verdict.label is OPEN)
    json.dumps(contract.data_verdict_json(verdict), allow_nan=False)
    assert "\x1b" not in terminal.data_verdict_text(verdict)


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    claim = "Biochar raised tomato yield."
    assert main(["check", claim, "--data", str(DATA / "biochar.csv"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["label"], found["computation"]["form"]) == ("SUPPORTS", "difference")
    assert len(found["computation"]["samples"][0]["rows"]) == 12
    assert main(["check", claim, "--data", str(DATA / "biochar.csv")]) == 0
    out = capsys.readouterr().out
    assert "SUPPORTS" in out
    assert "Read as: mean of" in out
    assert "Welch's t: p < 0.001" in out
    assert main(["check", claim, "--data", str(DATA / "none.csv")]) == 2
    assert "there is no file" in capsys.readouterr().err


def test_from_python() -> None:
    assert Assistant().check_data("Biochar raised tomato yield.", DATA / "biochar.csv").label is YES


def test_a_name_in_a_file_cannot_drive_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("arm\x1b[2J,yield\na\x1b[2J,1\na,2\nb,3\nb,4\n", encoding="utf-8")
    assert "\x1b" not in terminal.data_verdict_text(check_table("Yield is high.", path))


def test_reading_the_command_line_loads_no_statistics() -> None:
    probe = (
        "import assistant.cli, assistant.contract, assistant.terminal, sys; "
        "print({'scipy', 'openpyxl', 'pyarrow', 'numpy'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "set()"
