"""Training on tiny bases: the loss falls, only the adapter changes, what is saved loads again equal, a run resumes."""

from __future__ import annotations

import errno
import json
import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from assistant.errors import AssistantError, Cancelled, ModelError, UsageError
from assistant.finetune import checkpoints, loop, lora
from assistant.finetune.claims import train
from assistant.finetune.classifier import ClaimsTask, score
from assistant.finetune.loop import Progress, plan_batches
from assistant.finetune.pairs import PairModel, load_pair_model
from assistant.finetune.recipe import Recipe
from assistant.finetune.verifier import load_verifier
from tests.finetune import tiny

PAIRS = [("aspirin raises pain .", "in our trial aspirin lowers pain ."), ("zinc raises sleep .", "zinc was studied .")]
RECIPE = Recipe(epochs=4, batch_size=8, learning_rate=1e-2, rank=8, max_tokens=32, dropout=0.05, patience=0)


def recipe(base: Path, **changes: Any) -> Recipe:
    return replace(RECIPE, base=str(base), **changes)


def attached(base: Path, method: str) -> PairModel:
    scorer = load_pair_model(str(base), max_tokens=64, device="cpu")
    scorer.model = lora.attach(
        scorer.model, method=method, rank=2, alpha=4, dropout=0.0, targets=(), classifies=scorer.classifies, steps=20
    )
    return scorer


def steps(scorer: PairModel, count: int = 3) -> None:
    """A few steps of plain training, so that the adapter is no longer what it began as."""
    optimiser = torch.optim.AdamW(lora.trainable(scorer.model).values(), lr=0.05)
    scorer.model.train()
    for step in range(count):
        loss = torch.nn.functional.cross_entropy(scorer.logits(scorer.encode(PAIRS)), torch.tensor([1, 2]))
        (loss + lora.penalty(scorer.model)).backward()
        optimiser.step()
        lora.after_step(scorer.model, step)
        optimiser.zero_grad()


@pytest.mark.parametrize("kind", ["bert", "qwen"])
@pytest.mark.parametrize("method", lora.METHODS)
def test_every_method_trains_saves_loads_and_merges(
    method: str, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    base = request.getfixturevalue(kind)
    scorer = attached(base, method)
    trainable = set(lora.trainable(scorer.model))
    before = {n: p.detach().clone() for n, p in scorer.model.named_parameters()}
    untrained = score(scorer, scorer.encode(PAIRS))
    steps(scorer)
    changed = {n for n, p in scorer.model.named_parameters() if not torch.equal(p, before[n])}
    assert changed
    assert changed <= trainable
    trained = score(scorer, scorer.encode(PAIRS))
    assert np.abs(trained - untrained).max() > 1e-3

    lora.save_adapter(scorer.model, tmp_path)
    fresh = load_pair_model(str(base), max_tokens=64, device="cpu", seed=1)
    fresh.model = lora.load_adapter(fresh.model, tmp_path)
    assert np.abs(score(fresh, fresh.encode(PAIRS)) - trained).max() <= 1e-5

    if method in lora.MERGEABLE:
        fresh.model = lora.merge(fresh.model)
        assert np.abs(score(fresh, fresh.encode(PAIRS)) - trained).max() <= 1e-5
    else:
        with pytest.raises(UsageError, match="cannot be merged"):
            lora.merge(fresh.model)


def test_no_weight_of_the_base_changes_with_an_adapter(bert: Path) -> None:
    names = set(lora.trainable(attached(bert, "lora").model))
    assert all("lora_" in n or "classifier" in n or "pooler" in n for n in names)
    assert any("lora_" in n for n in names)


@pytest.fixture(scope="module")
def whole_run(bert: Path, claims: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "adapter"
    train(claims, out, recipe=recipe(bert), device="cpu")
    return out


def losses(out: Path) -> dict[int, float]:
    entries = [json.loads(line) for line in (out / loop.LOG).read_text().splitlines()]
    return {e["step"]: e["loss"] for e in entries if "loss" in e}


def test_the_loss_falls(whole_run: Path) -> None:
    values = list(losses(whole_run).values())
    assert np.mean(values[-6:]) < np.mean(values[:6]) - 0.3


def test_the_folder_holds_all_of_an_adapter(whole_run: Path) -> None:
    names = {p.name for p in whole_run.iterdir()}
    assert names >= {
        "adapter_model.safetensors", "adapter_config.json", "assistant.json", "calibration.json", "README.md",
        "report.json", "report.html", "reliability.png", "log.jsonl", "train_documents.txt",
    }  # fmt: skip
    assert not any(p.suffix in (".bin", ".pt", ".pkl") for p in whole_run.rglob("*"))
    card, report = (whole_run / "README.md").read_text(), json.loads((whole_run / "report.json").read_text())
    assert f"{report['macro_f1']:.3f}" in card
    assert (whole_run / "reliability.png").read_bytes().startswith(b"\x89PNG")


def test_a_killed_run_resumes_as_if_nothing_had_been(bert: Path, claims: Path, whole_run: Path, tmp_path: Path) -> None:
    cancel = threading.Event()
    out = tmp_path / "adapter"

    def stop_at_13(progress: Progress) -> None:
        if progress.step == 13:
            cancel.set()

    with pytest.raises(Cancelled, match="--resume"):
        train(claims, out, recipe=recipe(bert), device="cpu", progress=stop_at_13, cancel=cancel)
    train(claims, out, recipe=recipe(bert), device="cpu", resume=True)
    whole, resumed = losses(whole_run), losses(out)
    assert list(resumed) == list(whole)
    assert max(abs(resumed[s] - whole[s]) for s in whole) < 1e-3
    pairs = load_verifier(whole_run).logits(PAIRS)
    assert np.abs(load_verifier(out).logits(PAIRS) - pairs).max() < 1e-3


def test_a_checkpoint_of_another_run_is_refused(bert: Path, claims: Path, whole_run: Path) -> None:
    with pytest.raises(ModelError, match="other data or another recipe"):
        train(claims, whole_run, recipe=recipe(bert, epochs=5), device="cpu", resume=True)


def test_training_goes_on_from_an_adapter(bert: Path, claims: Path, whole_run: Path, tmp_path: Path) -> None:
    train(claims, tmp_path / "more", recipe=recipe(bert, epochs=1), start_from=whole_run, device="cpu")
    more = list(losses(tmp_path / "more").values())
    assert np.mean(more) < np.mean(list(losses(whole_run).values())[: len(more)]) - 0.1


def test_a_wrong_base_is_refused(bert: Path, claims: Path, whole_run: Path, tmp_path: Path) -> None:
    other = tiny.tiny_bert(tmp_path / "other", seed=1)
    folder = tmp_path / "adapter"
    folder.mkdir()
    for path in whole_run.glob("*.*"):
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    description = json.loads((folder / "assistant.json").read_text()) | {"base": str(other)}
    (folder / "assistant.json").write_text(json.dumps(description))
    with pytest.raises(ModelError, match="belongs to the base"):
        load_verifier(folder)
    with pytest.raises(ModelError, match="belongs to the base"):
        train(claims, tmp_path / "x", recipe=recipe(other, epochs=1), start_from=whole_run, device="cpu")


def test_a_base_without_safetensors_is_refused(claims: Path, tmp_path: Path) -> None:
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ModelError, match=r"no .safetensors file; pickled weights are never loaded"):
        train(claims, tmp_path / "out", recipe=recipe(folder), device="cpu")


def test_out_of_memory_halves_the_batch_once_and_changes_nothing(
    bert: Path, claims: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    quiet = recipe(bert, epochs=1, dropout=0.0)
    train(claims, tmp_path / "plain", recipe=quiet, device="cpu")
    real = PairModel.logits

    def short_of_memory(self: PairModel, rows: Any) -> torch.Tensor:
        if self.model.training and len(rows) > 4:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory")
        return real(self, rows)

    monkeypatch.setattr(PairModel, "logits", short_of_memory)
    # Dropout inside the encoder draws other numbers for halves than for wholes; without it halves must add up.
    with caplog.at_level(logging.WARNING):
        train(claims, tmp_path / "halved", recipe=quiet, device="cpu")
    said = [r.getMessage() for r in caplog.records if "out of memory" in r.getMessage()]
    assert said == ["out of memory: batches of 8 are now worked through in 2 parts; results stay the same"]
    assert list(losses(tmp_path / "halved")) == list(losses(tmp_path / "plain"))


def test_halves_add_up_to_the_whole(bert: Path, claims: Path, tmp_path: Path) -> None:
    scorer = attached(bert, "lora")
    scorer.model.eval()  # no dropout: it draws other numbers for halves
    rows = scorer.encode([(r["claim"], r["evidence"]) for r in tiny.rows(8)])
    run = loop._Run(ClaimsTask(scorer, (rows, np.arange(8) % 3), ([], np.array([])), RECIPE), RECIPE, tmp_path)
    grads = []
    for split in (1, 2, 4):
        run.state.split = split
        loss = run._accumulate(list(range(8)))
        grads.append((loss, {n: p.grad.clone() for n, p in lora.trainable(scorer.model).items() if p.grad is not None}))
        run.optimiser.zero_grad()
    for loss, gradient in grads[1:]:
        assert loss == pytest.approx(grads[0][0], abs=1e-5)
        assert all(torch.allclose(gradient[n], grads[0][1][n], atol=1e-5) for n in gradient)


def test_a_full_disk_is_said_and_outlived(
    bert: Path, claims: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints, "_write", full)
    with caplog.at_level(logging.WARNING):
        train(claims, tmp_path / "out", recipe=recipe(bert, epochs=1), device="cpu")
    assert "the disk of" in caplog.text
    assert not list((tmp_path / "out" / "checkpoints").glob("*"))


def test_a_full_disk_at_the_end_names_the_checkpoint(
    bert: Path, claims: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lora, "_write", full)
    with pytest.raises(ModelError, match="--resume: the trained weights are in its last checkpoint"):
        train(claims, tmp_path / "out", recipe=recipe(bert, epochs=1), device="cpu")
    monkeypatch.undo()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    trained = train(claims, tmp_path / "out", recipe=recipe(bert, epochs=1), device="cpu", resume=True)
    assert trained.fit.steps == max(losses(tmp_path / "out"))


def test_a_loss_that_is_no_number_stops_the_run(bert: Path, claims: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Lower the learning rate"):
        train(claims, tmp_path / "out", recipe=recipe(bert, learning_rate=1e30, clip=1e30, epochs=20), device="cpu")


def test_training_stops_early(bert: Path, claims: Path, tmp_path: Path) -> None:
    slow = recipe(bert, learning_rate=1e-12, epochs=10, patience=2)
    trained = train(claims, tmp_path / "out", recipe=slow, device="cpu")
    assert trained.fit.steps < 10 * 10
    assert trained.fit.best_step < trained.fit.steps


def test_sgd_weights_and_smoothing(bert: Path, claims: Path, tmp_path: Path) -> None:
    other = recipe(bert, optimiser="sgd", class_weights="balanced", label_smoothing=0.1, learning_rate=0.1, dropout=0.0)
    train(claims, tmp_path / "out", recipe=other, device="cpu")
    values = list(losses(tmp_path / "out").values())
    assert np.mean(values[-6:]) < np.mean(values[:6]) - 0.1


def test_a_language_model_learns_to_say_the_words(qwen: Path, claims: Path, tmp_path: Path) -> None:
    train(claims, tmp_path / "out", recipe=recipe(qwen, max_tokens=64), device="cpu")
    values = list(losses(tmp_path / "out").values())
    assert np.mean(values[-6:]) < np.mean(values[:6]) - 0.3
    assert (tmp_path / "out" / "chat_template.jinja").read_text() == tiny.TEMPLATE
    verifier = load_verifier(tmp_path / "out")
    together = verifier.logits(PAIRS)
    alone = np.concatenate([verifier.logits([pair]) for pair in PAIRS])
    assert np.abs(together - alone).max() < 1e-5


def test_a_language_model_can_have_a_head(qwen: Path) -> None:
    scorer = load_pair_model(str(qwen), head="classifier", device="cpu")
    assert score(scorer, scorer.encode(PAIRS)).shape == (2, 3)


def test_an_encoder_has_no_words(bert: Path) -> None:
    with pytest.raises(UsageError, match="no language model with a chat template"):
        load_pair_model(str(bert), head="words", device="cpu")


def test_padding_and_company_do_not_matter(bert: Path) -> None:
    scorer = load_pair_model(str(bert), max_tokens=32, device="cpu")
    pairs = [*PAIRS, ("heat raises sleep .", "in our trial " * 20), ("raises " * 40, "zinc was studied .")]
    together = score(scorer, scorer.encode(pairs))
    assert np.abs(together - np.concatenate([score(scorer, scorer.encode([p])) for p in pairs])).max() < 1e-5
    assert all(len(r["input_ids"]) <= 32 for r in scorer.encode(pairs))


def test_each_row_is_seen_once_an_epoch() -> None:
    lengths = [i % 17 + 1 for i in range(103)]
    plan = plan_batches(lengths, 8, seed=3)
    assert sorted(i for batch in plan for i in batch) == list(range(103))
    assert plan == plan_batches(lengths, 8, seed=3)
    assert plan != plan_batches(lengths, 8, seed=4)
    widths = [max(lengths[i] for i in b) - min(lengths[i] for i in b) for b in plan]
    assert np.median(widths) <= 3


def test_a_folder_in_use_is_refused(bert: Path, claims: Path, whole_run: Path) -> None:
    with pytest.raises(UsageError, match="is not empty"):
        train(claims, whole_run, recipe=recipe(bert), device="cpu")


@pytest.mark.parametrize("choice", [{"method": "magic"}, {"targets": ("nonsense",)}])
def test_a_wrong_adapter_is_refused(bert: Path, claims: Path, tmp_path: Path, choice: dict[str, Any]) -> None:
    with pytest.raises(AssistantError, match=r"choose one of|cannot be attached"):
        train(claims, tmp_path / "out", recipe=recipe(bert, **choice), device="cpu")
