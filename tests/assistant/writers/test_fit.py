"""A model that does not fit is told before it is loaded: what it needs, what is free, what would fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoConfig

from assistant.errors import ModelError, UsageError
from assistant.writers import fit, load_writer
from tests.assistant.writers.tiny import byte_model

GB = fit.GB


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return byte_model(tmp_path_factory.mktemp("base"))


def test_what_is_needed_is_counted_from_the_files(base: Path) -> None:
    import safetensors.numpy

    numbers = sum(t.size for t in safetensors.numpy.load_file(base / "model.safetensors").values())
    config = AutoConfig.from_pretrained(base)
    need = fit.needed(base, config, weight_bytes=2, four_bit=False, context_tokens=100, device="cpu")
    assert need.weights == 2 * numbers
    assert need.cache == 100 * (2 * 2 * 1 * 16 * 2)  # keys and values, layers, heads, size of a head, bytes
    packed = fit.needed(base, config, weight_bytes=2, four_bit=True, context_tokens=100, device="cpu")
    assert packed.weights < need.weights


def test_a_model_that_does_not_fit_is_refused_with_numbers(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "free_bytes", lambda _: GB // 10)
    with pytest.raises(ModelError, match=r"needs about 0\.3 GB .* 0\.1 GB are free .* 0\.0 billion"):
        load_writer(f"hf:{base}", device="cpu")


def test_the_largest_model_that_fits_is_named() -> None:
    need = fit.Need(weights=16 * GB, cache=2 * GB, run=1 * GB)
    with pytest.raises(
        ModelError, match=r"about 19\.0 GB .* 12\.0 GB are free on this GPU.* about 4\.5 billion.*four_bit"
    ):
        fit.check_fit("m", need, 12 * GB, device="cuda", kind="bfloat16", weight_bytes=2, four_bit=False)
    fit.check_fit("m", need, 19 * GB, device="cuda", kind="bfloat16", weight_bytes=2, four_bit=False)


def test_free_memory_is_within_the_containers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fit, "_CGROUP", tmp_path)
    assert fit.free_bytes("cpu") > 0
    for name, text in (("max", "5000"), ("current", "4000"), ("stat", "anon 1\ninactive_file 500\nslab 2\n")):
        (tmp_path / f"memory.{name}").write_text(text)
    assert fit.free_bytes("cpu") == 1500


def test_four_bits_without_a_gpu_are_refused(base: Path) -> None:
    with pytest.raises(UsageError, match="GPU"):
        load_writer(f"hf:{base}", device="cpu", four_bit=True)
