"""The task "reasoning" from end to end with a tiny model: the loss falls, an adapter is kept, bad rows are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.finetune import load_recipe, train_reasoning
from tests.finetune.tiny import CHAINS, tiny_writer, write_rows

QUIET = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


@QUIET
@pytest.mark.parametrize("kind", ["qwen3", pytest.param("t5", marks=pytest.mark.soak)])
def test_a_model_learns_to_write_steps(tmp_path: Path, kind: str) -> None:
    base = tiny_writer(tmp_path / "base", CHAINS, kind=kind)
    rows = write_rows(tmp_path / "rows.jsonl", CHAINS)
    recipe = load_recipe(
        None, base=str(base), method="lora", epochs=3, batch_size=2, evaluations=1, learning_rate=1e-2, max_tokens=1024
    )
    trained = train_reasoning(rows, tmp_path / "out", recipe=recipe, device="cpu")
    log = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    losses = [row["loss"] for row in log if "loss" in row]
    assert losses[-1] < losses[0] - 0.5
    assert trained.adapter.folder == tmp_path / "out"
    assert 0.0 <= trained.report["valid_format"] <= 1.0
    assert (tmp_path / "out" / "adapter_model.safetensors").is_file()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": []}, ":3:"),
        ({"steps": [{"evidence": [9], "quote": "x", "inference": "x", "type": "causal"}]}, ":3:"),
        ({"steps": [{"evidence": [1], "quote": "not in it", "inference": "x", "type": "causal"}]}, ":3:"),
        ({"evidence": []}, ":3:"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, change: dict[str, object], said: str) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", [*CHAINS[:2], CHAINS[2] | change, *CHAINS[3:]])
    with pytest.raises(AssistantError, match=said) as error:
        train_reasoning(rows, tmp_path / "out", recipe=load_recipe(None, base="nowhere"), device="cpu")
    assert "rows.jsonl" in str(error.value)
