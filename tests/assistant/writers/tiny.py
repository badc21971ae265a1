"""A causal model of two layers that reads bytes, made in a second: any text, any JSON, a chat template of ChatML."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

SPECIAL = ["<pad>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + TEMPLATE
WINDOW = 2048


def byte_tokenizer(template: str | None = TEMPLATE) -> Any:
    """One token for each byte, and the three special ones."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({c: i for i, c in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t, special=True) for t in SPECIAL])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<|im_end|>", additional_special_tokens=SPECIAL[1:2]
    )
    fast.model_input_names = ["input_ids", "attention_mask"]
    fast.chat_template = template
    return fast


def byte_model(folder: Path, *, seed: int = 0, template: str | None = TEMPLATE, **changes: Any) -> Path:
    """A Qwen3 over bytes with random weights, saved like a model of the hub. Its own settings ask for sampling."""
    import torch
    from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

    tokenizer = byte_tokenizer(template)
    torch.manual_seed(seed)
    config = Qwen3Config(
        **{
            "vocab_size": len(tokenizer), "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "num_key_value_heads": 1, "head_dim": 16, "intermediate_size": 64, "max_position_embeddings": WINDOW,
            "bos_token_id": None, "eos_token_id": 258, "pad_token_id": 256, "initializer_range": 0.3,
        } | changes,
    )  # fmt: skip
    model = Qwen3ForCausalLM(config)
    model.generation_config = GenerationConfig(
        do_sample=True, temperature=1.5, repetition_penalty=1.3, eos_token_id=258, pad_token_id=256
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def byte_adapter(base: Path, folder: Path, *, seed: int = 1, named: str | None = None) -> Path:
    """A LoRA adapter with weights that change what the model writes."""
    import peft
    import torch
    from transformers import AutoModelForCausalLM

    from assistant.finetune import lora

    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_pretrained(base)
    config = peft.LoraConfig(task_type="CAUSAL_LM", r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    with warnings.catch_warnings():
        # peft asks for an attribute whose name transformers is about to change.
        warnings.simplefilter("ignore", FutureWarning)
        lora.save_adapter(peft.get_peft_model(model, config), folder)
    return folder
