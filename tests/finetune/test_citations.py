"""The measure of reasoning, against numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.finetune.citations import measure, read_output
from assistant.finetune.reasoning_data import Example, read_rows
from assistant.finetune.reasoning_format import Chain, Step, write_chain
from assistant.types import StepKind
from tests.finetune import tiny


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    return read_rows(tiny.write_rows(tmp_path / "rows.jsonl", tiny.CHAINS[:2])).examples


def said(example: Example, *steps: tuple[tuple[int, ...], str]) -> str:
    """A reply with these steps: evidence and inference; it quotes the whole of its first evidence."""
    made = [Step(ids, example.evidence[ids[0] - 1], text, StepKind.CAUSAL) for ids, text in steps]
    return write_chain(Chain(tuple(made), "so"))


def test_the_rows_own_chains_are_perfect(examples: list[Example]) -> None:
    result = measure([read_output(e, write_chain(e.chain)) for e in examples], None)
    assert (result["reasoning"], result["same_steps"], result["label_accuracy"]) == (1.0, 1.0, None)


def test_without_a_judge_numbers_are_compared(examples: list[Example]) -> None:
    # The rows name 2 and 3 each; one reply names 1 and 2, the other is no JSON.
    result = measure([read_output(examples[0], said(examples[0], ((1, 2), "x"))), read_output(examples[1], "{")], None)
    assert (result["citation_recall"], result["citation_precision"]) == (0.5, 0.5)
    assert result["valid_format"] == 0.5
    assert result["reasoning"] == 0.25
    assert result["faults"]["no JSON"] == 1


def test_a_judge_asks_what_each_citation_is_needed_for(examples: list[Example]) -> None:
    asked: list[tuple[str, str]] = []

    def judge(pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """Evidence supports "both" only where it holds sentences 2 and 3, and "second" where it holds 2."""
        asked.extend(pairs)
        needs = {"both": ("raises growth", "growth lowers"), "second": ("raises growth",), "never": ("magic",)}
        holds = [all(part in evidence for part in needs[claim]) for claim, evidence in pairs]
        return np.array([[0.9, 0.0, 0.1] if h else [0.2, 0.2, 0.6] for h in holds])

    reply = said(examples[0], ((2, 3), "both"), ((2, 1), "second"), ((1,), "never"))
    result = measure([read_output(examples[0], reply)], judge)
    assert result["citation_recall"] == pytest.approx(2 / 3)
    # Needed: 2 and 3 for "both", 2 for "second"; not needed: 1 twice.
    assert result["citation_precision"] == pytest.approx(3 / 5)
    assert result["judged_by"] == "verifier"
    assert len(asked) == len(set(asked))


def test_nothing_valid_is_worth_nothing(examples: list[Example]) -> None:
    def never(pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        raise AssertionError("nothing is to be judged")

    for judge in (None, never):
        assert measure([read_output(examples[0], "no")], judge)["reasoning"] == 0.0
