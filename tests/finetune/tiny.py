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


def _chain(thing: str, effect: str) -> dict[str, Any]:
    first = {"evidence": [2], "quote": f"{thing} raises growth", "inference": f"{thing} raises growth ."}
    second = {"evidence": [3, 2], "quote": "growth lowers", "inference": f"{thing} lowers {effect} ."}
    return {
        "question": f"what does {thing} do to {effect} ?",
        "evidence": [f"{thing} was studied .", f"{thing} raises growth .", f"growth lowers {effect} ."],
        "steps": [first | {"type": "causal"}, second | {"type": "conclusion"}],
        "conclusion": f"{thing} lowers {effect} .",
        "label": None,
        "doc_id": f"paper {thing}",
    }


CHAINS = [_chain(thing, effect) for thing, effect in zip(THINGS, (*EFFECTS, "appetite", "mood"), strict=True)]
"""Rows of reasoning, each of a document of its own."""
CHAT = "{% for m in messages %}<user>{{ m['content'] }}</user>{% endfor %}<answer>"


def _text_tokenizer(texts: Sequence[str]) -> Any:
    """Byte-level BPE made of the texts: any JSON can be written with it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1500, special_tokens=["<pad>", "<end>", "<user>", "</user>", "<answer>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>")


def tiny_writer(folder: Path, made: Sequence[dict[str, Any]], *, kind: str = "qwen3", width: int = 64) -> Path:
    """A language model of two layers that can write the rows' JSON: "qwen3", "llama" or "t5"."""
    import torch
    import transformers

    from assistant.finetune.reasoning_format import INSTRUCTION

    tokenizer = _text_tokenizer([INSTRUCTION, *(json.dumps(row, ensure_ascii=False) for row in made)])
    torch.manual_seed(0)
    common = {"vocab_size": len(tokenizer), "eos_token_id": 1, "pad_token_id": 0, "bos_token_id": None}
    if kind == "t5":
        config: Any = transformers.T5Config(
            **common, d_model=width, d_kv=width // 4, d_ff=2 * width, num_layers=2, num_heads=4,
            decoder_start_token_id=0,
        )  # fmt: skip
        transformers.T5ForConditionalGeneration(config).save_pretrained(folder)
    else:
        classes: Any = {
            "qwen3": (transformers.Qwen3Config, transformers.Qwen3ForCausalLM),
            "llama": (transformers.LlamaConfig, transformers.LlamaForCausalLM),
        }
        config = classes[kind][0](
            **common, hidden_size=width, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            head_dim=width // 4, intermediate_size=2 * width, max_position_embeddings=2048, initializer_range=0.3,
        )  # fmt: skip
        classes[kind][1](config).save_pretrained(folder)
        tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(folder)
    return folder
