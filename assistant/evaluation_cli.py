"""The command `evaluate`: adapters, search and whole libraries, measured. Parses, calls one function and prints.

Its options about rows, and what it prints of a report, are `training_cli`'s too.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant.config import DEVICES
from assistant.errors import UsageError
from assistant.interrupt import cancel_on_sigint

OK = 0
TASKS = ("claims", "reasoning", "evidence", "embedder")
RETRIEVAL = "retrieval"


def evaluate(arguments: argparse.Namespace) -> int:
    """Report how well an adapter judges claims or reasons over evidence, how well search finds what is asked for, or
    (with --library and no --data) how well a library's own passages are found and what it cannot answer is declined."""
    if arguments.data is None:
        return _evaluate_library(arguments)
    if arguments.task == RETRIEVAL:
        return _evaluate_retrieval(arguments)
    from assistant.finetune import reasoning_report, report

    reasons = arguments.task == "reasoning"
    result = _evaluate_reasoning(arguments) if reasons else _evaluate_claims(arguments)
    if arguments.out is not None:
        (reasoning_report if reasons else report).write(arguments.out, result)
    show = reasoning_text if reasons else report_text
    print(json.dumps(result, indent=2) if arguments.json else show(result, arguments.out))
    return OK


def _evaluate_claims(arguments: argparse.Namespace) -> dict[str, Any]:
    from assistant import finetune as training

    return training.evaluate_file(
        arguments.data, adapter=arguments.adapter, corpus=arguments.corpus, labels=label_map(arguments.label_map),
        skip_bad=arguments.skip_bad, device=arguments.device or "auto",
    )  # fmt: skip


def _evaluate_reasoning(arguments: argparse.Namespace) -> dict[str, Any]:
    from assistant import finetune as training

    return training.evaluate_reasoning(
        arguments.data, adapter=arguments.adapter, judge=judge(arguments), labels=label_map(arguments.label_map),
        skip_bad=arguments.skip_bad, device=arguments.device or "auto",
    )  # fmt: skip


def _evaluate_retrieval(arguments: argparse.Namespace) -> int:
    from assistant.config import BUILT_IN_EMBEDDER
    from assistant.encoders import load_embedder
    from assistant.index.beir import read_collection
    from assistant.index.evaluation import evaluate_retrieval

    collection = read_collection(arguments.data, arguments.split)
    device = arguments.device or "auto"
    embedder = load_embedder(arguments.embedder or BUILT_IN_EMBEDDER, device=device)
    result = evaluate_retrieval(collection, embedder, _rerank(arguments, device))
    print(json.dumps(result, indent=2) if arguments.json else _retrieval_text(result))
    return OK


def _rerank(arguments: argparse.Namespace, device: str) -> Any:
    """What puts the first hits into order, by the settings; None for --rerank 0."""
    from assistant.config import load_settings

    settings = load_settings(rerank=arguments.rerank, reranker=arguments.reranker)
    if not settings.rerank:
        return None
    from assistant.finetune import load_reranker
    from assistant.index.rerank import reranking

    return reranking(load_reranker(settings.reranker, device=device), settings.rerank)


def _evaluate_library(arguments: argparse.Namespace) -> int:
    from assistant import library_report
    from assistant.api import Assistant

    if arguments.library is None:
        raise UsageError("name what to measure: --data F for rows, or --library DIR for a library by its own passages")
    names = ("library", "embedder", "device", "seed")
    with Assistant(**{n: getattr(arguments, n) for n in names}) as assistant, cancel_on_sigint("the query") as cancel:
        result = assistant.evaluate(n=arguments.n, variants=arguments.set, say=_note, cancel=cancel)
    if arguments.out is not None:
        library_report.write(arguments.out, result)
    print(json.dumps(result, indent=2) if arguments.json else library_report.report_text(result, arguments.out))
    return OK


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _retrieval_text(result: dict[str, Any]) -> str:
    """The measures for a terminal, a line for each ranking, the full search last."""
    stages = {name: row for name, row in result.items() if isinstance(row, dict)} | {"full": result}
    measures = [name for name in result if "@" in name] + ["milliseconds"]
    lines = [f"{result['n']} queries, {result['documents']} documents, {result['embedder']}"]
    lines.append(" " * 10 + "".join(f"{m:>14}" for m in measures))
    lines += [f"{name:<10}" + "".join(f"{row[m]:>14.3f}" for m in measures) for name, row in stages.items()]
    return "\n".join(lines)


def report_text(result: dict[str, Any], folder: Path | None) -> str:
    """The report for a terminal."""
    from assistant.finetune.report import summary

    lines = [f"{name}: {value}" for name, value in summary(result)]
    for label, row in result["per_class"].items():
        lines.append(
            f"  {label:<16} precision {row['precision']:.3f}  recall {row['recall']:.3f}  "
            f"F1 {row['f1']:.3f}  rows {row['support']}"
        )
    return "\n".join([*lines, *([f"all of it: {folder}/report.html"] if folder else [])])


def reasoning_text(result: dict[str, Any], folder: Path | None) -> str:
    """The report on reasoning for a terminal."""
    from assistant.finetune.reasoning_report import summary

    lines = [f"{name}: {value}" for name, value in summary(result)]
    return "\n".join([*lines, *([f"all of it: {folder}/report.html"] if folder else [])])


def judge(arguments: argparse.Namespace) -> Any:
    """What rates citations: a verifier's probabilities; None with --verifier none."""
    from assistant.finetune import load_verifier

    return None if arguments.verifier == "none" else load_verifier(arguments.verifier).probabilities


def label_map(given: list[str]) -> dict[str, str]:
    """`["entails=SUPPORTS"]` -> {"entails": "SUPPORTS"}. UsageError for anything else."""
    pairs = [text.partition("=") for text in given]
    if wrong := next((a for a, sign, b in pairs if not (a and sign and b)), None):
        raise UsageError(f"--label-map {wrong!r} is no SPELLING=LABEL; write for example entails=SUPPORTS")
    return {spelling: label for spelling, _, label in pairs}


def add_command(commands: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the parser; `add` is `cli`'s own way to add one."""
    parser = add(commands, "evaluate", evaluate)
    parser.add_argument("--data", type=Path, metavar="F", help="claims with labels; or a BEIR folder")
    parser.add_argument("--n", type=int, default=100, help="of a library: queries of each kind, at most (default: 100)")
    parser.add_argument("--seed", type=int, help="of a library: which passages are asked for (default: 0)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE[,...]",
        help="of a library: compare with these settings too, such as candidates=200; may be given again")  # fmt: skip
    parser.add_argument("--split", default="test", help="of a BEIR folder's judgements (default: test)")
    parser.add_argument("--embedder", metavar="NAME", help="for retrieval (default: the built-in one)")
    parser.add_argument("--rerank", type=int, metavar="N", help="for retrieval: passages read again; 0: none")
    parser.add_argument("--reranker", metavar="NAME", help="for retrieval: an adapter or a cross-encoder")
    parser.add_argument(
        "--adapter", metavar="DIR", default="builtin", help="folder or name (default: the built-in one)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="also write report.json, report.html and the diagram")
    add_reading(parser, tasks=(*TASKS, RETRIEVAL))


def add_reading(parser: argparse.ArgumentParser, *, tasks: Sequence[str] = TASKS) -> None:
    add = parser.add_argument
    add("--task", choices=tasks, default=tasks[0], help="what it is about (default: claims)")
    add("--corpus", type=Path, metavar="F", help="SciFact's corpus (default: corpus.jsonl beside its claims)")
    add("--label-map", nargs="+", default=[], metavar="SPELLING=LABEL", help="further spellings of the three labels")
    add("--verifier", metavar="ADAPTER",
        help="what rates citations of reasoning (default: the one in use); none: the rows' own numbers")  # fmt: skip
    add("--skip-bad", action="store_true", help="leave bad rows out and count them")
    add("--device", choices=DEVICES, help="where models run (default: auto)")
