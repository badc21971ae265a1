"""Judging a claim by texts: which window decides, caps for mismatches, what is not judged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.judging import CAPPED_SUPPORTS, LANGUAGE, NOTHING_TO_JUDGE_BY, judge, judge_step, windows
from assistant.types import Label


class Scripted:
    """SUPPORTS for texts with "raises", REFUTES for "lowers", else neither."""

    id = "scripted"
    calibrated = True

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        rows = [
            (0.9, 0.05, 0.05) if "raise" in text else (0.05, 0.9, 0.05) if "lower" in text else (0.1, 0.1, 0.8)
            for _, text in pairs
        ]
        return np.array(rows, dtype=np.float32).reshape(-1, 3)


CLAIM = "Lime raises the pH of the soil."


def test_windows_are_sentences_alone_and_with_the_one_before() -> None:
    assert windows("It rained in May. Lime was spread.") == [
        "It rained in May.", "Lime was spread.", "It rained in May. Lime was spread.",
    ]  # fmt: skip


def test_the_window_that_decides_most_is_taken() -> None:
    (found,) = judge(Scripted(), [(CLAIM, ["It rained in May.", "Lime raises the pH of the soil."])])
    assert found.label is Label.SUPPORTS
    assert found.window == "Lime raises the pH of the soil."


@pytest.mark.parametrize(
    ("texts", "label", "conflict"),
    [
        (["Lime raised the pH, and raises it still in the soil."], Label.SUPPORTS, False),
        (["Lime lowers the pH of the soil."], Label.REFUTES, False),
        (["It rained in May on the farm."], Label.NOT_ENOUGH_INFO, False),
        (["Lime raises the pH of the soil.", "Lime lowers the pH of the soil."], Label.NOT_ENOUGH_INFO, True),
    ],
)
def test_each_text_has_one_vote(texts: list[str], label: Label, conflict: bool) -> None:
    verdict = judge_step(Scripted(), CLAIM, texts)
    assert verdict.label is label
    assert verdict.conflict is conflict


def test_another_number_caps_supports_and_is_named() -> None:
    claim = "Lime raises the yield of maize by 45 %."
    (found,) = judge(Scripted(), [(claim, ["Lime raises the yield of maize by 12 %."])])
    assert found.mismatches
    assert found.probabilities[0] == pytest.approx(CAPPED_SUPPORTS)
    assert sum(found.probabilities) == pytest.approx(1.0)
    assert found.label is not Label.SUPPORTS


def test_other_languages_and_nothing_are_not_judged() -> None:
    assert judge_step(Scripted(), "石灰提高土壤的酸碱度。", ["Lime raises the pH."]).reason == LANGUAGE
    assert judge_step(Scripted(), CLAIM, ["石灰提高土壤的酸碱度。"]).reason == LANGUAGE
    assert judge_step(Scripted(), CLAIM, ["Kalk hebt den Wert des Bodens, wie die Versuche zeigen."]).reason == LANGUAGE
    assert judge_step(Scripted(), CLAIM, ["  "]).reason == NOTHING_TO_JUDGE_BY
