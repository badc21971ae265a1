"""Tiny bases and rows for the tests of training: made in seconds, nothing downloaded."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.types import Label

THINGS = ("aspirin", "velorite", "zinc", "statins", "biochar", "caffeine", "light", "heat")
EFFECTS = ("pain", "yield", "growth", "mortality", "sleep", "memory")
FORMS = {
    Label.SUPPORTS: "{t} raises {e} .",
    Label.REFUTES: "{t} lowers {e} .",
    Label.NOT_ENOUGH_INFO: "{t} was studied .",
}
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *["raises", "lowers", "was", "studied", ".", "in", "our", "trial", "yes", "no", "unknown"],
]
TEMPLATE = "{% for m in messages %}{{ m['content'] }}{% endfor %} answer"


def rows(n: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Claims whose label one word of the evidence gives away; each thing is a document."""
    draw = random.Random(seed)
    made = []
    for i in range(n):
        thing, effect, label = draw.choice(THINGS), draw.choice(EFFECTS), list(FORMS)[i % 3]
        evidence = "in our trial " + FORMS[label].format(t=thing, e=effect)
        claim = f"{thing} raises {effect} ."
        made.append({"claim": claim, "evidence": evidence, "label": str(label), "doc_id": f"paper {thing}"})
    return made


def write_rows(path: Path, made: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in made), encoding="utf-8")
    return path


def _tokenizer(**special: str) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = [*WORDS, *THINGS, *EFFECTS]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if "cls_token" in special:
        ids = [("[CLS]", words.index("[CLS]")), ("[SEP]", words.index("[SEP]"))]
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ids
        )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", **special)


def tiny_bert(folder: Path, *, seed: int = 0) -> Path:
    """A BERT of two layers and 16 dimensions, saved like a model of the hub."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(WORDS) + len(THINGS) + len(EFFECTS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=64,
        initializer_range=0.3,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    _tokenizer(cls_token="[CLS]", sep_token="[SEP]").save_pretrained(folder)
    return folder


def tiny_qwen(folder: Path) -> Path:
    """A Qwen3 of two layers with a chat template, saved like a model of the hub."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=len(WORDS) + len(THINGS) + len(EFFECTS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8, intermediate_size=32, max_position_embeddings=128, bos_token_id=2,
        eos_token_id=3, pad_token_id=0, initializer_range=0.3,
    )  # fmt: skip
    Qwen3ForCausalLM(config).save_pretrained(folder)
    tokenizer = _tokenizer(eos_token="[SEP]")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    return folder
