"""What a trained adapter is worth, as JSON, a page, a picture and a model card; all from the same numbers.

Knows examples, logits and files; no model and no training.
"""

from __future__ import annotations

import html
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from assistant.finetune import evaluate
from assistant.finetune.adapters import Description, write_json, write_whole
from assistant.finetune.calibration import Scaling, scaled
from assistant.finetune.data import LABELS, Example, Leak, document_hash, label_indices
from assistant.types import Label

WORST = 20
PICTURE = 480
"""Side of the reliability diagram, pixels."""
MARGIN = 50
BLUE, GREY, BLACK = "#2b5f9e", "#999999", "#222222"
REPORT, PAGE, DIAGRAM, CARD = "report.json", "report.html", "reliability.png", "README.md"


def build(
    examples: Sequence[Example],
    logits: Any,
    *,
    scaling: Scaling,
    train_claims: Sequence[tuple[str, Label]],
    known_documents: set[str],
    seconds: float,
) -> dict[str, Any]:
    """All numbers of a report. `train_claims` (none: cross-validation) fit the claim-only baseline, `known_documents`
    (hashes) say which documents are not new, `seconds` is how long the logits took."""
    gold = label_indices(examples)
    probabilities = scaled(logits, scaling)
    said = probabilities.argmax(axis=1)
    table = evaluate.confusion(gold, said)
    result: dict[str, Any] = {
        "n": len(gold),
        "accuracy": float((gold == said).mean()),
        "macro_f1": evaluate.macro_f1(gold, said),
        "macro_f1_interval": list(evaluate.bootstrap(gold, said)),
        "per_class": evaluate.per_class(table),
        "confusion": table.tolist(),
        "labels": [str(label) for label in LABELS],
        "ece": evaluate.calibration_error(probabilities, gold),
        "ece_before": evaluate.calibration_error(evaluate.softmax(logits), gold),
        "false_supports": evaluate.false_supports(gold, said),
        "coverage_curve": evaluate.coverage_curve(probabilities, gold),
        "reliability": [list(b) for b in evaluate.calibration_bins(probabilities, gold)],
        "seconds": seconds,
        "pairs_per_second": len(gold) / max(seconds, 1e-9),
    }
    result |= _baselines(examples, gold, train_claims)
    result |= _new_documents(examples, gold, said, known_documents)
    return result | {"worst": _worst(examples, probabilities, gold)}


def _baselines(examples: Sequence[Example], gold: Any, train_claims: Sequence[tuple[str, Label]]) -> dict[str, Any]:
    """What the claims alone, and the evidence alone, give away."""
    claims, groups = [e.claim for e in examples], [e.doc_id for e in examples]
    if train_claims:
        labels = np.array([LABELS.index(label) for _, label in train_claims], dtype=np.int64)
        guesses, source = evaluate.fitted_guesses([c for c, _ in train_claims], labels, claims), "training claims"
    else:
        guesses = evaluate.cross_guesses(claims, gold, groups)
        source = f"{evaluate.FOLDS}-fold cross-validation grouped by doc_id"
    evidence = evaluate.cross_guesses([e.evidence for e in examples], gold, groups)
    return {
        "claim_only_macro_f1": evaluate.macro_f1(gold, guesses),
        "claim_only_source": source,
        "evidence_only_macro_f1": evaluate.macro_f1(gold, evidence),
    }


def _new_documents(examples: Sequence[Example], gold: Any, said: Any, known: set[str]) -> dict[str, Any]:
    """The score on documents that training did not have; nothing where that is not known."""
    new = np.array([document_hash(e.doc_id) not in known for e in examples])
    if not known or not new.any():
        return {"document_disjoint": None}
    return {"document_disjoint": {"n": int(new.sum()), "macro_f1": evaluate.macro_f1(gold[new], said[new])}}


def _worst(examples: Sequence[Example], probabilities: Any, gold: Any) -> list[dict[str, Any]]:
    """The wrong rows with the surest answers."""
    said = probabilities.argmax(axis=1)
    wrong = sorted(np.flatnonzero(said != gold).tolist(), key=lambda i: -probabilities[i].max())[:WORST]
    return [
        {
            "claim": examples[i].claim,
            "evidence": examples[i].evidence,
            "gold": str(examples[i].label),
            "said": str(LABELS[said[i]]),
            "probability": float(probabilities[i].max()),
            "where": examples[i].where,
        }
        for i in wrong
    ]


def write(folder: Path, result: dict[str, Any], card_text: str | None = None) -> None:
    """report.json, report.html, reliability.png and (with text) the card, into a folder."""
    write_json(folder / REPORT, result)
    write_whole(folder / PAGE, lambda p: p.write_text(page(result), encoding="utf-8"))
    write_whole(folder / DIAGRAM, lambda p: p.write_bytes(picture(result["reliability"])))
    if card_text is not None:
        write_whole(folder / CARD, lambda p: p.write_text(card_text, encoding="utf-8"))


def read(folder: Path) -> dict[str, Any]:
    """The report.json of a folder."""
    found: dict[str, Any] = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    return found


def opening(title: str) -> list[str]:
    """How a page begins."""
    return [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>",
        "<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse}",
        "td,th{padding:.2rem .8rem;border-bottom:1px solid #ddd;text-align:left}</style>",
        f"<h1>{title}</h1>",
    ]


def page(result: dict[str, Any]) -> str:
    """The report as one HTML page without scripts or outside links; all text escaped."""
    parts = [
        *opening("Report on claims"),
        table(["measure", "value"], summary(result)),
        "<h2>By label</h2>",
        table(["label", "precision", "recall", "F1", "rows"], _by_label(result)),
        "<h2>Confusion (gold by row)</h2>",
        table(["", *result["labels"]], [[n, *r] for n, r in zip(result["labels"], result["confusion"], strict=True)]),
        "<h2>Reliability</h2><p>A dot is a fifteenth of the rows; across: mean confidence, up: share right.</p>",
        svg(result["reliability"]),
        "<h2>Answering only where sure</h2>",
        table(["coverage", "accuracy", "confidence at least"],
               [[number(v) for v in point.values()] for point in result["coverage_curve"]]),
        "<h2>The surest errors</h2>",
        table(["gold", "said", "probability", "claim", "evidence"],
               [[w["gold"], w["said"], number(w["probability"]), w["claim"], w["evidence"]] for w in result["worst"]]),
        "</html>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def card(description: Description, result: dict[str, Any], leaks: Sequence[Leak]) -> str:
    """The model card, in Markdown; every number is the report's."""
    rows = [
        ["measure", "value"], ["---", "---"], *summary(result),
    ]  # fmt: skip
    labels = [["label", "precision", "recall", "F1", "rows"], ["---"] * 5, *_by_label(result)]
    return (
        "\n\n".join(
            [
                "# Claim verifier",
                f"Says whether evidence supports or refutes a claim. {description.method} adapter on "
                f"{description.base} (weights {description.base_sha256[:12]}…), made {description.created}.",
                f"## Numbers\n\nOn: {result.get('reported_on', 'the file given')}.",
                markdown(rows),
                markdown(labels),
                *made_of(description, leaks),
                "## Limits\n\nIt reads one short passage at a time, in the language it was trained on. Scores fall on "
                "other fields than those of its data; a probability is calibrated only for pairs like those held back.",
            ]
        )
        + "\n"
    )


def made_of(description: Description, leaks: Sequence[Leak]) -> list[str]:
    """The card's parts on data, what splits share, and recipe."""
    data = "\n".join(f"- {f['name']} (SHA-256 {f['sha256'][:12]}…)" for f in description.data)
    recipe = ", ".join(f"{k} {v}" for k, v in description.recipe.items())
    shared = "\n".join(
        f"- {leak.a} / {leak.b}: {leak.documents} documents, {leak.claims} near-duplicate claims" for leak in leaks
    )
    return [f"## Data\n\n{data}", f"Shared between splits:\n\n{shared or '- nothing'}", f"## Recipe\n\n{recipe}"]


def summary(result: dict[str, Any]) -> list[list[str]]:
    """The main numbers: name and value, as text."""
    low, high = result["macro_f1_interval"]
    rows = [
        ["rows", str(result["n"])],
        ["macro-F1 (95 % interval)", f"{number(result['macro_f1'])} ({number(low)} to {number(high)})"],
        ["accuracy", number(result["accuracy"])],
        [f"macro-F1 of the claim alone ({result['claim_only_source']})", number(result["claim_only_macro_f1"])],
        ["macro-F1 of the evidence alone", number(result["evidence_only_macro_f1"])],
        ["called SUPPORTS wrongly, of those that are not", number(result["false_supports"])],
        ["expected calibration error before / after", f"{number(result['ece_before'])} / {number(result['ece'])}"],
    ]
    if result.get("document_disjoint"):
        new = result["document_disjoint"]
        rows.append([f"macro-F1 on documents not trained on ({new['n']} rows)", number(new["macro_f1"])])
    if "training" in result:
        rows.append(["training", throughput(result["training"])])
    return rows


def throughput(training: dict[str, Any]) -> str:
    """How fast a training was, in words."""
    return (
        f"{training['seconds']:.0f} s, {training['rows_per_second']:.1f} rows/s, "
        f"{training['tokens_per_second']:.0f} tokens/s"
    )


def _by_label(result: dict[str, Any]) -> list[list[str]]:
    return [
        [name, *(number(v[k]) for k in ("precision", "recall", "f1")), str(v["support"])]
        for name, v in result["per_class"].items()
    ]


def number(value: float) -> str:
    """Three digits."""
    return f"{value:.3f}"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a table; the second is the rule under the head."""
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as HTML, all text escaped."""
    cells = "".join(f"<th>{html.escape(h)}" for h in head)
    lines = ["<tr>" + "".join(f"<td>{html.escape(str(c))}" for c in row) for row in rows]
    return f"<table><tr>{cells}{''.join(lines)}</table>"


def _place(confidence: float, accuracy: float) -> tuple[float, float]:
    """Pixels of a point of the diagram; its origin is at the bottom left."""
    side = PICTURE - 2 * MARGIN
    return MARGIN + confidence * side, PICTURE - MARGIN - accuracy * side


def svg(bins: Sequence[Sequence[float]]) -> str:
    """The reliability diagram for the page."""
    (x0, y0), (x1, y1) = _place(0, 0), _place(1, 1)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{BLUE}"/>' for x, y in (_place(c, a) for c, a, _ in bins)
    )
    return (
        f'<svg width="{PICTURE}" height="{PICTURE}" role="img" aria-label="Reliability diagram">'
        f'<rect x="{x0}" y="{y1}" width="{x1 - x0}" height="{y0 - y1}" fill="none" stroke="{BLACK}"/>'
        f'<line x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}" stroke="{GREY}"/>{dots}</svg>'
    )


def picture(bins: Sequence[Sequence[float]]) -> bytes:
    """The reliability diagram as a PNG."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (PICTURE, PICTURE), "white")
    draw = ImageDraw.Draw(image)
    corners = (*_place(0, 1), *_place(1, 0))
    draw.rectangle(corners, outline=BLACK)
    draw.line((*_place(0, 0), *_place(1, 1)), fill=GREY)
    for confidence, accuracy, _ in bins:
        x, y = _place(confidence, accuracy)
        draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=BLUE)
    draw.text((MARGIN, PICTURE - MARGIN + 12), "confidence 0 to 1", fill=BLACK)
    draw.text((MARGIN, MARGIN - 22), "share that is right, 0 to 1", fill=BLACK)
    data = io.BytesIO()
    image.save(data, format="PNG")
    return data.getvalue()


@contextmanager
def event_log(folder: Path, *, wandb: bool = False) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Where each step's numbers go besides log.jsonl: TensorBoard where it is there, Weights & Biases on request."""
    sinks: list[Callable[[dict[str, float], int], None]] = []
    closers: list[Callable[[], None]] = []
    if find_spec("tensorboard") is not None:
        from torch.utils.tensorboard import SummaryWriter

        writer: Any = SummaryWriter(str(folder / "logs"))
        sinks.append(lambda values, step: writer.add_scalars("training", values, step))
        closers.append(writer.close)
    if wandb:
        import wandb as weights_and_biases

        run: Any = weights_and_biases.init(dir=str(folder))
        sinks.append(lambda values, step: run.log(values, step=step))
        closers.append(run.finish)

    def log(entry: dict[str, Any]) -> None:
        values = {k: float(v) for k, v in entry.items() if k != "step"}
        for sink in sinks:
            sink(values, int(entry["step"]))

    try:
        yield log
    finally:
        for close in closers:
            close()
