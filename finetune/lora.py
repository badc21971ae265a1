"""Adapters on a model: attach, save, load, merge; LoRA and its kin. The owner of peft.

Knows torch modules and files of weights; no text, no data, no training loop.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from assistant.errors import ModelError, UsageError
from assistant.finetune.recipe import Recipe

METHODS = ("lora", "dora", "rslora", "adalora", "prefix", "ia3", "full")
MERGEABLE = ("lora", "dora", "rslora", "adalora", "ia3", "full")
PREFIX_TOKENS = 20
WEIGHTS, WHOLE = "adapter_model.safetensors", "model.safetensors"
CONFIG = "adapter_config.json"

_BERT = ("query", "key", "value", "output.dense", "intermediate.dense")
_LLAMA = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
TARGETS = {
    "bert": _BERT,
    "roberta": _BERT,
    "xlm-roberta": _BERT,
    "electra": _BERT,
    "deberta-v2": ("query_proj", "key_proj", "value_proj", "output.dense", "intermediate.dense"),
    "distilbert": ("q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"),
    **dict.fromkeys(("t5", "mt5"), ("q", "k", "v", "o", "wi", "wi_0", "wi_1", "wo")),
    **dict.fromkeys(("llama", "qwen2", "qwen3", "mistral", "gemma", "gemma2", "gemma3_text", "smollm3"), _LLAMA),
}
"""Architecture -> linear layers that get an adapter: all of a block, which matches full tuning best (Biderman et al.
2024, arXiv:2405.09673; Schulman 2025). Other architectures: every linear layer."""
HEADS = {
    "bert": ("classifier", "pooler.dense"),
    "deberta-v2": ("classifier", "pooler.dense"),
    "distilbert": ("classifier",),
}
"""Layers outside the blocks that are trained and saved whole; the pooler of MiniLM was never trained."""


def attach(
    model: Any,
    *,
    method: str,
    rank: int,
    alpha: int,
    dropout: float,
    targets: Sequence[str],
    classifies: bool,
    steps: int,
) -> Any:
    """The model with a fresh adapter: only that and the head are trainable ("full": all is).

    `classifies`: it has a classification head; else it is a language model. `steps` are those of the whole training,
    which AdaLoRA plans by. Raises UsageError for an unknown method or targets that are not in the model.
    """
    if method not in METHODS:
        raise UsageError(f"method is {method!r}; choose one of {', '.join(METHODS)}")
    if method == "full":
        return model
    import peft

    config = _config(peft, model, method, rank, alpha, dropout, targets, classifies, steps)
    try:
        with _quiet():
            return peft.get_peft_model(model, config)
    except ValueError as error:
        raise UsageError(f"{method} cannot be attached: {str(error).splitlines()[0]}") from error


def _config(
    peft: Any,
    model: Any,
    method: str,
    rank: int,
    alpha: int,
    dropout: float,
    targets: Sequence[str],
    classifies: bool,
    steps: int,
) -> Any:
    kind = str(model.config.model_type)
    task = "SEQ_CLS" if classifies else _writes_as(model)
    if method == "prefix":
        return peft.PrefixTuningConfig(task_type=task, num_virtual_tokens=PREFIX_TOKENS)
    common: dict[str, Any] = {
        "task_type": task,
        "target_modules": list(targets or TARGETS.get(kind, ())) or "all-linear",
        "modules_to_save": list(HEADS.get(kind, ("classifier", "score"))) if classifies else None,
    }
    if method == "ia3":
        return peft.IA3Config(**common | _ia3_targets(kind, targets))
    common |= {"lora_alpha": alpha, "lora_dropout": dropout}
    if method == "adalora":
        # Budget from 1.5 times the rank down to it between a tenth and half of the run.
        warm, final = max(1, steps // 10), max(1, steps // 2)
        plan = {"init_r": max(rank + 1, rank * 3 // 2), "target_r": rank, "tinit": warm, "tfinal": final}
        return peft.AdaLoraConfig(**common, **plan, deltaT=max(1, steps // 50), total_step=max(steps, warm + final + 1))
    return peft.LoraConfig(**common, r=rank, use_dora=method == "dora", use_rslora=method == "rslora")


def _writes_as(model: Any) -> str:
    """peft's name for what a model without a classification head does; one without any head gives its states."""
    if model.get_output_embeddings() is None:
        return "FEATURE_EXTRACTION"
    return "SEQ_2_SEQ_LM" if model.config.is_encoder_decoder else "CAUSAL_LM"


def _ia3_targets(kind: str, targets: Sequence[str]) -> dict[str, Any]:
    names = tuple(targets or TARGETS.get(kind, ()))
    wanted = [n for n in names if n.startswith(("k", "v")) or n in ("output.dense", "down_proj", "lin2", "wo")]
    if not wanted:
        raise UsageError(f"ia3 has no defaults for {kind}; name key, value and output layers with --targets")
    return {"target_modules": wanted, "feedforward_modules": [n for n in wanted if not n.startswith(("k", "v"))]}


def choices(recipe: Recipe) -> dict[str, Any]:
    """What a recipe says about the adapter: arguments of `attach`."""
    return {
        "method": recipe.method, "rank": recipe.rank, "alpha": recipe.scale, "dropout": recipe.dropout,
        "targets": recipe.targets,
    }  # fmt: skip


def checkpoint_gradients(model: Any) -> None:
    """Keep no activations of the blocks in training; they are worked out again on the way back."""
    if not getattr(model, "supports_gradient_checkpointing", True):
        raise UsageError(f"{model.config.model_type} cannot work activations out again; leave it out")
    # Without re-entrance the embeddings need no gradients, and several processes find every weight used once.
    how = {"use_reentrant": False}
    if hasattr(model, "activation_checkpointing_enable"):  # its name since transformers 5.23
        model.activation_checkpointing_enable(activation_checkpointing_kwargs=how)
    else:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=how)


def after_step(model: Any, step: int) -> None:
    """What a method does between the optimiser's step and zeroing the gradients: AdaLoRA moves its budget."""
    tuner: Any = getattr(model, "base_model", None)
    if hasattr(tuner, "update_and_allocate"):
        tuner.update_and_allocate(step)


def penalty(model: Any) -> torch.Tensor | float:
    """What a method adds to the loss: AdaLoRA keeps its factors orthogonal (Zhang et al. 2023, arXiv:2303.10512)."""
    if not hasattr(getattr(model, "base_model", None), "update_and_allocate"):
        return 0.0
    gaps = []
    for name, p in model.named_parameters():
        if "lora_A" in name or "lora_B" in name:
            square = p @ p.T if "lora_A" in name else p.T @ p
            gaps.append(torch.linalg.matrix_norm(square - torch.eye(len(square), device=p.device)))
    weight: float = model.peft_config["default"].orth_reg_weight
    return weight * torch.stack(gaps).mean()


def trainable(model: Any) -> dict[str, torch.nn.Parameter]:
    """Name -> parameter of everything that is being trained."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def save_adapter(model: Any, folder: Path) -> None:
    """Write adapter and head (or, after full tuning, all weights) as safetensors. OSError where the disk is full."""
    folder.mkdir(parents=True, exist_ok=True)
    if not hasattr(model, "peft_config"):
        _write(folder / WHOLE, {n: t for n, t in model.state_dict().items() if n not in _tied(model)})
        return
    import peft

    with _quiet():
        _write(folder / WEIGHTS, peft.get_peft_model_state_dict(model))
    config = model.peft_config["default"].to_dict()
    config["inference_mode"] = True
    config["base_model_name_or_path"] = None  # a path of this machine; assistant.json names the base and its hash
    text = json.dumps(config, indent=2, sort_keys=True, default=_plain)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")


def load_adapter(model: Any, folder: Path, *, trainable: bool = False, name: str = "default") -> Any:
    """The base `model` with the adapter of `folder` on it. ModelError where the files are missing or do not fit."""
    try:
        if (folder / WHOLE).is_file():
            missing, unexpected = model.load_state_dict(safetensors.torch.load_file(folder / WHOLE), strict=False)
            if unexpected or set(missing) - set(_tied(model)):
                raise ModelError(f"{folder / WHOLE} does not fit the base model; it belongs to another one")
            return model
        import peft

        with _quiet():
            return peft.PeftModel.from_pretrained(model, str(folder), adapter_name=name, is_trainable=trainable)
    except ModelError:
        raise
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise _unfit(folder, error) from error


def _unfit(folder: Path, error: Exception) -> ModelError:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return ModelError(f"the adapter in {folder} cannot be loaded on this base ({first})")


def add_adapter(model: Any, folder: Path, name: str) -> Any:
    """The model with one more adapter, called `name`, beside those it has. ModelError where it does not fit."""
    if not hasattr(model, "peft_config"):
        return load_adapter(model, folder, name=name)
    try:
        with _quiet():
            model.load_adapter(str(folder), name)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise _unfit(folder, error) from error
    return model


@contextmanager
def adapter_in_use(model: Any, name: str | None) -> Iterator[None]:
    """Within it the model is the base with the adapter `name` alone (None: the base)."""
    if not hasattr(model, "peft_config"):
        yield
        return
    if name is None:
        with model.disable_adapter():
            yield
        return
    with _quiet():
        model.set_adapter(name, inference_mode=True)
    yield


def merge(model: Any) -> Any:
    """The base with the adapter folded into its weights. UsageError for a method that cannot be folded in."""
    if not hasattr(model, "peft_config"):
        return model
    if not hasattr(model, "merge_and_unload") or model.peft_config["default"].is_prompt_learning:
        raise UsageError("a prefix is no change of weights and cannot be merged; use the adapter as it is")
    return model.merge_and_unload()


def _write(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    data = safetensors.torch.save({n: t.detach().cpu().contiguous() for n, t in tensors.items()})
    path.write_bytes(data)


def _tied(model: Any) -> set[str]:
    keys = getattr(model, "_tied_weights_keys", None) or ()
    return (
        {k for k in keys if k in model.state_dict()} if getattr(model.config, "tie_word_embeddings", False) else set()
    )


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, set) else str(getattr(value, "value", value))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without peft's warnings about transformers' renaming, and about targets being named for it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
        warnings.filterwarnings("ignore", category=UserWarning, module="peft")
        # AdaLoRA's budget names weights, not layers; peft's check of names takes it for LoRA's.
        warnings.filterwarnings("ignore", message=".*rank_pattern keys did not match.*", category=RuntimeWarning)
        yield
