"""One language model in memory, several adapters on it: one to judge claims, one to reason, each in its turn.

Knows bases and adapters; not what the texts are about. Not for several threads at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.errors import UsageError
from assistant.finetune import adapters, lora
from assistant.finetune.adapters import Adapter
from assistant.finetune.classifier import score
from assistant.finetune.pairs import Pair, PairModel
from assistant.finetune.reasoner import load_text_model
from assistant.finetune.reasoning_data import Example
from assistant.finetune.verifier import Floats, Verifier


class SharedBase:
    """A base and its adapters by name. Each gives what it gives alone, whichever was used before."""

    def __init__(self, base: str, *, device: str = "auto", four_bit: bool = False) -> None:
        self._writer = load_text_model(base, device=device, four_bit=four_bit)
        self._adapters: dict[str, Adapter] = {}

    @property
    def names(self) -> list[str]:
        return list(self._adapters)

    def add(self, name: str, adapter: Path | str) -> Adapter:
        """Put one more adapter (a folder, or a name on the shelf) beside the others.

        Raises ModelError for one that is damaged or belongs to another base, UsageError for one that changes the base
        itself (method full), has a head of its own, or for a name that is taken.
        """
        found = adapters.find_adapter(adapter, task=None)
        adapters.check_base(found, self._writer.base.sha256)
        if name in self._adapters:
            raise UsageError(f"there is an adapter called {name} on this base already; choose another name")
        if found.description.method == "full" or found.description.head == "classifier":
            raise UsageError(f"{found.folder} changes the base or has a head of its own; it cannot share the base")
        self._writer.model = lora.add_adapter(self._writer.model, found.folder, name)
        self._adapters[name] = found
        return found

    def verifier(self, name: str) -> Verifier:
        """What judges pairs with the adapter of that name."""
        found = self._find(name, adapters.TASK)
        return Verifier(found, _Scorer(self, name))

    def write(self, name: str | None, examples: Sequence[Example], most: int) -> list[str]:
        """Replies to the rows, with the adapter of that name; None: the base alone."""
        if name is not None:
            self._find(name, adapters.REASONING)
        with lora.adapter_in_use(self._writer.model, name):
            return self._writer.write(examples, most)

    def logits(self, name: str, pairs: Sequence[Pair]) -> Floats:
        """(n, 3) of (claim, evidence) pairs, before calibration, with the adapter of that name."""
        found, writer = self._find(name, adapters.TASK), self._writer
        model = PairModel(
            writer.base, writer.model, writer.tokenizer, head="words", max_tokens=found.description.max_tokens,
            device=writer.device,
        )  # fmt: skip
        with lora.adapter_in_use(writer.model, name):
            return score(model, model.encode(pairs)).astype(np.float32)

    def _find(self, name: str, task: str) -> Adapter:
        found = self._adapters.get(name)
        if found is None or found.description.task != task:
            known = ", ".join(n for n, a in self._adapters.items() if a.description.task == task) or "none"
            raise UsageError(f"no adapter called {name} can {adapters.TASKS[task]} here; there are: {known}")
        return found


class _Scorer:
    """A `verifier.Scorer` on the shared base."""

    def __init__(self, shared: SharedBase, name: str) -> None:
        self._shared, self._name = shared, name

    def logits(self, pairs: Sequence[Pair]) -> Floats:
        return self._shared.logits(self._name, pairs)
