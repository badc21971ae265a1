"""The workshop of a library: settings that are kept, work in the background, and the adapters at hand.

What a screen or a script needs beside questions. Knows an `Assistant`; asks and answers nothing itself.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.config import BUILT_IN_EMBEDDER, Settings
from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.api import Assistant
    from assistant.background import Run
    from assistant.machine import Machine
    from assistant.settings_file import Origin
    from assistant.training_runs import Training
    from assistant.writers.trial import Trial


class Workshop:
    """`Assistant.workshop` makes one."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def embed_anew(self, embedder: str = "") -> Run:
        """As `reembed` with another embedder, in the background; the library answers as before until it is done, and
        then with that one. Raises UsageError while one is under way or where an argument or a variable names the
        embedder, ModelError for an embedder that cannot be had."""
        from assistant import reindexing
        from assistant.encoders import load_embedder

        name = embedder or BUILT_IN_EMBEDDER
        load_embedder(name, device=self._assistant.settings.device)  # what cannot be had is refused here
        return reindexing.start(self._assistant.folder, name, self.origins()["embedder"])

    def embedding(self) -> Run | None:
        """The run of `embed_anew` that was started last; None for none."""
        from assistant import reindexing

        return reindexing.last(self._assistant.folder)

    def stop_embedding(self) -> None:
        """Stop the run of `embed_anew`; the library stays as it was."""
        from assistant import background

        if (run := self.embedding()) is not None:
            background.stop(run)

    def origins(self) -> dict[str, Origin]:
        """Where the value of each setting comes from: an argument, a variable, assistant.toml, the default."""
        from assistant.settings_file import origins

        return origins(self._assistant.given)

    def configure(self, **changes: Any) -> Settings:
        """Keep changes in assistant.toml, for the next start too, and return the settings as they are then: hand them
        to `with_settings`. Raises UsageError for a value that cannot be, and for a setting that an argument or a
        variable has fixed; nothing is written then."""
        from assistant import settings_file
        from assistant.writers import check_spec

        settings, origins = replace(self._assistant.settings, **changes), self.origins()
        changes = {n: v for n, v in changes.items() if v != getattr(self._assistant.settings, n)}
        if fixed := next((n for n in changes if origins[n] in settings_file.FIXED), None):
            raise UsageError(f"{fixed} is set by {origins[fixed]}, which wins over what is kept; change it there")
        if "model" in changes or "adapter" in changes:
            check_spec(settings.model, adapter=settings.adapter)
        settings_file.keep(changes)
        return settings

    def try_writer(self, **changes: Any) -> Trial:
        """Whether the model of the settings (with `changes`) loads and answers, within seconds. Raises as `writer`."""
        from assistant.writers.trial import try_writer

        return try_writer(replace(self._assistant.settings, **changes))

    def machine(self) -> Machine:
        """Cores, memory, graphics card and the room on the library's disk."""
        from assistant import machine

        return machine.look(self._assistant.folder)

    def training(self) -> Training:
        """The trainings that run, or ran, in the background beside this library."""
        from assistant.training_runs import Training

        return Training(self._assistant.folder)

    def reviewed_claims(self) -> str:
        """What was reviewed, as rows that a training reads: JSON lines, "" for none."""
        from assistant.history import review

        return (
            review.claims_jsonl(review.items(self._assistant.history(), reviewed=True))
            if self._assistant.exists()
            else ""
        )

    def adapters(self) -> list[dict[str, Any]]:
        """The adapters at hand, as `assistant adapters list --json` gives them."""
        from assistant.finetune import adapters

        active = adapters.active_adapter().name
        return [adapters.summary(a) | {"active": a.name == active} for a in adapters.list_adapters()]

    def adapter_report(self, name: str = "") -> dict[str, Any] | None:
        """The report that lies beside an adapter for claims ("": the one in use), with its reliability; None for
        none."""
        from assistant.finetune import adapters
        from assistant.training_runs import read_report

        return read_report(adapters.find_adapter(name or None).folder)

    def promote(self, adapter: str | Path) -> str:
        """Judge claims with this adapter from now on; returns its name on the shelf. Raises ModelError."""
        from assistant.finetune import adapters

        return self._judged_by(adapters.promote(adapter).name)

    def roll_back(self) -> str:
        """Judge claims again with the adapter before; returns its name. UsageError where there is none."""
        from assistant.finetune import adapters

        return self._judged_by(adapters.roll_back().name)

    def _judged_by(self, name: str) -> str:
        self._assistant.judge_anew()
        return name
