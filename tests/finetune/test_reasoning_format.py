"""What a model writes is read back or refused with a reason; nothing it writes crashes the reading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import UsageError
from assistant.finetune.reasoning_data import read_rows
from assistant.finetune.reasoning_format import FAULTS, BadChain, prompt, read_chain, write_chain
from assistant.types import Label
from tests.finetune import tiny

EVIDENCE = ["zinc was  studied .", "zinc raises growth ."]
STEP = {"evidence": [2], "quote": "raises growth", "inference": "zinc raises growth .", "type": "causal"}


def reply(*steps: Any, **changes: Any) -> str:
    return json.dumps({"steps": list(steps), "conclusion": "zinc raises growth .", "label": None} | changes)


def test_a_chain_is_read_as_it_was_written() -> None:
    chain = read_chain(reply(STEP, STEP | {"evidence": [2, 1], "quote": "zinc was studied"}), EVIDENCE)
    assert [s.evidence for s in chain.steps] == [(2,), (2, 1)]
    assert read_chain(write_chain(chain), EVIDENCE) == chain


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no JSON"),
        ("Step 1: zinc", "no JSON"),
        ("[" * 100_000, "no JSON"),
        (reply(STEP)[:-9], "no JSON"),
        ("[]", "wrong shape"),
        (reply(), "no steps"),
        (reply(STEP, conclusion=""), "wrong shape"),
        (reply(STEP, label="MAYBE"), "wrong shape"),
        (reply(STEP, label=["SUPPORTS"]), "wrong shape"),
        (reply("zinc"), "wrong shape"),
        (reply(STEP | {"evidence": []}), "wrong shape"),
        (reply(STEP | {"evidence": 2}), "wrong shape"),
        (reply(STEP | {"evidence": ["2"]}), "wrong shape"),
        (reply(STEP | {"evidence": [True]}), "wrong shape"),
        (reply(STEP | {"evidence": [0]}), "unknown evidence"),
        (reply(STEP | {"evidence": [2, 3]}), "unknown evidence"),
        (reply(STEP | {"quote": "lowers growth"}), "invented quote"),
        (reply(STEP | {"evidence": [1]}), "invented quote"),
        (reply(STEP | {"quote": " "}), "wrong shape"),
        (reply(STEP | {"inference": None}), "wrong shape"),
        (reply(STEP | {"type": "search"}), "wrong shape"),
        (reply(STEP | {"type": ["causal"]}), "wrong shape"),
    ],
)
def test_each_fault_has_its_name(text: str, fault: str) -> None:
    with pytest.raises(BadChain) as error:
        read_chain(text, EVIDENCE)
    assert error.value.kind == fault
    assert fault in FAULTS


def test_what_evidence_leaves_open_needs_no_steps() -> None:
    assert read_chain(reply(label="NOT_ENOUGH_INFO"), EVIDENCE).label is Label.NOT_ENOUGH_INFO


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["steps", "evidence", "quote", "inference", "type", "conclusion", "label"]), inner
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(json_values)
def test_no_json_crashes_the_reading(value: Any) -> None:
    try:
        chain = read_chain(json.dumps(value), EVIDENCE)
    except BadChain:
        return
    assert all(any(s.quote in " ".join(EVIDENCE[i - 1].split()) for i in s.evidence) for s in chain.steps)


def test_the_prompt_numbers_the_evidence_before_the_question() -> None:
    shown = prompt("does zinc help ?", EVIDENCE)
    assert shown.index("[1] zinc was") < shown.index("[2] zinc raises") < shown.index("does zinc help ?")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"question": ""}, "has no question and no claim"),
        ({"evidence": "zinc"}, r"has no evidence \(a list of texts\)"),
        ({"steps": []}, "has no steps; only NOT_ENOUGH_INFO may go without"),
        ({"steps": [STEP | {"evidence": [4]}]}, "step 1 names evidence 4; there are 1 to 3"),
        ({"steps": [STEP | {"quote": "magic"}]}, "step 1 quotes 'magic', which is not in its evidence"),
        ({"conclusion": None}, "has no conclusion"),
        ({"label": "perhaps"}, "has the label 'perhaps'"),
    ],
)
def test_a_bad_row_is_named_or_skipped(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    path = tiny.write_rows(tmp_path / "a.jsonl", [tiny.CHAINS[0], tiny.CHAINS[2] | change])
    with pytest.raises(UsageError, match=rf"a\.jsonl:2: .*{why}"):
        read_rows(path)
    reading = read_rows(path, skip_bad=True)
    assert (len(reading.examples), len(reading.bad)) == (1, 1)


def test_rows_are_json_lines(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("claim\n")
    with pytest.raises(UsageError, match=r"give a \.jsonl file"):
        read_rows(tmp_path / "a.csv")
    (tmp_path / "a.jsonl").write_text('{"question": \n')
    with pytest.raises(UsageError, match=r"a\.jsonl:1: is no JSON"):
        read_rows(tmp_path / "a.jsonl")
