"""The task "embedder": questions with passages -> an adapter under which they lie nearer to each other.

What a sentence-transformers model is to learn, and how it is saved and measured; the run around it is `ranking_run`'s.
The loss is the multiple-negatives ranking loss: each question's own passage against all others of the batch and its
hard negatives (Henderson et al. 2017, arXiv:1705.00652).
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from assistant.encoders import WEIGHTS_PICKLED, batches, encodable, find_device
from assistant.errors import ModelError
from assistant.finetune import adapters, lora
from assistant.finetune.adapters import Adapter
from assistant.finetune.bases import Base, find_base, first_line, quiet_transformers, set_dropout
from assistant.finetune.loop import Fit, Progress, step_count
from assistant.finetune.ranker import mean_ndcg
from assistant.finetune.ranking_data import Group, Judged, Mine, one_positive
from assistant.finetune.ranking_run import Data, Reader, Trained, Watch, run
from assistant.finetune.recipe import Recipe

logger = logging.getLogger(__name__)

SCALE = 20.0
"""Cosines are multiplied by this before the softmax, as sentence-transformers does."""
MERGED = "model"
"""Folder within the adapter's with the whole model, adapter folded in, as sentence-transformers reads it."""
PARITY = 1e-4
"""Most difference of a vector's part before folding the adapter in and after loading the model again."""
PROBE = ("Zinc raises growth.", "A trial of statins in the elderly.")
Row = dict[str, list[int]]


def train_embedder(
    train: Path | str | Sequence[Path | str],
    out: Path | str,
    *,
    dev: Sequence[Path | str] = (),
    test: Sequence[Path | str] = (),
    recipe: Recipe | None = None,
    start_from: Path | str | None = None,
    read_folder: Callable[[Path], Judged] | None = None,
    mine: Mine | None = None,
    pool: Sequence[str] = (),
    own: Sequence[Group] = (),
    skip_bad: bool = False,
    drop_shared: bool = False,
    resume: bool = False,
    device: str = "auto",
    say: Callable[[str], None] = logger.info,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    wandb: bool = False,
) -> Trained:
    """Train an adapter for a model that embeds; `out` becomes its folder, `out/model` the whole model with it folded
    in, to be used by `--embedder out/model`.

    As `evidence.train_evidence`; `own` are groups made of the user's library. Errors as there.
    """
    chosen = recipe or Recipe()
    start = None if start_from is None else adapters.find_adapter(start_from, adapters.EMBEDDER)
    return run(
        (train, dev, test), out, chosen, lambda data, where: EmbedderLearner(data, chosen, where, start),
        reader=Reader(chosen, read_folder, mine, pool, own, skip_bad, drop_shared, say), resume=resume, device=device,
        watch=Watch(progress, cancel, wandb),
    )  # fmt: skip


class TextEncoder:
    """A model that embeds texts. `model` may be replaced by itself with an adapter on it; in training `trained` is
    called instead, where it is set."""

    def __init__(self, base: Base, model: Any, tokenizer: Any, *, first: bool, max_tokens: int, device: str) -> None:
        self.base, self.model, self.tokenizer = base, model, tokenizer
        self.max_tokens, self.device = max_tokens, device
        self.trained: Any = None
        self._first = first

    def encode(self, texts: Sequence[str]) -> list[Row]:
        """Token ids of each text, cut to `max_tokens`, not padded."""
        shown = [encodable(text) for text in texts]
        encoded = self.tokenizer(shown, truncation=True, max_length=self.max_tokens, verbose=False) if shown else {}
        return [{k: encoded[k][i] for k in encoded} for i in range(len(shown))]

    def vectors(self, rows: Sequence[Row]) -> torch.Tensor:
        """(n, d) unit vectors, with gradients where the model is in training."""
        batch = self.tokenizer.pad({k: [r[k] for r in rows] for k in rows[0]}, return_tensors="pt", verbose=False)
        batch = {k: v.to(self.device) for k, v in batch.items()}
        model = self.trained if self.trained is not None and self.model.training else self.model
        states = model(**batch).last_hidden_state
        kept = batch["attention_mask"][..., None].to(states.dtype)
        pooled = states[:, 0] if self._first else (states * kept).sum(dim=1) / kept.sum(dim=1)
        return torch.nn.functional.normalize(pooled.float(), dim=1)

    def embed(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, d) unit vectors in evaluation mode, in the order of the texts."""
        rows = self.encode(texts)
        found: list[Any] = [None] * len(rows)
        self.model.eval()
        with torch.inference_mode():
            for batch in batches([len(r["input_ids"]) for r in rows]):
                for i, vector in zip(batch, self.vectors([rows[i] for i in batch]).cpu(), strict=True):
                    found[i] = vector
        return torch.stack(found)


def load_text_encoder(name: str, *, max_tokens: int, device: str, dropout: float = 0.0) -> TextEncoder:
    """The sentence-transformers model `name`, built-in, a folder or of the hub. ModelError where it is missing, has no
    safetensors, or pools its tokens in another way than by their mean or the first."""
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    base, where = find_base(name), find_device(device)
    try:
        first = _pools_first(base.folder, name)
        with quiet_transformers():
            config = AutoConfig.from_pretrained(base.folder, trust_remote_code=False)
            tokenizer = AutoTokenizer.from_pretrained(base.folder, trust_remote_code=False)
            set_dropout(config, dropout)
            model: Any = AutoModel.from_pretrained(
                base.folder, config=config, use_safetensors=True, trust_remote_code=False, dtype=torch.float32
            )
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise ModelError(f"{name} cannot be loaded as a base that embeds: {first_line(error)}") from error
    limit = int(getattr(config, "max_position_embeddings", max_tokens))
    return TextEncoder(base, model.to(where), tokenizer, first=first, max_tokens=min(max_tokens, limit), device=where)


def _pools_first(folder: Path, name: str) -> bool:
    """Whether the vector is the first token's; else it is the mean."""
    path = folder / "1_Pooling" / "config.json"
    ways = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"pooling_mode_mean_tokens": True}
    chosen = sorted(k for k, v in ways.items() if k.startswith("pooling_mode_") and v is True)
    if chosen not in (["pooling_mode_mean_tokens"], ["pooling_mode_cls_token"]):
        raise ModelError(f"{name} pools its tokens by {', '.join(chosen) or 'nothing'}; only mean and cls are known")
    return chosen == ["pooling_mode_cls_token"]


class EmbedderTask:
    """A `loop.Task`: a row is a question with its passage and hard negatives."""

    measure = "ndcg@10"

    def __init__(self, encoder: TextEncoder, train: Sequence[Group], held: Sequence[Group]) -> None:
        self.encoder, self.held = encoder, held
        self.model = self.module = encoder.model
        self.groups = one_positive(train)
        self.rows = [encoder.encode([g.query, *g.passages]) for g in self.groups]
        self.lengths = [sum(len(r["input_ids"]) for r in rows) for rows in self.rows]

    def wrap(self, module: Any) -> None:
        self.encoder.trained = module

    def weight(self, rows: Sequence[int]) -> float:
        return float(len(rows))

    def loss(self, rows: Sequence[int]) -> torch.Tensor:
        questions = self.encoder.vectors([self.rows[i][0] for i in rows])
        own = [self.rows[i][1] for i in rows]
        hard = [row for i in rows for row in self.rows[i][2:]]
        passages = self.encoder.vectors([*own, *hard])
        scores = SCALE * questions @ passages.T
        gold = torch.arange(len(rows), device=scores.device)
        return torch.nn.functional.cross_entropy(scores + self._shared(rows, scores), gold, reduction="sum")

    def _shared(self, rows: Sequence[int], scores: torch.Tensor) -> torch.Tensor:
        """Minus infinity where another question of the batch has a passage of the same document: no negative."""
        documents = [self.groups[i].doc_id for i in rows]
        bar = torch.zeros_like(scores)
        for i, a in enumerate(documents):
            for j, b in enumerate(documents):
                if i != j and a == b:
                    bar[i, j] = -torch.inf
        return bar

    def look(self) -> float:
        return mean_ndcg(self.held, similarities(self.encoder, self.held))


def similarities(encoder: TextEncoder, groups: Sequence[Group]) -> list[Any]:
    """Cosines of each group's passages with its question."""
    vectors = encoder.embed([text for g in groups for text in (g.query, *g.passages)]).numpy()
    found, start = [], 0
    for group in groups:
        end = start + 1 + len(group.passages)
        found.append(vectors[start + 1 : end] @ vectors[start])
        start = end
    return found


class EmbedderLearner:
    """A `ranking_run.Learner`: question and passage are read apart, and compared by their cosine."""

    task = adapters.EMBEDDER
    title = "Embedder"
    purpose = "Places questions near the passages that answer them."
    limits = "It was fitted to the texts it was trained on; on others it may be worse than its base. Measure it first."
    head = "mean"

    def __init__(self, data: Data, recipe: Recipe, device: str, start: Adapter | None) -> None:
        self._encoder = load_text_encoder(
            recipe.base, max_tokens=recipe.max_tokens, device=device, dropout=recipe.dropout
        )
        self.base, self.max_tokens = self._encoder.base, self._encoder.max_tokens
        self.method = recipe.method if start is None else start.description.method
        self.start_hash = "" if start is None else adapters.folder_hash(start.folder)
        if start is None:
            steps = step_count(len(one_positive(data.train)), recipe)
            self._encoder.model = lora.attach(
                self._encoder.model, classifies=False, steps=steps, **lora.choices(recipe)
            )
        else:
            adapters.check_base(start, self.base.sha256)
            self._encoder.model = lora.load_adapter(self._encoder.model, start.folder, trainable=True)

    def lesson(self, train: Sequence[Group], held: Sequence[Group]) -> EmbedderTask:
        return EmbedderTask(self._encoder, train, held)

    def save(self, out: Path, done: Fit, sharded: bool) -> None:
        if sharded:
            raise ModelError("an embedder is trained by one process, or by several that each hold it whole")
        lora.save_adapter(self._encoder.model, out)
        self._before = self._encoder.embed(PROBE)
        self._encoder.model = lora.merge(self._encoder.model)
        write_model(self._encoder, out / MERGED)

    def check(self, out: Path, groups: Sequence[Group]) -> None:
        loaded = load_text_encoder(str(out / MERGED), max_tokens=self.max_tokens, device=self._encoder.device)
        gap = float(np.abs((loaded.embed(PROBE) - self._before).numpy()).max())
        if not gap <= PARITY:
            raise ModelError(f"the model saved in {out / MERGED} gives other vectors when loaded (by {gap:.1e})")

    def measure(self, groups: Sequence[Group]) -> dict[str, Any]:
        began = time.monotonic()
        found = similarities(self._encoder, groups)
        passages = sum(map(len, found))
        seconds = max(time.monotonic() - began, 1e-9)
        before = load_text_encoder(self.base.name, max_tokens=self.max_tokens, device=self._encoder.device)
        return {
            "n": len(groups), "passages": passages, "ndcg@10": mean_ndcg(groups, found),
            "ndcg@10 of the base": mean_ndcg(groups, similarities(before, groups)),
            "pairs_per_second": passages / seconds,
        }  # fmt: skip


def write_model(encoder: TextEncoder, folder: Path) -> None:
    """The base's own files with the present weights, as sentence-transformers reads them."""
    left = [f"*{suffix}" for suffix in (*WEIGHTS_PICKLED, ".safetensors", ".onnx", ".py")]
    shutil.copytree(encoder.base.folder, folder, ignore=shutil.ignore_patterns(*left, ".*"), dirs_exist_ok=True)
    encoder.model.save_pretrained(folder, safe_serialization=True)
