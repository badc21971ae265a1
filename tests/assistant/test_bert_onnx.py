"""The engine on ONNX Runtime gives what the others give, keeps its graphs, and never believes a damaged one."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant import bert_onnx, encoders
from assistant.bert import NumpyBert
from assistant.bert_onnx import OnnxBert
from assistant.encoders import BertEmbedder, load_embedder
from tests.assistant.test_encoders import TEXTS, tiny_weights

CONFIG = {
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "layer_norm_eps": 1e-12,
    "hidden_size": 32,
    "intermediate_size": 128,
}


@pytest.fixture(scope="module")
def weights() -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(1)
    pooler = {"pooler.dense.weight": random.normal(size=(32, 32)), "pooler.dense.bias": random.normal(size=32)}
    small = {name: array.astype(np.float32) / 4 for name, array in pooler.items()}
    return {name: array / 4 for name, array in tiny_weights(layers=2, width=32).items()} | small


@pytest.fixture(scope="module")
def built_in() -> BertEmbedder:
    embedder = load_embedder(device="cpu")
    assert isinstance(embedder, BertEmbedder)
    return embedder


@pytest.fixture(scope="module")
def engines(built_in: BertEmbedder) -> dict[str, OnnxBert]:
    return {p: OnnxBert(*built_in.checkpoint(), precision=p) for p in ("float32", "int8")}


ROWS = [[1, 2, 3, 4, 5, 6, 7], [8], [9, 10, 11]]


def test_float32_equals_numpy_and_sees_no_padding(weights: dict[str, NDArray[np.float32]], tmp_path: Path) -> None:
    ids, mask = encoders.pad(ROWS)
    segments = np.where(np.arange(ids.shape[1]) > 1, 1, 0) * mask
    one, other = OnnxBert(weights, CONFIG, precision="float32", folder=tmp_path), NumpyBert(weights, CONFIG)
    assert np.allclose(one.mean_pooled(ids, mask), other.mean_pooled(ids, mask), atol=1e-5)
    assert np.allclose(one.pooled(ids, mask, segments), other.pooled(ids, mask, segments), atol=1e-5)
    assert np.allclose(one.mean_pooled(*encoders.pad(ROWS[1:2])), one.mean_pooled(ids, mask)[1:2], atol=1e-6)


def test_float32_is_the_built_in_model(built_in: BertEmbedder, engines: dict[str, OnnxBert]) -> None:
    assert np.allclose(built_in.embed_with(engines["float32"], TEXTS), built_in.embed(TEXTS), atol=1e-5)


def test_bytes_stay_near(built_in: BertEmbedder, engines: dict[str, OnnxBert]) -> None:
    cosines = np.sum(built_in.embed_with(engines["int8"], TEXTS) * built_in.embed(TEXTS), axis=1)
    assert cosines.min() > 0.99
    assert cosines.mean() > 0.998


def test_equal_texts_have_equal_bits_in_any_company(built_in: BertEmbedder, engines: dict[str, OnnxBert]) -> None:
    """Nothing in a batch sets another text's scale: what company still changes is in the last bit of float32."""
    together = built_in.embed_with(engines["int8"], TEXTS)
    assert np.array_equal(together, built_in.embed_with(engines["int8"], TEXTS))
    alone = np.concatenate([built_in.embed_with(engines["int8"], [text]) for text in TEXTS])
    assert np.sum(together * alone, axis=1).min() > 0.999


def test_any_number_of_threads_gives_the_same_bits(
    built_in: BertEmbedder, engines: dict[str, OnnxBert], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [text * 4 for text in TEXTS]
    found = []
    for threads in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        engine = OnnxBert(*built_in.checkpoint(), precision="int8")
        found.append(built_in.embed_with(engine, texts))
    assert np.array_equal(*found)


def test_passages_are_embedded_without_torch_and_once_each(
    built_in: BertEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    run = OnnxBert.mean_pooled

    def counted(self: OnnxBert, ids: Any, mask: Any) -> Any:
        seen.append(len(ids))
        return run(self, ids, mask)

    monkeypatch.setattr(OnnxBert, "mean_pooled", counted)
    monkeypatch.setattr(encoders, "TorchBert", None)
    vectors = built_in.embed_passages(["The same words.", "Other words.", "the  same\nwords."])
    assert sum(seen) == 2
    assert np.array_equal(vectors[0], vectors[2])
    assert not np.allclose(vectors[0], vectors[1], atol=0.1)


# the kept graphs


def test_a_graph_is_written_once_and_a_damaged_one_anew(
    weights: dict[str, NDArray[np.float32]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ids, mask = encoders.pad(ROWS)
    first = OnnxBert(weights, CONFIG, precision="int8", folder=tmp_path).mean_pooled(ids, mask)
    file = next(tmp_path.glob("bert-int8-*.onnx"))
    made = file.read_bytes()
    file.write_bytes(made[:1000] + b"\0" + made[1001:] + b"x")
    with caplog.at_level(logging.WARNING):
        again = OnnxBert(weights, CONFIG, precision="int8", folder=tmp_path).mean_pooled(ids, mask)
    assert "is damaged and is written anew" in caplog.text
    assert np.array_equal(first, again)
    assert file.read_bytes() == made
    assert not list(tmp_path.glob("*.tmp"))


def test_other_weights_have_another_graph(weights: dict[str, NDArray[np.float32]], tmp_path: Path) -> None:
    ids, mask = encoders.pad(ROWS)
    changed = {name: array * 1.5 if "intermediate" in name else array for name, array in weights.items()}
    one, other = (OnnxBert(w, CONFIG, precision="float32", folder=tmp_path) for w in (weights, changed))
    assert len(list(tmp_path.glob("bert-float32-*.onnx"))) == 2
    assert not np.allclose(one.mean_pooled(ids, mask), other.mean_pooled(ids, mask), atol=1e-3)


def test_a_folder_that_cannot_be_written_to(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        assert bert_onnx.kept(tmp_path / "file" / "folder", "name", lambda: b"graph") == b"graph"
    assert "not kept" in caplog.text


# where it cannot be had


def test_without_onnxruntime_torch_does_it_and_the_log_says_why(
    built_in: BertEmbedder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delitem(sys.modules, "assistant.bert_onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setattr(encoders, "TorchBert", lambda weights, config, device: device)  # transformers takes 7 s
    with caplog.at_level(logging.WARNING):
        runtime: object = encoders.bulk_runtime(*built_in.checkpoint(), "auto")
    assert runtime == "cpu"
    assert "ONNX Runtime is not used" in caplog.text
    assert "onnxruntime" in caplog.text


def test_an_encoder_of_another_kind_is_left_to_torch(
    weights: dict[str, NDArray[np.float32]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert encoders.onnx_runtime(weights, CONFIG | {"hidden_act": "relu"}, precision="float32") is None
        assert encoders.onnx_runtime({}, CONFIG, precision="float32") is None
    assert caplog.text.count("ONNX Runtime is not used") == 2


def test_a_processor_that_multiplies_bytes_wrongly_gets_float32(
    weights: dict[str, NDArray[np.float32]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(bert_onnx, "bytes_multiply_exactly", lambda folder: False)
    ids, mask = encoders.pad(ROWS)
    with caplog.at_level(logging.WARNING):
        found = OnnxBert(weights, CONFIG, precision="int8", folder=tmp_path).mean_pooled(ids, mask)
    assert "float32, more slowly" in caplog.text
    assert np.allclose(found, NumpyBert(weights, CONFIG).mean_pooled(ids, mask), atol=1e-5)
