"""(evidence, claim) -> three logits, by any base model: an encoder with a head, or a causal language model.

Knows tokenizers, bases and their hashes; no data files, no training, no adapters. The evidence comes first, as in
natural-language inference (premise, hypothesis), and is what a long pair loses. Logits are in the order of
`data.LABELS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from assistant.config import BUILT_IN_EMBEDDER
from assistant.encoders import encodable, find_device
from assistant.errors import ModelError, UsageError
from assistant.finetune.bases import Base, find_base, first_line, four_bit_config, quiet_transformers, set_dropout
from assistant.finetune.data import LABELS
from assistant.types import Label

HEADS = ("auto", "classifier", "words")
CLAIM_SHARE = 0.5
"""Most of the tokens of a pair that the claim may have; the rest is the evidence's."""
SPECIAL_ROOM = 4
"""Tokens kept free for [CLS], [SEP] and the like."""
INSTRUCTION = (
    "Evidence: {evidence}\n\nClaim: {claim}\n\nDoes the evidence support the claim, refute it, or is there not enough "
    "information? Answer with one word: yes, no or unknown."
)
WORDS = {Label.SUPPORTS: "yes", Label.REFUTES: "no", Label.NOT_ENOUGH_INFO: "unknown"}
"""What a language model answers: short words, whose first tokens must differ (checked on loading)."""

Pair = tuple[str, str]
"""Claim, evidence: the order of every public function here."""


class PairModel:
    """A model that scores pairs. `model` may be replaced by itself with an adapter on it; in training `trained` is
    called instead, where it is set (several processes wrap the model)."""

    def __init__(self, base: Base, model: Any, tokenizer: Any, *, head: str, max_tokens: int, device: str) -> None:
        self.base, self.model, self.tokenizer = base, model, tokenizer
        self.head, self.max_tokens, self.device = head, max_tokens, device
        self.trained: Any = None
        self._words = _word_ids(tokenizer) if head == "words" else []

    @property
    def classifies(self) -> bool:
        return self.head == "classifier"

    def encode(self, pairs: Sequence[Pair]) -> list[dict[str, list[int]]]:
        """Token ids of each pair, cut to `max_tokens`, not padded."""
        if not pairs:
            return []
        pairs = [(encodable(claim), encodable(evidence)) for claim, evidence in pairs]
        claims = self._cut([c for c, _ in pairs], int(self.max_tokens * CLAIM_SHARE))
        if self.head == "words":
            return self._encode_prompts(claims, [e for _, e in pairs])
        encoded = self.tokenizer(
            [e for _, e in pairs], claims, truncation="only_first", max_length=self.max_tokens, verbose=False
        )
        return [{k: encoded[k][i] for k in encoded} for i in range(len(pairs))]

    def _encode_prompts(self, claims: Sequence[str], evidence: Sequence[str]) -> list[dict[str, list[int]]]:
        frame = len(self.tokenizer(self._prompt("", ""), add_special_tokens=False)["input_ids"])
        rows = []
        for claim, text in zip(claims, evidence, strict=True):
            room = self.max_tokens - frame - len(self.tokenizer(claim, add_special_tokens=False)["input_ids"])
            prompt = self._prompt(claim, self._cut([text], max(room - SPECIAL_ROOM, 1))[0])
            ids = self.tokenizer(prompt, add_special_tokens=False)["input_ids"]
            rows.append({"input_ids": ids, "attention_mask": [1] * len(ids)})
        return rows

    def _prompt(self, claim: str, evidence: str) -> str:
        messages = [{"role": "user", "content": INSTRUCTION.format(claim=claim, evidence=evidence)}]
        # Qwen3's template takes enable_thinking; templates that do not know it ignore it.
        text: str = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return text

    def _cut(self, texts: Sequence[str], tokens: int) -> list[str]:
        """Each text cut after so many tokens."""
        encoded = self.tokenizer(
            list(texts), add_special_tokens=False, return_offsets_mapping=True, truncation=True, max_length=tokens
        )["offset_mapping"]
        return [t[: spans[-1][1]] if len(spans) >= tokens else t for t, spans in zip(texts, encoded, strict=True)]

    def logits(self, rows: Sequence[dict[str, list[int]]]) -> torch.Tensor:
        """(n, 3) of encoded rows, float32, with gradients where the model is in training."""
        batch = {k: v.to(self.device) for k, v in self._pad(rows).items()}
        on_gpu = self.device.startswith("cuda")
        model = self.trained if self.trained is not None and self.model.training else self.model
        with torch.autocast("cuda", torch.bfloat16, enabled=on_gpu):
            if self.head == "classifier":
                scores = model(**batch).logits
            else:
                positions = (batch["attention_mask"].cumsum(dim=1) - 1).clamp(min=0)
                output = model(**batch, position_ids=positions, logits_to_keep=1, use_cache=False)
                scores = output.logits[:, -1, self._words]
        result: torch.Tensor = scores.float()
        return result

    def _pad(self, rows: Sequence[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        """Padded at the end; for a language model at the beginning, so that the answer comes next in each row."""
        longest = max(len(r["input_ids"]) for r in rows)
        fill = {"input_ids": self.tokenizer.pad_token_id}
        batch = {}
        for name in rows[0]:
            padded = []
            for row in rows:
                gap = [fill.get(name, 0)] * (longest - len(row[name]))
                padded.append(gap + row[name] if self.head == "words" else row[name] + gap)
            batch[name] = torch.tensor(padded)
        return batch


def load_pair_model(
    name: str = BUILT_IN_EMBEDDER,
    *,
    head: str = "auto",
    max_tokens: int = 256,
    device: str = "auto",
    four_bit: bool = False,
    dropout: float = 0.0,
    seed: int = 0,
) -> PairModel:
    """The base `name` (built-in, a folder, a model of the hub) ready to score pairs; a new head is drawn by `seed`.

    Raises ModelError for a base that is missing, has no safetensors or cannot score pairs.
    """
    from transformers import AutoConfig, AutoTokenizer

    base = find_base(name)
    where = find_device(device)
    try:
        with quiet_transformers():
            config = AutoConfig.from_pretrained(base.folder, trust_remote_code=False)
            tokenizer = AutoTokenizer.from_pretrained(base.folder, trust_remote_code=False)
            chosen = _choose_head(head, config, tokenizer, name)
            set_dropout(config, dropout)
            torch.manual_seed(seed)
            model = _load_model(base.folder, chosen, config, where, four_bit)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise ModelError(f"{name} cannot be loaded as a base: {first_line(error)}") from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.config.pad_token_id = tokenizer.pad_token_id
    limit = int(getattr(config, "max_position_embeddings", max_tokens))
    return PairModel(base, model, tokenizer, head=chosen, max_tokens=min(max_tokens, limit), device=where)


def _choose_head(head: str, config: Any, tokenizer: Any, name: str) -> str:
    if head not in HEADS:
        raise UsageError(f"head is {head!r}; choose one of {', '.join(HEADS)}")
    causal = any("CausalLM" in a for a in config.architectures or ())
    if head == "auto":
        head = "words" if causal and tokenizer.chat_template else "classifier"
    if head == "words" and not (causal and tokenizer.chat_template):
        raise UsageError(f"base {name} is no language model with a chat template; use --head classifier")
    return head


def _load_model(folder: Path, head: str, config: Any, device: str, four_bit: bool) -> Any:
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

    options: dict[str, Any] = {"use_safetensors": True, "trust_remote_code": False, "attn_implementation": "sdpa"}
    if head == "words":
        factory: Any = AutoModelForCausalLM
    else:
        factory = AutoModelForSequenceClassification
        config.num_labels = len(LABELS)
        config.id2label, config.label2id = dict(enumerate(LABELS)), {label: i for i, label in enumerate(LABELS)}
    # Float32 on a CPU: a checkpoint in bf16 would run in bf16 there, slowly.
    options["dtype"] = torch.bfloat16 if device.startswith("cuda") and head == "words" else torch.float32
    if four_bit:
        options["quantization_config"] = four_bit_config(device)
    model = factory.from_pretrained(folder, config=config, **options)
    return model if four_bit else model.to(device)


def _word_ids(tokenizer: Any) -> list[int]:
    """The first token of each label's word, in the order of LABELS."""
    ids = [tokenizer(WORDS[label], add_special_tokens=False)["input_ids"][0] for label in LABELS]
    if len(set(ids)) < len(ids):
        raise ModelError("the base's tokenizer begins two label words with one token; use --head classifier")
    return ids
