"""Rows made from rationales, trees and reviewed answers are right, and pass the reading of rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant import cli
from assistant.errors import UsageError
from assistant.finetune.reasoning_build import build
from assistant.finetune.reasoning_data import read_rows
from tests.finetune import tiny

TREE = {
    "id": "a", "question": "what lives ?", "answer": "a cat", "hypothesis": "a cat needs food",
    "sentences": {"sent1": "a cat is an animal", "sent2": "an animal lives", "sent3": "what lives needs food"},
    "proof": "sent1 & sent2 -> int1: a cat lives; int1 & sent3 -> hypothesis;",
}  # fmt: skip
CORPUS = {"doc_id": 7, "title": "Zinc", "abstract": ["We studied zinc.", "Zinc caused growth.", "Growth was 12.5 %."]}
CLAIMS = [
    {"id": 1, "claim": "Zinc works.", "evidence": {"7": [{"sentences": [1, 2], "label": "SUPPORT"}]},
     "cited_doc_ids": [7]},
    {"id": 2, "claim": "Zinc smells.", "evidence": {}, "cited_doc_ids": [7]},
]  # fmt: skip


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_tree_becomes_steps_that_rest_on_its_leaves(tmp_path: Path) -> None:
    built = build(tmp_path / "out.jsonl", trees=[tiny.write_rows(tmp_path / "trees.jsonl", [TREE])])
    assert (sum(built.rows.values()), built.left_out) == (1, [])
    (row,) = rows_of(tmp_path / "out.jsonl")
    texts = [[row["evidence"][i - 1] for i in step["evidence"]] for step in row["steps"]]
    first, second = row["steps"]
    assert sorted(texts[0]) == ["a cat is an animal", "an animal lives"]
    assert texts[1][0] == "what lives needs food"  # its own premise first
    assert set(texts[1]) == set(row["evidence"])
    assert (first["inference"], second["inference"], second["type"]) == (
        "a cat lives",
        "a cat needs food",
        "conclusion",
    )
    assert row["conclusion"] == "a cat needs food"
    assert read_rows(tmp_path / "out.jsonl").examples[0].doc_id == "tree:a"


def test_rationales_become_steps(tmp_path: Path) -> None:
    tiny.write_rows(tmp_path / "corpus.jsonl", [CORPUS])
    build(tmp_path / "out.jsonl", rationales=[tiny.write_rows(tmp_path / "claims.jsonl", CLAIMS)])
    supported, open_ = rows_of(tmp_path / "out.jsonl")
    assert supported["steps"] == [
        {"evidence": [2, 3], "quote": "Zinc caused growth.", "inference": "Zinc caused growth. Growth was 12.5 %.",
         "type": "quantitative"}
    ]  # fmt: skip
    assert (supported["label"], open_["label"], open_["steps"]) == ("SUPPORTS", "NOT_ENOUGH_INFO", [])
    assert len(read_rows(tmp_path / "out.jsonl").examples) == 2


def test_only_what_a_person_accepted_is_taken(tmp_path: Path) -> None:
    evidence = [
        {
            "n": 4,
            "text": "Zinc raises growth.",
            "context": {"text": "We saw it. Zinc raises growth."},
            "paper_id": "ab",
        },
        {"n": 5, "text": "So it goes.", "context": {"text": "So it goes."}, "paper_id": "ab"},
    ]
    steps = [
        {"kind": "search", "text": "looked for zinc", "evidence": []},
        {"kind": "causal", "text": "Zinc makes plants grow [4].", "evidence": [4]},
        {"kind": "observation", "text": "It goes [5].", "evidence": [5], "accepted": False},
    ]
    answer = {"question": "does zinc help ?", "text": "It does [4].", "evidence": evidence, "steps": steps}
    made = [answer | {"accepted": True}, answer, answer | {"accepted": True, "evidence": []}, {"accepted": True}]
    built = build(tmp_path / "out.jsonl", reviewed=[tiny.write_rows(tmp_path / "answers.jsonl", made)])
    (row,) = rows_of(tmp_path / "out.jsonl")
    assert row["steps"] == [
        {"evidence": [1], "quote": "Zinc raises growth.", "inference": "Zinc makes plants grow.", "type": "causal"}
    ]
    assert row["conclusion"] == "It does."
    assert [line.split(":")[1] for line in built.left_out] == ["2", "3", "4"]
    assert "not accepted" in built.left_out[0]


@pytest.mark.parametrize(
    "bad",
    [{"proof": "sent1 & sent9 -> hypothesis;"}, {"proof": "sent1 sent2 hypothesis"}, {"sentences": {}}, {"proof": 3}],
)
def test_what_is_no_tree_is_left_out_and_named(tmp_path: Path, bad: dict[str, Any]) -> None:
    built = build(tmp_path / "out.jsonl", trees=[tiny.write_rows(tmp_path / "trees.jsonl", [TREE, TREE | bad])])
    assert len(built.left_out) == 1
    assert "trees.jsonl:2: " in built.left_out[0]


def test_nothing_to_build_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--rationales, --trees or --reviewed"):
        build(tmp_path / "out.jsonl")
    with pytest.raises(UsageError, match=r"no usable row in .*trees\.jsonl"):
        build(tmp_path / "out.jsonl", trees=[tiny.write_rows(tmp_path / "trees.jsonl", [{"id": "x"}])])
    assert not (tmp_path / "out.jsonl").exists()


def test_the_command_builds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trees, out = tiny.write_rows(tmp_path / "trees.jsonl", [TREE, {"id": "x"}]), tmp_path / "out.jsonl"
    assert cli.main(["finetune", "build-reasoning-data", "--trees", str(trees), "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out.endswith(f"1 rows in {out}, 1 left out\n")
    assert "trees.jsonl:2: is no entailment tree" in said.err
    assert cli.main(["finetune", "build-reasoning-data", "--trees", str(trees)]) == 2


def test_every_tree_of_entailment_bank_becomes_a_row(tmp_path: Path, shared: Path) -> None:
    built = build(tmp_path / "out.jsonl", trees=[shared / "data/entailment_bank/task_1/dev.jsonl"])
    assert (sum(built.rows.values()), built.left_out) == (187, [])
    assert len(read_rows(tmp_path / "out.jsonl").examples) == 187
