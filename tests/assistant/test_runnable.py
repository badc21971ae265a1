from __future__ import annotations

from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda

from assistant.errors import UsageError
from assistant.runnable import VerifierRunnable
from tests.assistant.scripted import Scripted


def test_one_is_judged_and_composes() -> None:
    judge = VerifierRunnable(Scripted())
    found = judge.invoke({"claim": "Lime raises pH.", "evidence": "Lime raised the pH."})
    assert found["label"] == "SUPPORTS"
    assert found["probabilities"]["SUPPORTS"] == pytest.approx(0.9)
    assert (found["calibrated"], found["verifier"]) == (True, "scripted")
    label = judge | RunnableLambda(lambda found: found["label"])
    assert label.invoke({"claim": "Lime raises pH.", "evidence": ["It rained.", "Lime lowered pH."]}) == "REFUTES"


def test_a_batch_is_scored_at_once() -> None:
    inputs = [{"claim": "Lime raises pH.", "evidence": e} for e in ("Lime raised pH.", "It rained.")]
    assert [f["label"] for f in VerifierRunnable(Scripted()).batch(inputs)] == ["SUPPORTS", "NOT_ENOUGH_INFO"]
    assert VerifierRunnable(Scripted()).batch([]) == []


@pytest.mark.parametrize("bad", [{}, {"claim": "x"}, {"claim": " ", "evidence": "x"}, {"claim": "x", "evidence": [1]}])
def test_an_input_without_words_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="claim"):
        VerifierRunnable(Scripted()).invoke(bad)
