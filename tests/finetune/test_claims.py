"""The command's own promises: splits, refusals, the report of any file, what Python and the terminal see."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from assistant import cli
from assistant.errors import UsageError
from assistant.finetune import evaluate_file, train
from assistant.finetune.recipe import Recipe
from tests.finetune import tiny

PROMISED = {
    "n", "accuracy", "macro_f1", "per_class", "confusion", "ece", "claim_only_macro_f1", "claim_only_source",
    "evidence_only_macro_f1", "coverage_curve", "seconds",
}  # fmt: skip


def recipe(base: Path, **changes: Any) -> Recipe:
    return Recipe(**{"base": str(base), "epochs": 1, "batch_size": 16, "max_tokens": 32} | changes)


@pytest.fixture(scope="module")
def adapter(bert: Path, claims: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained adapter, its test file in its report; trained through the command line."""
    folder = tmp_path_factory.mktemp("cli")
    test = tiny.write_rows(folder / "test.jsonl", tiny.rows(30, seed=5))
    arguments = ["finetune", "--task", "claims", "--train", claims, "--test", test, "--out", folder / "adapter"]
    arguments += ["--base", bert, "--epochs", 1, "--max-tokens", 32, "--device", "cpu", "--learning-rate", 0.01]
    assert cli.main([str(a) for a in arguments]) == 0
    return folder / "adapter"


def test_the_report_is_of_the_test_file(adapter: Path) -> None:
    report = json.loads((adapter / "report.json").read_text())
    assert set(report) >= PROMISED
    assert (report["reported_on"], report["n"]) == ("test", 30)
    assert report["training"]["tokens_per_second"] > 0
    assert set(report["per_class"]["SUPPORTS"]) == {"precision", "recall", "f1", "support"}


def test_leaks_are_said_before_training(bert: Path, claims: Path, tmp_path: Path) -> None:
    said: list[str] = []

    def no_step(progress: object) -> None:
        assert any("train / test: 6 documents" in line or "train / test: 7 documents" in line for line in said), said

    test = tiny.write_rows(tmp_path / "test.jsonl", tiny.rows(30, seed=5))
    train(claims, tmp_path / "out", test=[test], recipe=recipe(bert), device="cpu", say=said.append, progress=no_step)


def test_dev_with_documents_of_train_is_refused_or_thinned(bert: Path, claims: Path, tmp_path: Path) -> None:
    new = [row | {"doc_id": "another paper"} for row in tiny.rows(9, seed=2)]
    dev = tiny.write_rows(tmp_path / "dev.jsonl", [*tiny.rows(9, seed=2), *new])
    with pytest.raises(UsageError, match=r"dev shares \d documents with train .* --drop-shared"):
        train(claims, tmp_path / "out", dev=[dev], recipe=recipe(bert), device="cpu")
    said: list[str] = []
    trained = train(
        claims, tmp_path / "out", dev=[dev], recipe=recipe(bert), drop_shared=True, device="cpu", say=said.append
    )
    assert "dev: 9 rows left out, whose documents train has" in said
    assert trained.report["n"] == 9


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (tiny.rows(5), "5 usable rows; at least 8"),
        ([r | {"label": "SUPPORTS"} for r in tiny.rows(20)], "one class only"),
        ([r | {"doc_id": "x"} for r in tiny.rows(20)], "all rows are of one document"),
    ],
)
def test_what_cannot_be_learned_is_refused(bert: Path, tmp_path: Path, made: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        train(tiny.write_rows(tmp_path / "a.jsonl", made), tmp_path / "out", recipe=recipe(bert), device="cpu")


def test_evaluate_any_file(adapter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tiny.write_rows(tmp_path / "new.jsonl", tiny.rows(30, seed=9))
    out = tmp_path / "report"
    assert cli.main(["evaluate", "--data", str(data), "--adapter", str(adapter), "--json", "--out", str(out)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report) >= PROMISED
    assert report["n"] == 30
    assert report["claim_only_source"] == "training claims"
    assert (out / "report.html").is_file()


def test_without_the_training_file_the_baseline_is_cross_validated(adapter: Path, tmp_path: Path) -> None:
    description = json.loads((adapter / "assistant.json").read_text())
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in adapter.iterdir():
        if path.is_file():
            (moved / path.name).write_bytes(path.read_bytes())
    for file in description["data"]:
        file["path"] = "/nowhere"
    (moved / "assistant.json").write_text(json.dumps(description))
    data = tiny.write_rows(tmp_path / "new.jsonl", tiny.rows(30, seed=9))
    assert evaluate_file(data, adapter=moved)["claim_only_source"] == "5-fold cross-validation grouped by doc_id"


def test_new_documents_are_scored_apart(adapter: Path, tmp_path: Path) -> None:
    new = [row | {"doc_id": "another paper"} for row in tiny.rows(12, seed=2)]
    data = tiny.write_rows(tmp_path / "new.jsonl", [*tiny.rows(12, seed=3), *new])
    disjoint = evaluate_file(data, adapter=adapter)["document_disjoint"]
    assert 12 <= disjoint["n"] < 24


def test_the_page_escapes_what_papers_say(adapter: Path, tmp_path: Path) -> None:
    from assistant.finetune import report

    wicked = [row | {"claim": "<script>alert(1)</script>"} for row in tiny.rows(12)]
    result = evaluate_file(tiny.write_rows(tmp_path / "a.jsonl", wicked), adapter=adapter)
    assert result["worst"]
    assert "<script>" not in report.page(result)


def test_adapters_can_be_listed_promoted_and_rolled_back(
    adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert cli.main(["adapters", "promote", str(adapter)]) == 0
    assert capsys.readouterr().out.startswith("in use now: adapter-")
    assert cli.main(["adapters", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [a["active"] for a in listed if a["name"].startswith("adapter-")] == [True]
    assert cli.main(["adapters", "show", str(adapter)]) == 0
    assert "# Claim verifier" in capsys.readouterr().out
    assert cli.main(["adapters", "rollback"]) == 0
    assert capsys.readouterr().out == "in use now: builtin\n"
    assert cli.main(["adapters", "rollback"]) == 2


def test_wrong_usage_is_named(claims: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["finetune", "--train", str(claims), "--out", str(tmp_path / "out")]
    assert cli.main([*common, "--epochs", "0"]) == 2
    assert "epochs is 0; it must be between 1" in capsys.readouterr().err
    assert cli.main([*common, "--label-map", "entails"]) == 2
    assert "write for example entails=SUPPORTS" in capsys.readouterr().err
    assert cli.main(["evaluate", "--data", str(tmp_path / "none.jsonl")]) == 2
    assert cli.main(["evaluate", "--data", str(claims), "--adapter", str(tmp_path)]) == 1
    assert "is no adapter" in capsys.readouterr().err


@pytest.mark.soak
def test_ctrl_c_writes_a_checkpoint_and_resume_goes_on(bert: Path, claims: Path, tmp_path: Path) -> None:
    out = tmp_path / "adapter"
    command = [sys.executable, "-m", "assistant", "finetune", "--train", str(claims), "--out", str(out), "--base"]
    command += [str(bert), "--epochs", "400", "--max-tokens", "32", "--device", "cpu", "--patience", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not (out / "log.jsonl").is_file():
        assert process.poll() is None
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command with --resume goes on" in errors
    assert list((out / "checkpoints").glob("step-*"))
