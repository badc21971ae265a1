"""A BERT encoder on ONNX Runtime: of the engines on a CPU the fastest for many texts, and started without torch.

The graph is written once for each set of weights and kept in the user's cache folder, its SHA-256 in its name: what is
damaged is thrown away and written anew. Knows arrays of token ids and weights; no text.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import platformdirs

from assistant.bert import Floats, Ids, Mask

log = logging.getLogger(__name__)

BATCH_TOKENS = 1024
"""Padded tokens of a batch: what lies between two layers then stays in the processor's cache (1 MiB a core); 4,096 are
a fifth slower (benchmarks/embed_speed.py)."""
GRAPH = 1
"""Version of what `bert_graph` writes; raise it when equal weights would give another graph."""
ERRORS_ONLY = 3
"""onnxruntime's severity from which on it writes to stderr."""


class OnnxBert:
    """`precision` "int8" for vectors of passages, "float32" for what must agree with the other engines to 1e-5.

    Equal inputs get equal bits on one machine, whatever number of threads runs. Raises OSError, RuntimeError, KeyError
    or ValueError where it cannot be had.
    """

    batch_tokens = BATCH_TOKENS

    def __init__(
        self, weights: Mapping[str, Floats], config: Mapping[str, Any], *, precision: str, folder: Path | None = None
    ) -> None:
        """`folder` keeps the graphs; default: models/ in the user's cache folder."""
        folder = folder or cache_folder()
        if precision == "int8" and not bytes_multiply_exactly(folder):
            log.warning("this processor has no exact products of bytes; passages are embedded in float32, more slowly")
            precision = "float32"
        self._session = _session(_graph(weights, config, precision, folder))

    def mean_pooled(self, ids: Ids, mask: Mask) -> Floats:
        return self._run("mean", ids, mask, np.zeros_like(ids))

    def pooled(self, ids: Ids, mask: Mask, segments: Ids) -> Floats:
        """(n, d): tanh of the pooler's layer over the first token, as BERT's heads for pairs of texts want it."""
        return self._run("pooled", ids, mask, segments)

    def _run(self, output: str, ids: Ids, mask: Mask, segments: Ids) -> Floats:
        found: list[Floats] = self._session.run([output], {"ids": ids, "mask": mask, "segments": segments})
        return found[0]


def cache_folder() -> Path:
    return Path(platformdirs.user_cache_dir("paper-assistant", appauthor=False)) / "models"


@cache
def bytes_multiply_exactly(folder: Path) -> bool:
    """Whether products of bytes come out right here. Processors without VNNI add two of them in 16 bits, where large
    ones overflow without a word."""
    probe = _session(kept(folder, f"bytes-{GRAPH}", _product_of_bytes))
    rows, columns = np.full((8, 64), 255, dtype=np.uint8), np.full((64, 16), 127, dtype=np.int8)
    return bool((probe.run(None, {"rows": rows, "columns": columns})[0] == 64 * 255 * 127).all())


def _product_of_bytes() -> bytes:
    from assistant.bert_graph import product_of_bytes

    return product_of_bytes()


def _graph(weights: Mapping[str, Floats], config: Mapping[str, Any], precision: str, folder: Path) -> bytes:
    def write() -> bytes:
        from assistant.bert_graph import Precision, encoder_graph

        return encoder_graph(weights, config, Precision(precision))

    return kept(folder, f"bert-{precision}-{_fingerprint(weights, config)}", write)


def kept(folder: Path, name: str, make: Callable[[], bytes]) -> bytes:
    """The bytes kept under that name in `folder`, which must have the SHA-256 in their file's name; else what `make`
    gives, which is then kept. Where the folder cannot be written to, nothing is kept, and the log says so."""
    for path in sorted(folder.glob(f"{name}-*.onnx")):
        with suppress(OSError):
            data = path.read_bytes()
            if path.stem == f"{name}-{_digest(data)}":
                return data
            log.warning("%s is damaged and is written anew", path)
            path.unlink(missing_ok=True)
    data = make()
    try:
        _write(folder / f"{name}-{_digest(data)}.onnx", data)
    except OSError as error:
        log.warning("the model's graph is not kept in %s (%s); each start writes it anew", folder, error.strerror)
    return data


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _fingerprint(weights: Mapping[str, Floats], config: Mapping[str, Any]) -> str:
    """Of all that makes a graph: version of the writer, weights, shape of the encoder."""
    digest = hashlib.sha256(repr((GRAPH, sorted((k, str(v)) for k, v in config.items()))).encode())
    for name in sorted(weights):
        digest.update(f"{name} {weights[name].shape}".encode())
        digest.update(np.ascontiguousarray(weights[name]).data)
    return digest.hexdigest()[:32]


def _session(model: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    # A thread that waits would spin otherwise, and take the readers' time while papers are read.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _threads() -> int:
    """Cores this process may use; fewer where OMP_NUM_THREADS, which torch heeds as well, says so."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wished = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(wished)) if wished.isdecimal() and int(wished) else cores
