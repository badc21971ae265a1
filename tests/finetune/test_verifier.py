"""The shipped verifier: quick and slow ways agree, hand-written pairs come out right, nothing heavy is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelError
from assistant.finetune import adapters, lora
from assistant.finetune.adapters import BUILT_IN_FOLDER, Calibration, Description
from assistant.finetune.data import LABELS
from assistant.finetune.pairs import find_base, load_pair_model
from assistant.finetune.verifier import MANY_PAIRS, QuickScorer, SlowScorer, Verifier, load_verifier

PAIRS = [
    ("Aspirin lowers blood pressure.", "In the trial, aspirin reduced blood pressure in all patients."),
    ("Aspirin lowers blood pressure.", "In the trial, aspirin increased blood pressure in all patients."),
    ("Aspirin lowers blood pressure.", "Patients were recruited from three hospitals in Norway."),
    ("word " * 200, "text " * 400),
    ("", "naïve Über-café \ud800 肺癌"),
]

S, R, N = LABELS
PLAIN = [
    ("Aspirin lowers blood pressure.", "In the trial, aspirin reduced blood pressure in all patients.", S),
    ("Aspirin lowers blood pressure.", "In the trial, aspirin increased blood pressure in all patients.", R),
    ("Aspirin lowers blood pressure.", "Patients were recruited from three hospitals in Norway.", N),
    ("Zinc lowers mortality.", "Zinc reduced mortality by 20 % compared with placebo.", S),
    ("Zinc lowers mortality.", "Zinc had no effect on mortality.", R),
    ("Velorite increases tomato yield.", "Plots treated with velorite gave 18 % more tomatoes than others.", S),
    ("Velorite increases tomato yield.", "Velorite reduced the yield of tomatoes by a third.", R),
    ("Velorite increases tomato yield.", "Velorite is mined in two countries.", N),
    ("Smoking is associated with lung cancer.", "Smokers had a ninefold higher risk of lung cancer.", S),
    ("Smoking is associated with lung cancer.", "We found no association between smoking and lung cancer.", R),
    ("Vitamin D prevents fractures.", "Supplementation with vitamin D did not prevent fractures.", R),
    ("Vitamin D prevents fractures.", "Vitamin D was measured in serum by immunoassay.", N),
]


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return load_verifier("builtin")


@pytest.mark.parametrize("method", ["lora", "rslora"])
def test_the_quick_way_equals_transformers(method: str, tmp_path: Path) -> None:
    import torch

    scorer = load_pair_model(device="cpu", max_tokens=128)
    scorer.model = lora.attach(
        scorer.model, method=method, rank=4, alpha=8, dropout=0.0, targets=(), classifies=True, steps=1
    )
    torch.manual_seed(0)
    with torch.no_grad():
        for name, parameter in lora.trainable(scorer.model).items():
            if "lora_" in name:
                parameter.normal_(std=0.1)
    lora.save_adapter(scorer.model, tmp_path)
    base = find_base("all-MiniLM-L6-v2")
    description = Description(base.name, base.sha256, method, "classifier", 128)
    adapters.describe(tmp_path, description, Calibration())
    made = adapters.read_adapter(tmp_path)
    slow = SlowScorer(made, "cpu").logits(PAIRS)
    assert np.abs(QuickScorer(made).logits(PAIRS) - slow).max() <= 1e-5 * max(1, np.abs(slow).max())
    many = PAIRS * (MANY_PAIRS // len(PAIRS) + 1)
    again = QuickScorer(made).logits(many)[: len(PAIRS)]
    assert np.abs(again - slow).max() <= 1e-5 * max(1, np.abs(slow).max())


def test_probabilities_are_calibrated_and_sum_to_one(verifier: Verifier) -> None:
    probabilities = verifier.probabilities(PAIRS)
    assert probabilities.shape == (5, 3)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert verifier.calibrated
    assert (probabilities.argmax(axis=1) == verifier.logits(PAIRS).argmax(axis=1)).all()
    assert verifier.probabilities([]).shape == (0, 3)


def test_plain_pairs_come_out_right(verifier: Verifier) -> None:
    """At least ten of twelve, and none of the passages on something else is called for or against."""
    said = verifier.probabilities([(c, e) for c, e, _ in PLAIN]).argmax(axis=1).tolist()
    gold = [LABELS.index(label) for _, _, label in PLAIN]
    assert sum(a == b for a, b in zip(said, gold, strict=True)) >= 10
    assert all(s == 2 for s, g in zip(said, gold, strict=True) if g == 2)


def test_the_shipped_folder_is_small_and_whole() -> None:
    files = {p.name: p.stat().st_size for p in BUILT_IN_FOLDER.iterdir()}
    assert {"README.md", "assistant.json", "calibration.json", "recipe-science.toml", "log.jsonl"} <= set(files)
    assert sum(files.values()) < 8e6
    adapter = adapters.read_adapter(BUILT_IN_FOLDER)
    assert adapter.description.base_sha256 == find_base("all-MiniLM-L6-v2").sha256
    assert "/" not in json.dumps([f["path"] for f in adapter.description.data])


def test_a_verdict_needs_no_torch() -> None:
    code = (
        "import sys; from assistant.finetune import load_verifier as load; load('builtin').probabilities([('a', 'b')]);"
        "print({'torch', 'transformers', 'peft', 'sklearn'}.intersection(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "set()"


def test_an_adapter_for_other_weights_is_refused(tmp_path: Path) -> None:
    adapter = adapters.read_adapter(BUILT_IN_FOLDER)
    wrong = replace(adapter, description=replace(adapter.description, base_sha256="0" * 64))
    with pytest.raises(ModelError, match="belongs to the base"):
        QuickScorer(wrong)
