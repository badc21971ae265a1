"""An embedder as a task: questions come nearer to their passages, and the whole model is written beside the adapter."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from assistant.errors import ModelError
from assistant.finetune import adapters
from assistant.finetune.embedder import MERGED, EmbedderTask, load_text_encoder, train_embedder
from assistant.finetune.ranking_data import Group
from tests.finetune import tiny
from tests.finetune.test_evidence import RECIPE, in_order, rows, write


def test_training_brings_them_nearer_and_writes_a_model(bert: Path, tmp_path: Path) -> None:
    own = [Group(f"{t} pain", (f"in our trial {t} raises pain .",), (1.0,), f"paper {t}", "made") for t in tiny.THINGS]
    done = train_embedder(
        write(tmp_path / "train.jsonl", rows()), tmp_path / "out", recipe=replace(RECIPE, base=str(bert)),
        own=own, mine=in_order, device="cpu",
    )  # fmt: skip
    assert done.report["ndcg@10"] > done.report["ndcg@10 of the base"]
    assert adapters.read_adapter(tmp_path / "out", adapters.EMBEDDER).description.method == "lora"
    names = {p.name for p in (tmp_path / "out" / MERGED).iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    assert "lora" not in (tmp_path / "out" / MERGED / "config.json").read_text(encoding="utf-8")


def test_passages_of_one_document_are_no_negatives_of_each_other(bert: Path) -> None:
    encoder = load_text_encoder(str(bert), max_tokens=32, device="cpu")
    groups = [Group("zinc", ("zinc raises pain .",), (1.0,), d) for d in ("one", "one", "two")]
    task = EmbedderTask(encoder, groups, groups)
    bar = task._shared([0, 1, 2], torch.zeros(3, 3))
    assert bar[0, 1] == bar[1, 0] == -torch.inf
    assert bar[0, 0] == bar[0, 2] == 0
    assert task.look() == 1.0


def test_another_pooling_is_refused(bert: Path, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(bert, tmp_path / "base"))
    (folder / "1_Pooling").mkdir()
    path = folder / "1_Pooling" / "config.json"
    path.write_text(json.dumps({"pooling_mode_max_tokens": True}), encoding="utf-8")
    with pytest.raises(ModelError, match="only mean and cls"):
        load_text_encoder(str(folder), max_tokens=32, device="cpu")
    path.write_text(json.dumps({"pooling_mode_cls_token": True}), encoding="utf-8")
    first = load_text_encoder(str(folder), max_tokens=32, device="cpu").embed(["zinc raises pain ."])
    mean = load_text_encoder(str(bert), max_tokens=32, device="cpu").embed(["zinc raises pain ."])
    assert not torch.allclose(first, mean)
