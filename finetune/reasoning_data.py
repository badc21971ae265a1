"""Files of reasoning over evidence -> rows to learn from, each checked as a reply of a model is.

Reads JSON lines (also gzipped); knows no model and no training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from assistant.finetune.data import BadRow, file_rows, label_map, read_label, text_digest
from assistant.finetune.reasoning_format import BadChain, Chain, make_chain, plain
from assistant.types import Label


@dataclass(frozen=True, slots=True)
class Example:
    """A question or claim, the evidence shown, the steps to learn. `doc_id` groups rows; `where` is file:line."""

    question: str
    evidence: tuple[str, ...]
    chain: Chain
    doc_id: str
    where: str = ""

    @property
    def claim(self) -> str:
        """What is said or asked, as `data.find_leaks` compares it."""
        return self.question


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file held. `bad` names each skipped row and why; it is empty unless skipping was asked for."""

    examples: list[Example]
    bad: list[str]


def read_rows(path: Path, *, labels: Mapping[str, str] | None = None, skip_bad: bool = False) -> Reading:
    """The rows of a JSONL file: `question` or `claim`, `evidence` (texts), `steps`, `conclusion`, `label`, `doc_id`.

    `labels` maps further spellings to the three. Raises UsageError for a missing or unreadable file and, unless
    `skip_bad`, for the first bad row, by file and line: no steps, evidence that is not there, an invented quote.
    """
    if ".jsonl" not in path.suffixes[-2:]:
        raise UsageError(f"{path}: rows of reasoning are JSON lines; give a .jsonl file (also with .gz)")
    known = label_map(labels or {})
    examples: list[Example] = []
    bad: list[str] = []
    for number, row in file_rows(path):
        where = f"{path}:{number}"
        try:
            examples.append(_example(row, where, known))
        except (BadRow, BadChain) as error:
            if not skip_bad:
                raise UsageError(f"{where}: {error}; mend the row, or skip such rows with --skip-bad") from error
            bad.append(f"{where}: {error}")
    return Reading(examples, bad)


def _example(row: dict[str, Any] | BadRow, where: str, labels: Mapping[str, Label]) -> Example:
    if isinstance(row, BadRow):
        raise row
    question = next((row[n] for n in ("question", "claim") if isinstance(row.get(n), str) and row[n].strip()), None)
    if question is None:
        raise BadRow("has no question and no claim")
    evidence = row.get("evidence")
    if not isinstance(evidence, list) or not evidence or not all(isinstance(e, str) and e.strip() for e in evidence):
        raise BadRow("has no evidence (a list of texts)")
    texts = tuple(plain(e) for e in evidence)
    label = None if row.get("label") is None else read_label(row["label"], labels)
    chain = make_chain(row.get("steps"), row.get("conclusion"), label, texts)
    doc_id = "" if row.get("doc_id") is None else str(row["doc_id"]).strip()
    return Example(plain(question), texts, chain, doc_id or "text:" + text_digest("\n".join(sorted(texts))), where)
