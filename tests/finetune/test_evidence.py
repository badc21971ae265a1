"""Ranking as a task: rows are read, negatives found, the ranking gets better, what is saved loads again equal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from assistant.errors import ModelError, UsageError
from assistant.finetune import adapters, load_reranker
from assistant.finetune.evidence import train_evidence
from assistant.finetune.ranker import group_loss, log_odds, mean_ndcg
from assistant.finetune.ranking_data import Group, one_positive, read_groups, with_negatives
from assistant.finetune.recipe import Recipe
from assistant.finetune.reranker import relevance
from tests.finetune import tiny

RECIPE = Recipe(epochs=6, batch_size=4, learning_rate=1e-2, rank=8, max_tokens=32, dropout=0.0, patience=0, negatives=2)


def rows(count: int = 32) -> list[dict[str, Any]]:
    """Questions on things and effects: what answers says "raises", what does not "was studied"."""
    made = []
    for i in range(count):
        thing, effect = tiny.THINGS[i % 8], tiny.EFFECTS[i % 6]
        good = f"in our trial {thing} raises {effect} ."
        bad = [f"{thing} was studied .", f"{effect} was studied ."]
        made.append({"query": f"{thing} {effect}", "positive": good, "negatives": bad, "doc_id": f"paper {thing}"})
    return made


def write(path: Path, made: Sequence[dict[str, Any]]) -> Path:
    return tiny.write_rows(path, made)


@dataclass(frozen=True)
class Collection:
    documents: dict[str, str] = field(default_factory=lambda: {str(i): f"text {i}" for i in range(12)})
    queries: dict[str, str] = field(default_factory=lambda: {f"q{i}": f"about {i}" for i in range(10)})
    relevant: dict[str, dict[str, int]] = field(default_factory=lambda: {f"q{i}": {str(i): 1} for i in range(10)})


def in_order(queries: Sequence[str], passages: Sequence[str]) -> list[list[int]]:
    return [list(range(len(passages))) for _ in queries]


def test_the_three_forms_of_rows(tmp_path: Path) -> None:
    path = write(
        tmp_path / "rows.jsonl",
        [
            {"query": "a", "positive": ["x", "y"], "negatives": ["z"], "doc_id": "1"},
            {"query": "b", "passage": "bad", "label": 0},
            {"query": "b", "passage": "good", "label": 1},
            {"query": "c", "passages": ["p", "q"], "scores": [2.5, -1]},
            {"query": "d", "passage": "only bad", "label": 0},
        ],
    )
    groups, pool, bad = read_groups([path])
    assert (pool, bad) == ([], [])
    found = {g.query: (g.passages, g.targets) for g in groups}
    assert found == {
        "a": (("x", "y", "z"), (1.0, 1.0, 0.0)),
        "b": (("good", "bad"), (1.0, 0.0)),
        "c": (("p", "q"), (2.5, -1.0)),
    }
    assert {g.query: g.doc_id for g in groups}["a"] == "1"
    assert [g.passages for g in one_positive(groups[:1])] == [("x", "z"), ("y", "z")]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"positive": "x"}, "no query"),
        ({"query": "a"}, "no passage"),
        ({"query": "a", "positive": " "}, "no passage"),
        ({"query": "a", "passages": ["x"], "scores": [1, 2]}, "as many scores"),
        ({"query": "a", "passage": "x", "label": "maybe"}, "no number"),
    ],
)
def test_a_bad_row_is_named_or_skipped(tmp_path: Path, row: dict[str, Any], fault: str) -> None:
    path = write(tmp_path / "rows.jsonl", [{"query": "a", "positive": "x"}, row])
    with pytest.raises(UsageError, match=fault) as caught:
        read_groups([path])
    assert f"{path}:2" in str(caught.value)
    groups, _, bad = read_groups([path], skip_bad=True)
    assert len(groups) == len(bad) == 1


def test_a_collection_gives_questions_and_mined_negatives(tmp_path: Path) -> None:
    groups, pool, _ = read_groups([tmp_path], read_folder=lambda _: Collection())
    assert len(groups) == 10
    assert len(pool) == 12
    made = with_negatives(groups, 3, pool=pool, mine=in_order)
    assert all(len(g.negatives) == 3 and g.positives[0] not in g.negatives for g in made)
    assert made == with_negatives(groups, 3, pool=pool, mine=in_order), "the draw has a seed"
    with pytest.raises(UsageError, match="no search"):
        with_negatives(groups, 3, pool=pool)


def test_own_negatives_are_taken_before_mined_ones() -> None:
    own = Group("q", ("good", "bad", "worse"), (1.0, 0.0, 0.0), "d")
    made = with_negatives([own], 1, mine=in_order)
    assert made[0].positives == ("good",)
    assert made[0].negatives[0] in ("bad", "worse")


def test_losses_fall_where_the_order_is_right() -> None:
    right, wrong = torch.tensor([3.0, -3.0, -3.0]), torch.tensor([-3.0, 3.0, 3.0])
    for kind, targets in (("listwise", [1.0, 0, 0]), ("pointwise", [1.0, 0, 0]), ("mse", [3.0, -3, -3])):
        assert group_loss(right, torch.tensor(targets), kind) < group_loss(wrong, torch.tensor(targets), kind)
    logits = torch.tensor([[2.0, 0.0, -1.0], [0.0, 0.0, 4.0]])
    assert np.allclose(relevance(logits.numpy()), log_odds(logits).numpy())
    assert log_odds(logits)[0] > 0 > log_odds(logits)[1]


def test_the_measure_is_of_the_group_and_ties_keep_the_order_of_rows() -> None:
    group = Group("q", ("a", "b"), (1.0, 0.0), "d")
    assert mean_ndcg([group], [np.array([1.0, 0.0])]) == 1.0
    assert mean_ndcg([group], [np.array([0.0, 1.0])]) == pytest.approx(0.6309, abs=1e-4)
    teacher = Group("q", ("a", "b"), (-3.0, -1.0), "d")
    assert mean_ndcg([teacher], [np.array([0.0, 1.0])]) == 1.0


@pytest.fixture(scope="module")
def trained(bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from dataclasses import replace

    folder = tmp_path_factory.mktemp("ranker")
    made = train_evidence(
        write(folder / "train.jsonl", rows()), folder / "out", recipe=replace(RECIPE, base=str(bert)), device="cpu"
    )
    assert made.report["ndcg@10"] > 0.9
    return folder / "out"


def test_what_is_trained_loads_as_a_reranker(trained: Path) -> None:
    assert adapters.read_adapter(trained, adapters.EVIDENCE).description.metrics["n"] > 0
    assert "Evidence ranker" in (trained / "README.md").read_text(encoding="utf-8")
    reranker = load_reranker(str(trained), device="cpu")
    scores = reranker.score_pairs("zinc sleep", ["sleep was studied .", "in our trial zinc raises sleep ."])
    assert scores[1] > scores[0]
    assert reranker.score_pairs("zinc", []).shape == (0,)
    with pytest.raises(ModelError, match="another task"):
        adapters.find_adapter(trained)
    assert json.loads((trained / "report.json").read_text(encoding="utf-8"))["task"] == "evidence"


def test_a_reranker_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="neither a folder nor found"):
        load_reranker(str(tmp_path / "nowhere"), device="cpu")
    with pytest.raises(ModelError, match=r"no \.safetensors file"):
        load_reranker(str(tmp_path), device="cpu")


def test_too_few_questions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 8"):
        train_evidence(write(tmp_path / "train.jsonl", rows(4)), tmp_path / "out", recipe=RECIPE)
