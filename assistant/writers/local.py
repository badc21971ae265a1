"""A language model of transformers in this process, with LoRA adapters: loaded, held to a schema, stopped, replayable.

Decoding is greedy: the same messages give the same bytes on the same machine. Weights come from safetensors only and
no code of a model's folder is ever run. Knows nothing of what is asked.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from jinja2 import TemplateError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    GenerationConfig,
    StoppingCriteria,
)
from transformers.generation.streamers import BaseStreamer

from assistant.config import CHAT_TEMPLATES
from assistant.encoders import find_device
from assistant.errors import ContextTooLong, ModelError, UsageError
from assistant.finetune import adapters, lora
from assistant.finetune.bases import find_base, first_line, quiet_transformers
from assistant.writers import fit, grammar
from assistant.writers.pieces import Put, from_thread, without_thoughts
from assistant.writers.prefix import PrefixCache
from assistant.writers.prompt import CONTEXT_TOKENS, plain, shielded, without_system
from assistant.writing import Message

HASHED = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
"""Files beside the weights that change what is written."""
DIGITS = 16

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LocalAdapter:
    """An adapter's folder and the hash of its files; `""` for the base alone."""

    folder: Path
    sha256: str


def load_local(
    name: str,
    *,
    adapter: str | None = None,
    device: str = "auto",
    four_bit: bool = False,
    context_tokens: int = 0,
    chat_template: str = "model",
) -> LocalWriter:
    """The model `name` (a folder, or one of the hub) ready to write.

    Raises UsageError for options that cannot be, ModelError where the model is missing, does not fit, has no
    safetensors, wants to run code, or has no chat template (unless `chat_template` is "plain"), and for an adapter
    of another base.
    """
    if chat_template not in CHAT_TEMPLATES:
        raise UsageError(f"chat_template is {chat_template!r}; choose one of {', '.join(CHAT_TEMPLATES)}")
    model = LocalModel(
        name, device=find_device(device), four_bit=four_bit, context_tokens=context_tokens,
        own_template=chat_template == "model",
    )  # fmt: skip
    return LocalWriter(model, None).with_adapter(adapter)


class LocalWriter:
    """A local model with one of its adapters, or none. Writers of one model share it and take turns."""

    def __init__(self, model: LocalModel, adapter: LocalAdapter | None) -> None:
        self._model, self._adapter = model, adapter

    @property
    def id(self) -> str:
        return f"{self._model.id}+adapter@{self._adapter.sha256[:DIGITS]}" if self._adapter else self._model.id

    @property
    def context_tokens(self) -> int:
        return self._model.context_tokens

    def count_tokens(self, text: str) -> int:
        return len(self._model.tokenizer.encode(text, add_special_tokens=False))

    def with_adapter(self, adapter: str | None) -> LocalWriter:
        """The same model with another adapter (a folder, or a name on the shelf), or with None."""
        return LocalWriter(self._model, None if adapter is None else self._model.add_adapter(adapter))

    def stream(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        stop = threading.Event()
        inputs = self._model.encode(messages, max_tokens)
        work = partial(
            self._model.write, inputs, schema=schema, max_tokens=max_tokens, adapter=self._adapter, stop=stop
        )
        yield from without_thoughts(from_thread(work, stop=stop.set, cancel=cancel))


class LocalModel:
    """The base, its tokenizer, its adapters and the cache of the last prompt."""

    def __init__(self, name: str, *, device: str, four_bit: bool, context_tokens: int, own_template: bool) -> None:
        self.base = find_base(name)
        self._device = device
        self._lock = threading.Lock()
        self._prefix = PrefixCache()
        self._own_template = own_template
        quantization = _four_bit(device) if four_bit else None
        try:
            with quiet_transformers():
                config = AutoConfig.from_pretrained(self.base.folder, trust_remote_code=False)
                self.tokenizer: Any = AutoTokenizer.from_pretrained(self.base.folder, trust_remote_code=False)
                self._check_template()
                window = _window(config)
                self.context_tokens = min(window, context_tokens or CONTEXT_TOKENS)
                dtype = _dtype(device)
                self._check_fit(config, dtype, four_bit)
                self._model = _load(self.base.folder, config, device, dtype, quantization)
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise _unloadable(self.base.name, error) from error
        self._model.eval()
        self._encodes = bool(getattr(config, "is_encoder_decoder", False))
        self._stops = _stops(self._model, self.tokenizer)
        self._special = [str(t) for t in self.tokenizer.added_tokens_decoder.values() if t.special]
        self._model.generation_config = _greedy(self._model, self.tokenizer, self._stops)
        shown = self.base.folder.name if Path(name).exists() else name
        kind = "4-bit" if four_bit else str(dtype).removeprefix("torch.")
        self.id = f"hf:{shown}@{_identity(self.base.folder, self.base.sha256)[:DIGITS]}/{kind}"

    def encode(self, messages: Sequence[Message], max_tokens: int) -> Any:
        """Messages -> {"input_ids", "attention_mask"}, (1, n) each. ContextTooLong where no room is left."""
        clean = shielded(messages, self._special)
        inputs = self._templated(clean) if self._own_template else self.tokenizer(plain(clean), return_tensors="pt")
        length = int(inputs["input_ids"].shape[1])
        needed = max(length, max_tokens) if self._encodes else length + max_tokens
        if needed > self.context_tokens:
            raise ContextTooLong(
                f"{length} tokens to read and {max_tokens} to write exceed the window of {self.context_tokens} tokens "
                f"of {self.base.name}; give it fewer passages or set a larger context_tokens",
                tokens=needed, window=self.context_tokens,
            )  # fmt: skip
        return {n: inputs[n].to(self._model.device) for n in ("input_ids", "attention_mask")}

    def _templated(self, messages: Sequence[Message]) -> Any:
        apply = partial(
            self.tokenizer.apply_chat_template, add_generation_prompt=True, tokenize=True, return_dict=True,
            return_tensors="pt", enable_thinking=False,
        )  # fmt: skip
        try:
            try:
                return apply([asdict(m) for m in messages])
            except TemplateError:
                return apply([asdict(m) for m in without_system(messages)])
        except (TemplateError, ValueError, TypeError) as error:
            raise ModelError(f"the chat template of {self.base.name} fails: {first_line(error)}") from error

    def write(
        self,
        inputs: Mapping[str, torch.Tensor],
        put: Put,
        *,
        schema: Mapping[str, Any] | None,
        max_tokens: int,
        adapter: LocalAdapter | None,
        stop: threading.Event,
    ) -> None:
        """Put the reply piece by piece; ends at `max_tokens`, the model's own end, or soon after `stop` is set."""
        name = adapter.sha256 if adapter else None
        try:
            with self._lock, torch.inference_mode(), lora.adapter_in_use(self._model, name):
                if stop.is_set():
                    return
                self._model.generate(
                    **inputs, **self._processors(schema, inputs), **self._cache(inputs, name or "", stop),
                    max_new_tokens=max_tokens,
                    stopping_criteria=[_Stop(stop)],
                    streamer=_Pieces(self.tokenizer, put),
                )  # fmt: skip
        except RuntimeError as error:  # out of memory is one of these
            raise ModelError(f"{self.base.name} failed while writing: {first_line(error)}") from error

    def _processors(self, schema: Mapping[str, Any] | None, inputs: Mapping[str, torch.Tensor]) -> dict[str, Any]:
        if schema is None or self._words is None:
            return {}
        start = 1 if self._encodes else inputs["input_ids"].shape[1]
        return {"logits_processor": [grammar.SchemaProcessor(self._words, schema, prompt=start)]}

    def _cache(self, inputs: Mapping[str, torch.Tensor], key: str, stop: threading.Event) -> dict[str, Any]:
        peft_config = getattr(self._model, "peft_config", {}).get(key)
        if self._encodes or (peft_config is not None and peft_config.is_prompt_learning):
            return {}
        cache = self._prefix.fill(self._model, inputs["input_ids"], key=key, stopped=stop.is_set)
        return {} if cache is None else {"past_key_values": cache}

    @cached_property
    def _words(self) -> Any:
        return grammar.vocabulary(self.tokenizer, self._stops)

    def add_adapter(self, name: str) -> LocalAdapter:
        """Put one more adapter on the model. ModelError where there is none, or it belongs to another base."""
        folder = _adapter_folder(name)
        _check_adapter(folder, self.base.name, self.base.sha256)
        adapter = LocalAdapter(folder, _adapter_hash(folder))
        with self._lock:
            if adapter.sha256 not in getattr(self._model, "peft_config", {}):
                self._model = lora.add_adapter(self._model, folder, adapter.sha256).eval()
        return adapter

    def _check_template(self) -> None:
        if self._own_template and not self.tokenizer.chat_template:
            raise ModelError(
                f"{self.base.name} has no chat template: it continues text rather than answers. Use a model tuned for "
                'chat (often called -Instruct or -it), or set chat_template = "plain" where it was tuned without one'
            )

    def _check_fit(self, config: Any, dtype: torch.dtype, four_bit: bool) -> None:
        size = dtype.itemsize
        need = fit.needed(
            self.base.folder, config, weight_bytes=size, four_bit=four_bit, context_tokens=self.context_tokens,
            device=self._device,
        )  # fmt: skip
        kind = "4 bits" if four_bit else str(dtype).removeprefix("torch.")
        fit.check_fit(
            self.base.name, need, fit.free_bytes(self._device), device=self._device, kind=kind, weight_bytes=size,
            four_bit=four_bit,
        )  # fmt: skip


class _Stop(StoppingCriteria):
    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        return torch.full((input_ids.shape[0],), self._stop.is_set(), dtype=torch.bool, device=input_ids.device)


class _Pieces(BaseStreamer):
    """Tokens -> text as it grows. Each token is decoded with those of the last piece before it, because its text may
    depend on them; half a character waits for its other bytes."""

    def __init__(self, tokenizer: Any, put: Put) -> None:
        self._decode = partial(tokenizer.decode, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        self._put = put
        self._ids: list[int] = []
        self._before, self._shown = 0, 0
        self._prompt = True

    def put(self, value: torch.Tensor) -> None:
        if self._prompt:
            self._prompt = False
            return
        self._ids += value.flatten().tolist()
        self._show(last=False)

    def end(self) -> None:
        self._show(last=True)

    def _show(self, *, last: bool) -> None:
        known = self._decode(self._ids[self._before : self._shown])
        text = self._decode(self._ids[self._before :])
        if len(text) > len(known) and (last or not text.endswith("\ufffd")):
            self._put(text[len(known) :])
            self._before, self._shown = self._shown, len(self._ids)


def _load(folder: Path, config: Any, device: str, dtype: torch.dtype, quantization: Any) -> Any:
    factory: Any = AutoModelForSeq2SeqLM if getattr(config, "is_encoder_decoder", False) else AutoModelForCausalLM
    options: dict[str, Any] = {} if quantization is None else {"quantization_config": quantization}
    if device == "cuda":
        options["device_map"] = "auto" if torch.cuda.device_count() > 1 else {"": 0}
    model = factory.from_pretrained(
        folder, config=config, dtype=dtype, attn_implementation="sdpa", use_safetensors=True, trust_remote_code=False,
        **options,
    )  # fmt: skip
    if set(map(str, getattr(model, "hf_device_map", {}).values())) & {"cpu", "disk"}:
        raise ModelError(f"{folder.name} does not fit on the GPUs; use a smaller model, four_bit, or a server")
    return model if device == "cuda" else model.to(device)


def _dtype(device: str) -> torch.dtype:
    """bf16 on a GPU that has it; on a CPU float32, where bf16 would be slow."""
    if device == "cpu":
        return torch.float32
    return torch.bfloat16 if device == "cuda" and torch.cuda.is_bf16_supported() else torch.float16


def _four_bit(device: str) -> Any:
    import transformers

    if device != "cuda":
        raise UsageError(f"four_bit needs a GPU, and the model is to run on {device}; leave it out")
    if find_spec("bitsandbytes") is None:
        raise UsageError("four_bit needs the package bitsandbytes; `pip install bitsandbytes`, or leave it out")
    config: Any = transformers.BitsAndBytesConfig
    return config(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16)


def _window(config: Any) -> int:
    """Tokens the model was made for; without end (T5) where the config does not tell."""
    return int(getattr(config.get_text_config(), "max_position_embeddings", None) or 1 << 30)


def _stops(model: Any, tokenizer: Any) -> list[int]:
    given = model.generation_config.eos_token_id
    ids = [*(given if isinstance(given, list) else [given]), tokenizer.eos_token_id]
    return sorted({i for i in ids if i is not None})


def _greedy(model: Any, tokenizer: Any, stops: list[int]) -> Any:
    """Greedy and nothing else: a model's own settings (sampling, penalties) would fill what is left open."""
    own = model.generation_config
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else (stops or [0])[0]
    config: Any = GenerationConfig
    return config(
        do_sample=False, eos_token_id=stops or None, pad_token_id=pad, bos_token_id=own.bos_token_id,
        decoder_start_token_id=own.decoder_start_token_id,
    )  # fmt: skip


def _identity(folder: Path, weights: str) -> str:
    digest = hashlib.sha256(weights.encode())
    for path in (folder / name for name in HASHED):
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def _unloadable(name: str, error: Exception) -> ModelError:
    if "trust_remote_code" in str(error):
        return ModelError(f"{name} wants to run code of its own, which is never done; use another model")
    return ModelError(f"{name} cannot be loaded as a writer: {first_line(error)}")


def _adapter_folder(name: str) -> Path:
    on_shelf = adapters.shelf() / name
    folder = on_shelf if not Path(name).is_dir() and on_shelf.is_dir() else Path(name).expanduser()
    if not (folder / lora.CONFIG).is_file() or not (folder / lora.WEIGHTS).is_file():
        raise ModelError(f"{name} is no adapter (it needs {lora.CONFIG} and {lora.WEIGHTS}); check the path")
    return folder


def _check_adapter(folder: Path, base: str, sha256: str) -> None:
    """ModelError for one of another base, as far as its folder tells."""
    try:
        described = _read(folder / adapters.DESCRIPTION)
        config = _read(folder / lora.CONFIG)
    except ValueError as error:
        raise ModelError(f"the adapter {folder} is damaged ({first_line(error)}); fetch it again") from error
    wanted, named = described.get("base_sha256"), config.get("base_model_name_or_path")
    if wanted and wanted != sha256:
        raise ModelError(
            f"the adapter {folder} belongs to the base {described.get('base')} with weights {str(wanted)[:12]}…, but "
            f"those of {base} are {sha256[:12]}…; use that base, or train the adapter anew on this one"
        )
    if described.get("head") == "classifier" or config.get("task_type") in ("SEQ_CLS", "TOKEN_CLS"):
        raise ModelError(f"the adapter {folder} judges claims and cannot write; use one trained with --task reasoning")
    if not wanted and named and Path(str(named)).name != Path(base).name:
        log.warning("the adapter %s says it was trained on %s; its weights fit %s, too", folder, named, base)


def _read(path: Path) -> dict[str, Any]:
    """A JSON object; {} where there is no such file. ValueError for anything else."""
    if not path.is_file():
        return {}
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise ValueError(f"{path.name} holds no object")
    return value


def _adapter_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in (lora.CONFIG, lora.WEIGHTS):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()
