"""What a reasoning adapter is worth, as JSON, a page and a model card; all from the same numbers.

Knows results and files; no model and no training.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.finetune.adapters import Description, write_json, write_whole
from assistant.finetune.citations import Written
from assistant.finetune.data import Leak
from assistant.finetune.reasoning_format import write_chain
from assistant.finetune.report import CARD, PAGE, REPORT, made_of, markdown, number, opening, table, throughput

WORST = 20
SHOWN = 600
"""Characters of a reply that the report shows."""


def worst(written: Sequence[Written]) -> list[dict[str, str]]:
    """Rows whose reply fails a check, then those whose steps are not the row's; a few, to look at."""
    failed = [w for w in written if w.chain is None]
    other = [w for w in written if w.chain is not None and w.chain.steps != w.example.chain.steps]
    return [
        {
            "question": w.example.question, "where": w.example.where, "why": w.why or "other steps than the row's",
            "wanted": write_chain(w.example.chain)[:SHOWN], "wrote": w.text[:SHOWN],
        }
        for w in [*failed, *other][:WORST]
    ]  # fmt: skip


def summary(result: dict[str, Any]) -> list[list[str]]:
    """The main numbers: name and value, as text."""
    rows = [
        ["rows", str(result["n"])],
        ["reasoning (valid format x citations)", number(result["reasoning"])],
        ["replies of valid format", number(result["valid_format"])],
        [f"citation recall, judged by the {result['judged_by']}", number(result["citation_recall"])],
        [f"citation precision, judged by the {result['judged_by']}", number(result["citation_precision"])],
        ["same steps as the row", number(result["same_steps"])],
        ["same conclusion as the row", number(result["same_conclusion"])],
    ]
    if result["label_accuracy"] is not None:
        rows.append(["right label, of the claims", number(result["label_accuracy"])])
    rows += [[f"replies with {kind}", str(count)] for kind, count in result["faults"].items() if count]
    if "loss_per_token" in result:
        rows.append(["loss for each token", number(result["loss_per_token"])])
    if left_out := _left_out(result.get("too_long", 0)):
        rows.append(["rows left out as longer than the window", str(left_out)])
    if "training" in result:
        rows.append(["training", throughput(result["training"])])
    return rows


def _left_out(too_long: int | dict[str, int]) -> int:
    return sum(too_long.values()) if isinstance(too_long, dict) else too_long


def page(result: dict[str, Any]) -> str:
    """The report as one HTML page without scripts or outside links; all text escaped."""
    shown = [[w["question"], w["why"], w["wanted"], w["wrote"]] for w in result["worst"]]
    parts = [
        *opening("Report on reasoning"),
        table(["measure", "value"], summary(result)),
        "<h2>Replies to look at</h2>",
        table(["question", "why", "wanted", "wrote"], shown),
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def card(description: Description, result: dict[str, Any], leaks: Sequence[Leak]) -> str:
    """The model card, in Markdown; every number is the report's."""
    parts = [
        "# Reasoning over evidence",
        f"Writes steps over numbered evidence, each with a quote. {description.method} adapter on {description.base} "
        f"(weights {description.base_sha256[:12]}…), made {description.created}.",
        f"## Numbers\n\nOn: {result['reported_on']}.",
        markdown([["measure", "value"], ["---", "---"], *summary(result)]),
        *made_of(description, leaks),
        "## Limits\n\nWhat it writes is to be checked: that evidence exists and quotes are verbatim by rule, that a "
        "step follows from its evidence by a verifier. Numbers judged by a verifier are no better than that verifier.",
    ]
    return "\n\n".join(parts) + "\n"


def write(folder: Path, result: dict[str, Any], card_text: str | None = None) -> None:
    """report.json, report.html and (with text) the card, into a folder."""
    write_json(folder / REPORT, result)
    write_whole(folder / PAGE, lambda p: p.write_text(page(result), encoding="utf-8"))
    if card_text is not None:
        write_whole(folder / CARD, lambda p: p.write_text(card_text, encoding="utf-8"))
