"""A language model that writes reasoning: rows -> token ids -> loss on what is to be written; prompts -> text.

Causal (Qwen3, Llama) and sequence-to-sequence models (T5). Knows tokenizers and torch; no files of rows, no report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import exp
from pathlib import Path
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from assistant.encoders import batches, encodable, find_device
from assistant.errors import ModelError
from assistant.finetune import adapters, lora
from assistant.finetune.bases import Base, find_base, first_line, four_bit_config, quiet_transformers, set_dropout
from assistant.finetune.reasoning_data import Example
from assistant.finetune.reasoning_format import prompt, write_chain

IGNORED = -100
"""Label of tokens that are read, not written; they have no loss."""
CHUNK_TOKENS = 1024
"""Tokens whose scores over the vocabulary are held at once: 0.6 GB in float32 for the 152,000 words of Qwen3."""
TIE = 1e-3
"""Weight of the held-back tokens' mean probability in a look: it decides while nothing valid is written yet."""
SPARE_TOKENS = 16
"""A model may write this much more than the longest chain it learned."""
Row = dict[str, list[int]]


class TextModel:
    """A model that writes. `model` may be replaced by itself with an adapter on it; in training `trained` is called
    instead, where it is set (several processes wrap it)."""

    def __init__(self, base: Base, model: Any, tokenizer: Any, *, max_tokens: int, device: str) -> None:
        self.base, self.model, self.tokenizer = base, model, tokenizer
        self.max_tokens, self.device = max_tokens, device
        self.encodes = bool(model.config.is_encoder_decoder)
        self.trained: Any = None

    def encode(self, examples: Sequence[Example]) -> list[Row]:
        """`input_ids` and `labels` of each row, not cut and not padded; the labels of what is only read are IGNORED."""
        rows = []
        for example in examples:
            shown, written = self.prompt_ids(example), [*self._ids(write_chain(example.chain)), self._end]
            if self.encodes:
                rows.append({"input_ids": shown, "labels": written})
            else:
                rows.append({"input_ids": shown + written, "labels": [IGNORED] * len(shown) + written})
        return rows

    def fits(self, row: Row) -> bool:
        """Whether a row is within the window; of a sequence-to-sequence model what is read and written each is."""
        return max(len(row["input_ids"]), len(row["labels"])) <= self.max_tokens

    def prompt_ids(self, example: Example) -> list[int]:
        """The prompt as the model reads it: by its chat template, where it has one."""
        text = encodable(prompt(example.question, example.evidence))
        if self.encodes or not self.tokenizer.chat_template:
            return self._ids(text + "\n\n") + ([self._end] if self.encodes else [])
        # Qwen3's template takes enable_thinking; templates that do not know it ignore it.
        turn: str = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": text}], tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return self._ids(turn)

    @property
    def _end(self) -> int:
        return int(self.tokenizer.eos_token_id)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(encodable(text), add_special_tokens=False, verbose=False)["input_ids"]
        return ids

    def loss(self, rows: Sequence[Row]) -> torch.Tensor:
        """Summed cross-entropy of all tokens to be written, float32."""
        model = self.trained if self.trained is not None and self.model.training else CompletionLoss(self.model)
        result: torch.Tensor = model(**{k: v.to(self.device) for k, v in self._pad(rows).items()})
        return result

    def _pad(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """Padded at the end."""
        ids = _padded([r["input_ids"] for r in rows], self.tokenizer.pad_token_id)
        mask = _padded([[1] * len(r["input_ids"]) for r in rows], 0)
        return {"input_ids": ids, "attention_mask": mask, "labels": _padded([r["labels"] for r in rows], IGNORED)}

    def write(self, examples: Sequence[Example], most: int) -> list[str]:
        """Greedy replies, in order, of at most `most` tokens each."""
        prompts = [self.prompt_ids(e) for e in examples]
        replies = [""] * len(examples)
        self.model.eval()
        for batch in batches([len(p) for p in prompts]):
            for i, text in zip(batch, self._write_batch([prompts[i] for i in batch], most), strict=True):
                replies[i] = text
        return replies

    def _write_batch(self, prompts: Sequence[list[int]], most: int) -> list[str]:
        """Prompts are padded at the beginning, so that each reply comes next."""
        import transformers

        configuration: Any = transformers.GenerationConfig
        ids = _padded(prompts, self.tokenizer.pad_token_id, left=True).to(self.device)
        mask = _padded([[1] * len(p) for p in prompts], 0, left=True).to(self.device)
        # A configuration of its own: the base's may sample, and must not be mixed in.
        greedy = configuration(
            do_sample=False, max_new_tokens=most, eos_token_id=self._end, pad_token_id=self.tokenizer.pad_token_id,
            decoder_start_token_id=getattr(self.model.config, "decoder_start_token_id", None),
        )  # fmt: skip
        with torch.inference_mode(), _autocast(self.device):
            written = self.model.generate(input_ids=ids, attention_mask=mask, generation_config=greedy)
        new = written if self.encodes else written[:, ids.shape[1] :]
        return [str(t) for t in self.tokenizer.batch_decode(new, skip_special_tokens=True)]


class CompletionLoss(torch.nn.Module):
    """The model as training calls it: a batch -> summed loss. All weights are used inside, as DDP and FSDP need."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self._no_split_modules = getattr(model, "_no_split_modules", None)
        """What FSDP shards by, as it asks a model of transformers."""

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        batch = {"input_ids": input_ids, "attention_mask": attention_mask}
        model, head = self.model, self.model.get_output_embeddings()
        if model.config.is_encoder_decoder:
            batch["decoder_input_ids"] = _shifted(labels, model.config)
        else:
            # What is written at a place is read at the one before.
            labels = torch.nn.functional.pad(labels[:, 1:], (0, 1), value=IGNORED)
        with _autocast(input_ids.device.type):
            with _without_head(head):
                hidden = model(**batch, use_cache=False).logits
            written = labels != IGNORED
            return chunked_cross_entropy(head, hidden[written], labels[written])


def chunked_cross_entropy(head: Any, hidden: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Summed cross-entropy of (n, d) states under the head; scores of CHUNK_TOKENS tokens exist at a time, and are
    worked out again on the way back (Chen et al. 2016, arXiv:1604.06174)."""
    total = hidden.new_zeros((), dtype=torch.float32)
    for start in range(0, len(labels), CHUNK_TOKENS):
        part = slice(start, start + CHUNK_TOKENS)
        total = total + checkpoint(_cross_entropy, head, hidden[part], labels[part], use_reentrant=False)
    return total


def _cross_entropy(head: Any, hidden: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(head(hidden).float(), labels, reduction="sum")


@contextmanager
def _without_head(head: Any) -> Iterator[None]:
    """The model gives what its head would be given, not scores over the vocabulary."""
    head.forward = lambda hidden: hidden
    try:
        yield
    finally:
        del head.forward


def _shifted(labels: torch.Tensor, config: Any) -> torch.Tensor:
    """What a decoder reads: what it wrote, one later, after its start token."""
    filled = labels.masked_fill(labels == IGNORED, config.pad_token_id)
    return torch.nn.functional.pad(filled[:, :-1], (1, 0), value=config.decoder_start_token_id)


def _autocast(device: str) -> torch.autocast:
    return torch.autocast("cuda", torch.bfloat16, enabled=device.startswith("cuda"))


def _padded(rows: Sequence[Sequence[int]], fill: int, *, left: bool = False) -> torch.Tensor:
    longest = max(len(r) for r in rows)
    gaps = [[fill] * (longest - len(r)) for r in rows]
    return torch.tensor([[*g, *r] if left else [*r, *g] for r, g in zip(rows, gaps, strict=True)])


class ReasoningTask:
    """A `loop.Task`: rows to learn, and rows that a look has the model write. `judge` rates what it wrote, 0 to 1."""

    measure = "reasoning"

    def __init__(self, writer: TextModel, train: Sequence[Row], held: Sequence[Row], rate: Callable[[], float]) -> None:
        self.writer, self.rows, self.held, self.rate = writer, train, held, rate
        self.model = writer.model
        self.module = CompletionLoss(writer.model)
        self.lengths = [len(r["input_ids"]) + (len(r["labels"]) if writer.encodes else 0) for r in train]

    def wrap(self, module: Any) -> None:
        self.writer.trained = module

    def weight(self, rows: Sequence[int]) -> float:
        return float(sum(_written(self.rows[i]) for i in rows))

    def loss(self, rows: Sequence[int]) -> torch.Tensor:
        return self.writer.loss([self.rows[i] for i in rows])

    def look(self) -> float:
        self.model.eval()
        return (1 - TIE) * self.rate() + TIE * exp(-mean_loss(self.writer, self.held))


def mean_loss(writer: TextModel, rows: Sequence[Row]) -> float:
    """Cross-entropy for each token to be written, in evaluation mode."""
    writer.model.eval()
    total = 0.0
    with torch.inference_mode():
        for batch in batches([len(r["input_ids"]) for r in rows]):
            total += float(writer.loss([rows[i] for i in batch]))
    return total / max(sum(map(_written, rows)), 1)


def answer_tokens(rows: Sequence[Row]) -> int:
    """Room for a reply: the longest of the rows, and a little."""
    return max(map(_written, rows)) + SPARE_TOKENS


def _written(row: Row) -> int:
    return sum(label != IGNORED for label in row["labels"])


def load_text_model(
    name: str,
    *,
    max_tokens: int = 2048,
    device: str = "auto",
    four_bit: bool = False,
    dropout: float = 0.0,
    adapter: Path | None = None,
) -> TextModel:
    """The base `name` (a folder, a model of the hub) ready to write, with the adapter of a folder on it.

    bf16 and SDPA on a GPU, float32 on a CPU. Raises ModelError for a base that is missing, has no safetensors or is no
    language model, and for an adapter that does not fit it.
    """
    from transformers import AutoConfig, AutoTokenizer

    base, where = find_base(name), find_device(device)
    try:
        with quiet_transformers():
            config = AutoConfig.from_pretrained(base.folder, trust_remote_code=False)
            tokenizer = AutoTokenizer.from_pretrained(base.folder, trust_remote_code=False)
            set_dropout(config, dropout)
            model = _load(base, config, where, four_bit)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise ModelError(f"{name} cannot be loaded as a base that writes: {first_line(error)}") from error
    if tokenizer.eos_token_id is None:
        raise ModelError(f"the tokenizer of {name} has no token that ends a text; use a model that has one")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.config.pad_token_id = tokenizer.pad_token_id
    limit = int(getattr(config, "max_position_embeddings", max_tokens))
    writer = TextModel(base, model, tokenizer, max_tokens=min(max_tokens, limit), device=where)
    if adapter is not None:
        writer.model = lora.load_adapter(writer.model, adapter)
    return writer


def _load(base: Base, config: Any, device: str, four_bit: bool) -> Any:
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    names = list(config.architectures or ())
    if not any(n.endswith(("CausalLM", "LMHeadModel", "ConditionalGeneration")) for n in names):
        raise ModelError(
            f"{base.name} is no language model ({', '.join(names) or 'no architecture named'}), so it cannot write; "
            "name a causal or a sequence-to-sequence model with --base"
        )
    factory: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    options: dict[str, Any] = {"use_safetensors": True, "trust_remote_code": False, "dtype": dtype}
    if not config.is_encoder_decoder:  # T5's biased attention has no SDPA
        options["attn_implementation"] = "sdpa"
    if four_bit:
        options["quantization_config"] = four_bit_config(device)
    model = factory.from_pretrained(base.folder, config=config, **options)
    return model if four_bit else model.to(device)


def load_reasoner(adapter: Path | str, *, device: str = "auto") -> tuple[TextModel, adapters.Adapter]:
    """The model of a trained adapter, by folder or name. ModelError as of `load_text_model`."""
    found = adapters.find_adapter(adapter, adapters.REASONING)
    d = found.description
    writer = load_text_model(d.base, max_tokens=d.max_tokens, device=device)
    adapters.check_base(found, writer.base.sha256)
    writer.model = lora.load_adapter(writer.model, found.folder)
    return writer, found
