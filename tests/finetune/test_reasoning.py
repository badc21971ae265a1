"""The task "reasoning" from end to end with tiny models: they learn, write the same when loaded again, and resume."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from assistant import cli
from assistant.errors import AssistantError, Cancelled, ModelError, UsageError
from assistant.finetune import load_verifier, loop, lora, reasoner, train, train_reasoning
from assistant.finetune.loop import Progress
from assistant.finetune.reasoner import CompletionLoss, TextModel, load_reasoner, load_text_model
from assistant.finetune.reasoning_build import build
from assistant.finetune.reasoning_data import Example, read_rows
from assistant.finetune.recipe import Recipe
from assistant.finetune.switching import SharedBase
from tests.finetune import tiny

ROWS = tiny.CHAINS[:5]
HEART = Recipe(
    epochs=80, batch_size=5, learning_rate=5e-3, held_back=0.0, max_tokens=1024, dropout=0.0, patience=0, evaluations=0,
    warm_up=0.1,
)  # fmt: skip
"""Learns ROWS by heart."""
HEART_OF_50 = ["--rank", 64, "--epochs", 120, "--batch-size", 10, "--learning-rate", 6e-3, "--held-back", 0,
               "--max-tokens", 2048, "--dropout", 0, "--patience", 0, "--evaluations", 0, "--warm-up", 0.1]  # fmt: skip
"""Learns 50 trees by heart, on a base that has never learned anything."""
SHORT = replace(HEART, epochs=3, learning_rate=1e-2, batch_size=4, held_back=0.2)


@pytest.fixture(scope="module")
def writer_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.tiny_writer(tmp_path_factory.mktemp("writer"), tiny.CHAINS)


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.tiny_writer(tmp_path_factory.mktemp("t5"), tiny.CHAINS, kind="t5")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_rows(tmp_path_factory.mktemp("rows") / "rows.jsonl", tiny.CHAINS)


@pytest.fixture(scope="module")
def by_heart(writer_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that knows ROWS by heart, trained through the command line."""
    folder = tmp_path_factory.mktemp("heart")
    tiny.write_rows(folder / "rows.jsonl", ROWS)
    arguments = ["finetune", "--task", "reasoning", "--train", folder / "rows.jsonl", "--out", folder / "adapter"]
    arguments += ["--base", writer_base, "--epochs", 80, "--batch-size", 5, "--learning-rate", 5e-3, "--held-back", 0]
    arguments += ["--max-tokens", 1024, "--dropout", 0, "--patience", 0, "--evaluations", 0, "--warm-up", 0.1]
    assert cli.main([str(a) for a in [*arguments, "--verifier", "none", "--device", "cpu"]]) == 0
    return folder / "adapter"


def examples(path: Path) -> list[Example]:
    return read_rows(path).examples


def log(out: Path) -> dict[int, float]:
    entries = [json.loads(line) for line in (out / loop.LOG).read_text().splitlines()]
    return {e["step"]: e["loss"] for e in entries if "loss" in e}


def test_five_rows_are_learned_by_heart(by_heart: Path) -> None:
    report = json.loads((by_heart / "report.json").read_text())
    assert (report["reasoning"], report["same_steps"], report["same_conclusion"]) == (1.0, 1.0, 1.0)
    assert report["citation_recall"] == report["citation_precision"] == 1.0
    assert report["reported_on"].startswith("train (learned by heart")
    losses = list(log(by_heart).values())
    assert losses[-1] < losses[0] - 5


def test_the_folder_holds_all_of_an_adapter(by_heart: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {p.name for p in by_heart.iterdir()}
    assert names >= {"adapter_model.safetensors", "adapter_config.json", "assistant.json", "README.md", "report.json",
                     "report.html", "log.jsonl", "train_documents.txt", "chat_template.jinja"}  # fmt: skip
    assert "| same steps as the row | 1.000 |" in (by_heart / "README.md").read_text()
    assert cli.main(["adapters", "show", str(by_heart)]) == 0
    assert "# Reasoning over evidence" in capsys.readouterr().out
    with pytest.raises(ModelError, match=r"another task \(reasoning\); it cannot judge claims"):
        load_verifier(by_heart)


def test_loaded_again_and_merged_it_writes_the_same(by_heart: Path) -> None:
    asked = examples(by_heart.parent / "rows.jsonl")
    first, _ = load_reasoner(by_heart, device="cpu")
    second, _ = load_reasoner(by_heart, device="cpu")
    replies = first.write(asked, 300)
    assert second.write(asked, 300) == replies
    second.model = lora.merge(second.model)
    assert second.write(asked, 300) == replies
    assert [first.write([e], 300)[0] for e in asked] == replies  # company and padding do not matter


def test_evaluate_says_what_a_file_shows(by_heart: Path, rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", "--task", "reasoning", "--data", str(rows), "--adapter", str(by_heart), "--json"]
    assert cli.main([*command, "--verifier", "none", "--device", "cpu"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["n"], result["judged_by"]) == (8, "numbers of the rows")
    assert result["same_steps"] >= 5 / 8
    assert cli.main([*command, "--verifier", "builtin", "--device", "cpu"]) == 0
    assert json.loads(capsys.readouterr().out)["judged_by"] == "verifier"


def test_the_judge_that_is_handed_in_decides(writer_base: Path, by_heart: Path, tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    def never(pairs: Sequence[tuple[str, str]]) -> Any:
        asked.extend(pairs)
        return np.tile([0.1, 0.1, 0.8], (len(pairs), 1))

    rows = by_heart.parent / "rows.jsonl"
    more = replace(HEART, base=str(writer_base), epochs=1, learning_rate=1e-6)
    trained = train_reasoning(rows, tmp_path / "out", recipe=more, start_from=by_heart, judge=never, device="cpu")
    assert ("aspirin raises growth .", "aspirin raises growth .") in asked
    assert (trained.report["valid_format"], trained.report["reasoning"]) == (1.0, 0.0)


QUICK = {("lora", "qwen3"), ("lora", "t5"), ("full", "llama")}
EVERY = [
    pytest.param(method, kind, marks=[] if (method, kind) in QUICK else pytest.mark.soak)
    for kind in ("qwen3", "llama", "t5")
    for method in lora.METHODS
]


@pytest.mark.parametrize(("method", "kind"), EVERY)
def test_every_method_learns_and_is_saved(method: str, kind: str, tmp_path: Path, rows: Path) -> None:
    base = tiny.tiny_writer(tmp_path / "base", tiny.CHAINS, kind=kind, width=16)
    recipe = replace(SHORT, base=str(base), method=method, rank=2, epochs=2, learning_rate=2e-2)
    trained = train_reasoning(rows, tmp_path / "out", recipe=recipe, device="cpu")  # compares what is loaded again
    losses = list(log(tmp_path / "out").values())
    assert losses[-1] < losses[0] or method == "prefix"  # a base that knows nothing hardly listens to a prefix
    assert trained.adapter.description.task == "reasoning"


@pytest.mark.parametrize("kind", ["writer_base", "t5"])
def test_the_loss_is_that_of_transformers(
    kind: str, rows: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reasoner, "CHUNK_TOKENS", 7)
    writer = load_text_model(str(request.getfixturevalue(kind)), device="cpu")
    encoded = writer.encode(examples(rows)[:3])
    batch = writer._pad(encoded)
    wanted = writer.model.eval()(**batch).loss * sum(reasoner._written(r) for r in encoded)
    mine = CompletionLoss(writer.model)(**batch)
    assert float(mine.detach()) == pytest.approx(float(wanted.detach()), rel=1e-5)
    gradients = []
    for loss in (mine, wanted):
        writer.model.zero_grad()
        loss.backward()
        gradients.append({n: p.grad.clone() for n, p in writer.model.named_parameters() if p.grad is not None})
    assert gradients[0].keys() == gradients[1].keys()
    assert all(torch.allclose(gradients[0][n], g, rtol=1e-3, atol=1e-3) for n, g in gradients[1].items())


def test_only_what_is_written_has_a_loss(writer_base: Path, rows: Path) -> None:
    writer = load_text_model(str(writer_base), device="cpu")
    (row,) = writer.encode(examples(rows)[:1])
    written = [label for label in row["labels"] if label != reasoner.IGNORED]
    text = writer.tokenizer.decode(written)
    assert text.startswith('{"steps"')
    assert text.endswith("}<end>")
    assert writer.tokenizer.decode(row["input_ids"][: -len(written)]).endswith("<answer>")


def test_parts_and_checkpointing_change_nothing(writer_base: Path, rows: Path, tmp_path: Path) -> None:
    quiet = replace(SHORT, base=str(writer_base), epochs=1)
    choices: list[dict[str, Any]] = [{}, {"accumulate": 4}, {"gradient_checkpointing": True}]
    runs = []
    for n, choice in enumerate(choices):
        train_reasoning(rows, tmp_path / str(n), recipe=replace(quiet, **choice), device="cpu")
        runs.append(list(log(tmp_path / str(n)).values()))
    assert runs[1] == pytest.approx(runs[0], rel=1e-4)
    assert runs[2] == pytest.approx(runs[0], rel=1e-4)


def test_rows_longer_than_the_window_are_counted_and_said(writer_base: Path, tmp_path: Path) -> None:
    long = tiny.CHAINS[7] | {"evidence": [*tiny.CHAINS[7]["evidence"], "heat and light " * 400]}
    path = tiny.write_rows(tmp_path / "rows.jsonl", [*ROWS, long])
    said: list[str] = []
    recipe = replace(SHORT, base=str(writer_base), epochs=1, held_back=0.0)
    trained = train_reasoning(path, tmp_path / "out", recipe=recipe, device="cpu", say=said.append)
    assert any("train: 1 of 6 rows are longer than 1024 tokens and left out; --max-tokens" in s for s in said), said
    assert trained.report["too_long"]["train"] == 1
    with pytest.raises(UsageError, match="every row of train is longer than 16 tokens"):
        train_reasoning(path, tmp_path / "none", recipe=replace(recipe, max_tokens=16), device="cpu")


def test_out_of_memory_halves_the_batch(
    writer_base: Path, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = TextModel.loss
    most = 2

    def short_of_memory(self: TextModel, batch: Any) -> torch.Tensor:
        if self.model.training and len(batch) > most:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return real(self, batch)

    monkeypatch.setattr(TextModel, "loss", short_of_memory)
    recipe = replace(SHORT, base=str(writer_base), epochs=1)
    with caplog.at_level(logging.WARNING):
        train_reasoning(rows, tmp_path / "out", recipe=recipe, device="cpu")
    assert "batches of 4 are now worked through in 2 parts" in caplog.text
    most = 0
    with pytest.raises(ModelError, match=r"out of memory with 1 rows at once; lower --max-tokens"):
        train_reasoning(rows, tmp_path / "none", recipe=recipe, device="cpu")


def test_a_stopped_run_goes_on_as_if_nothing_had_been(writer_base: Path, rows: Path, tmp_path: Path) -> None:
    recipe = replace(SHORT, base=str(writer_base), dropout=0.1)
    train_reasoning(rows, tmp_path / "whole", recipe=recipe, device="cpu")
    cancel = threading.Event()

    def stop_at_3(progress: Progress) -> None:
        if progress.step == 3:
            cancel.set()

    with pytest.raises(Cancelled, match="--resume"):
        train_reasoning(rows, tmp_path / "out", recipe=recipe, device="cpu", progress=stop_at_3, cancel=cancel)
    train_reasoning(rows, tmp_path / "out", recipe=recipe, device="cpu", resume=True)
    whole, resumed = log(tmp_path / "whole"), log(tmp_path / "out")
    assert list(resumed) == list(whole)
    assert list(resumed.values()) == pytest.approx(list(whole.values()), abs=1e-3)


def test_what_cannot_write_is_refused(bert: Path, rows: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is no language model .* with --base"):
        train_reasoning(rows, tmp_path / "out", recipe=replace(SHORT, base=str(bert)), device="cpu")
    assert cli.main(["finetune", "--task", "reasoning", "--train", str(rows), "--out", str(tmp_path / "o")]) == 2
    assert cli.main(["finetune", "--task", "reasoning", "--out", str(tmp_path / "o")]) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"steps": []},
        {"steps": [{"evidence": [9], "quote": "x", "inference": "x", "type": "causal"}]},
        {"steps": [{"evidence": [1], "quote": "not in it", "inference": "x", "type": "causal"}]},
        {"evidence": []},
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, change: dict[str, object]) -> None:
    made = tiny.write_rows(tmp_path / "rows.jsonl", [*tiny.CHAINS[:2], tiny.CHAINS[2] | change, *tiny.CHAINS[3:]])
    with pytest.raises(AssistantError, match=r"rows\.jsonl:3: "):
        train_reasoning(made, tmp_path / "out", recipe=replace(SHORT, base="nowhere"), device="cpu")


@pytest.fixture(scope="module")
def judging(writer_base: Path, claims: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter for claims on the base that reasons."""
    recipe = Recipe(base=str(writer_base), epochs=1, batch_size=16, learning_rate=1e-2, rank=4, max_tokens=256)
    out = tmp_path_factory.mktemp("judging") / "adapter"
    train(claims, out, recipe=recipe, device="cpu")
    return out


def test_switched_adapters_give_what_they_give_alone(writer_base: Path, by_heart: Path, judging: Path) -> None:
    pairs = [("aspirin raises pain .", "in our trial aspirin lowers pain ."), ("zinc raises sleep .", "zinc was seen")]
    asked = examples(by_heart.parent / "rows.jsonl")[:2]
    alone = load_verifier(judging, device="cpu").probabilities(pairs)
    written = load_reasoner(by_heart, device="cpu")[0].write(asked, 300)
    bare = load_text_model(str(writer_base), device="cpu").write(asked, 60)
    shared = SharedBase(str(writer_base), device="cpu")
    shared.add("claims", judging)
    shared.add("reasoning", by_heart)
    verifier = shared.verifier("claims")
    for _ in range(2):
        assert np.array_equal(verifier.probabilities(pairs), alone)
        assert shared.write("reasoning", asked, 300) == written
        assert shared.write(None, asked, 60) == bare
    assert shared.names == ["claims", "reasoning"]
    assert bare != written


def test_an_adapter_that_cannot_share_is_refused(writer_base: Path, t5: Path, by_heart: Path, judging: Path) -> None:
    shared = SharedBase(str(writer_base), device="cpu")
    shared.add("reasoning", by_heart)
    with pytest.raises(UsageError, match="is an adapter called reasoning"):
        shared.add("reasoning", judging)
    with pytest.raises(UsageError, match="no adapter called reasoning can judge claims here; there are: none"):
        shared.verifier("reasoning")
    with pytest.raises(ModelError, match="belongs to the base"):
        SharedBase(str(t5), device="cpu").add("claims", judging)
    with pytest.raises(ModelError, match="it cannot judge claims"):
        load_verifier(by_heart)


@pytest.mark.soak
def test_fifty_trees_are_learned_by_heart(tmp_path: Path, shared: Path) -> None:
    build(tmp_path / "all.jsonl", trees=[shared / "data/entailment_bank/task_1/dev.jsonl"])
    made = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()[:50]]
    base = tiny.tiny_writer(tmp_path / "base", made, width=128)
    command = ["finetune", "--task", "reasoning", "--train", tiny.write_rows(tmp_path / "rows.jsonl", made)]
    command += ["--out", tmp_path / "out", "--base", base, *HEART_OF_50, "--device", "cpu", "--verifier", "none"]
    assert cli.main([str(c) for c in command]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["valid_format"] == report["same_steps"] == report["reasoning"] == 1.0


@pytest.mark.soak
@pytest.mark.parametrize("launch", ["torchrun", "accelerate"])
def test_two_processes_train_what_one_does(launch: str, writer_base: Path, rows: Path, tmp_path: Path) -> None:
    options = ["-m", "assistant", "finetune", "--task", "reasoning", "--train", str(rows), "--base", str(writer_base)]
    options += ["--epochs", "2", "--batch-size", "4", "--learning-rate", "0.01", "--max-tokens", "1024", "--dropout"]
    options += ["0", "--device", "cpu", "--verifier", "none", "--out"]
    launcher = {
        "torchrun": ["torch.distributed.run", "--nproc-per-node", "2", "--master-addr", "127.0.0.1"],
        "accelerate": ["accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1",
                       "--mixed_precision", "no", "--dynamo_backend", "no"],
    }[launch]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    for command in ([*options, str(tmp_path / "one")], ["-m", *launcher, *options, str(tmp_path / "two")]):
        done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]
    one, two = log(tmp_path / "one"), log(tmp_path / "two")
    assert list(two) == list(one)
    assert list(two.values()) == pytest.approx(list(one.values()), rel=1e-3)
    asked = examples(rows)
    replies = [load_reasoner(tmp_path / name, device="cpu")[0].write(asked[:2], 100) for name in ("one", "two")]
    assert replies[0] == replies[1]
