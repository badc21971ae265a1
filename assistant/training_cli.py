"""The commands about training: finetune, evaluate, adapters. Each parses, calls one function and prints.

Knows the command line and the terminal; what training is, `assistant.finetune` knows.
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
CHOICES: dict[str, type] = {
    "base": str, "head": str, "method": str, "rank": int, "alpha": int, "dropout": float, "epochs": int,
    "batch_size": int, "accumulate": int,
    "learning_rate": float, "optimiser": str, "weight_decay": float, "warm_up": float, "clip": float,
    "class_weights": str, "label_smoothing": float, "evaluations": int, "patience": int, "checkpoints": int,
    "held_back": float, "max_tokens": int, "seed": int, "loss": str, "negatives": int,
}  # fmt: skip
"""Options that replace a choice of the recipe, and their types."""
FLAGS = ("four_bit", "gradient_checkpointing")
SHOWN = 5
"""Rows left out that are named."""
HELP = {
    "accumulate": "parts each batch is worked through in: less memory, the same result",
    "base": "for claims built-in by default; else an encoder (claims) or a language model, by name or path",
    "head": "auto, classifier, or words (a language model's label words)",
    "method": "lora, dora, rslora, adalora, prefix, ia3 or full (default: lora)",
    "optimiser": "adamw or sgd",
    "class_weights": "none or balanced",
    "held_back": "share of train held back by document where there is no --dev (default: 0.2)",
    "loss": "of the task evidence: listwise, pointwise or mse (default: listwise)",
    "negatives": "of the task evidence: passages that do not answer, for each question (default: 4)",
    "patience": "looks without a better score before it stops; 0: never",
}


def finetune(arguments: argparse.Namespace) -> int:
    """Train an adapter that judges claims, or one that reasons over evidence, on your own rows."""
    from assistant import finetune as training
    from assistant.finetune.processes import is_first

    if not (arguments.train or (arguments.task == "embedder" and arguments.library)) or arguments.out is None:
        raise UsageError("name what to learn from with --train F, and a new folder with --out DIR")
    changes = {name: getattr(arguments, name) for name in CHOICES}
    flags = {name: True if getattr(arguments, name) else None for name in FLAGS}
    recipe = training.load_recipe(arguments.recipe, **changes, **flags, targets=arguments.targets)
    run, text = _task(arguments)
    with cancel_on_sigint("a checkpoint") as cancel, TrainingBar() as bar:
        trained = run(
            arguments.train or (), arguments.out, dev=arguments.dev, test=arguments.test, recipe=recipe,
            start_from=arguments.start_from, labels=_label_map(arguments.label_map), skip_bad=arguments.skip_bad,
            drop_shared=arguments.drop_shared, resume=arguments.resume, device=arguments.device or "auto",
            wandb=arguments.wandb, say=bar.line if is_first() else _silent, progress=bar.show, cancel=cancel,
        )  # fmt: skip
    if is_first():
        print(json.dumps(trained.report, indent=2) if arguments.json else text(trained.report, arguments.out))
    return OK


def _task(arguments: argparse.Namespace) -> tuple[Callable[..., Any], Callable[[Any, Path | None], str]]:
    """What trains the task, and what shows its report."""
    from functools import partial

    from assistant import finetune as training

    if arguments.task == "claims":
        return partial(training.train, corpus=arguments.corpus), report_text
    if arguments.task == "evidence":
        return _ranking(arguments, training.train_evidence), ranking_text
    if arguments.task == "embedder":
        return _ranking(arguments, training.train_embedder, own=_own_pairs(arguments)), ranking_text
    if arguments.base is None and arguments.recipe is None:
        raise UsageError("the task reasoning needs a model that writes; name a causal or a T5 model with --base")
    return partial(training.train_reasoning, judge=_judge(arguments)), reasoning_text


def _own_pairs(arguments: argparse.Namespace) -> list[Any]:
    """Questions with passages made of the library named; none without one."""
    from assistant.finetune.ranking_data import Group
    from assistant.index.unlabelled import library_pairs

    if not arguments.library:
        return []
    pairs = library_pairs(arguments.library, seed=arguments.seed or 0)
    return [Group(p.query, (p.passage,), (1.0,), p.paper_id, p.source) for p in pairs]


def _ranking(arguments: argparse.Namespace, train: Callable[..., Any], **given: Any) -> Callable[..., Any]:
    """Training on questions with passages: with collections' training judgements, and hard negatives by the product's
    own search, also of the library named."""
    from functools import partial

    from assistant.encoders import load_embedder
    from assistant.index.beir import read_collection
    from assistant.index.mining import library_texts, nearest

    def run(*files: Any, labels: Any, **options: Any) -> Any:
        embedder = load_embedder(device=options["device"])
        return train(
            *files, read_folder=partial(read_collection, split="train"), mine=partial(nearest, embedder=embedder),
            pool=library_texts(arguments.library) if arguments.library else (), **given, **options,
        )  # fmt: skip

    return run


def _judge(arguments: argparse.Namespace) -> Any:
    """What rates citations: a verifier's probabilities; None with --verifier none."""
    from assistant.finetune import load_verifier

    return None if arguments.verifier == "none" else load_verifier(arguments.verifier).probabilities


def _silent(_: str) -> None:
    """What other processes than the first say."""


def build_reasoning_data(arguments: argparse.Namespace) -> int:
    """Make rows for --task reasoning from rationales, entailment trees and reviewed answers."""
    from assistant.finetune.reasoning_build import build

    if arguments.out is None:
        raise UsageError("name the file to write with --out F")
    built = build(
        arguments.out, rationales=arguments.rationales, trees=arguments.trees, reviewed=arguments.reviewed,
        corpus=arguments.corpus, seed=arguments.seed or 0,
    )  # fmt: skip
    if arguments.json:
        print(json.dumps({"rows": dict(built.rows), "left_out": built.left_out}, indent=2))
        return OK
    for path, count in built.rows.items():
        print(f"{path}: {count} rows")
    for line in built.left_out[:SHOWN]:
        print(f"left out: {line}", file=sys.stderr)
    print(f"{sum(built.rows.values())} rows in {arguments.out}, {len(built.left_out)} left out")
    return OK


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
        arguments.data, adapter=arguments.adapter, corpus=arguments.corpus, labels=_label_map(arguments.label_map),
        skip_bad=arguments.skip_bad, device=arguments.device or "auto",
    )  # fmt: skip


def _evaluate_reasoning(arguments: argparse.Namespace) -> dict[str, Any]:
    from assistant import finetune as training

    return training.evaluate_reasoning(
        arguments.data, adapter=arguments.adapter, judge=_judge(arguments), labels=_label_map(arguments.label_map),
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


def adapters_list(arguments: argparse.Namespace) -> int:
    """List the adapters there are; * marks the one in use."""
    from assistant.finetune import adapters

    active = adapters.active_adapter().name
    found = [adapters.summary(a) | {"active": a.name == active} for a in adapters.list_adapters()]
    print(json.dumps(found, indent=2) if arguments.json else "\n".join(_adapter_line(a) for a in found))
    return OK


def adapters_show(arguments: argparse.Namespace) -> int:
    """Show one adapter: base, method, data, numbers."""
    from assistant.finetune import adapters

    found = adapters.find_adapter(arguments.adapter, task=None)
    print(json.dumps(adapters.details(found), indent=2) if arguments.json else adapters.card_text(found))
    return OK


def adapters_promote(arguments: argparse.Namespace) -> int:
    """Use an adapter for every verdict from now on; its folder is copied."""
    from assistant.finetune import adapters

    print(f"in use now: {adapters.promote(arguments.adapter).name}")
    return OK


def adapters_roll_back(arguments: argparse.Namespace) -> int:
    """Use the adapter again that was in use before."""
    from assistant.finetune import adapters

    print(f"in use now: {adapters.roll_back().name}")
    return OK


class TrainingBar:
    """A bar over steps with loss, pairs per second and time left, on stderr; nothing where that is no terminal."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self._bar = tqdm(unit="step", file=sys.stderr, disable=None, dynamic_ncols=True, leave=False)

    def __enter__(self) -> TrainingBar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, progress: Any) -> None:
        self._bar.total = progress.steps
        measure = progress.measure.replace("_", " ")
        looked = "" if progress.score is None else f" held-back {measure} {progress.score:.3f}"
        self._bar.set_postfix_str(f"loss {progress.loss:.3f} {progress.rate:.1f} rows/s{looked}", refresh=False)
        self._bar.update(progress.step - self._bar.n)

    def line(self, text: str) -> None:
        """Print a line on stderr above the bar."""
        with self._bar.external_write_mode(file=sys.stderr):
            print(text, file=sys.stderr, flush=True)


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


def ranking_text(result: dict[str, Any], folder: Path | None) -> str:
    """The report on ranking for a terminal."""
    from assistant.finetune.ranking_run import summary

    lines = [f"{name}: {value}" for name, value in summary(result)]
    return "\n".join([*lines, *([f"all of it: {folder}/README.md"] if folder else [])])


def _adapter_line(adapter: dict[str, Any]) -> str:
    mark = "*" if adapter["active"] else " "
    scores = {"macro-F1": adapter["macro_f1"], "reasoning": adapter["reasoning"]}
    shown = ", ".join(f"{name} {score:.3f}" for name, score in scores.items() if score is not None) or "not measured"
    return f"{mark} {adapter['name']}  {adapter['method']} on {adapter['base']}  {shown}  {adapter['created']}"


def _label_map(given: list[str]) -> dict[str, str]:
    """`["entails=SUPPORTS"]` -> {"entails": "SUPPORTS"}. UsageError for anything else."""
    pairs = [text.partition("=") for text in given]
    if wrong := next((a for a, sign, b in pairs if not (a and sign and b)), None):
        raise UsageError(f"--label-map {wrong!r} is no SPELLING=LABEL; write for example entails=SUPPORTS")
    return {spelling: label for spelling, _, label in pairs}


def add_commands(commands: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands to the parser; `add` is `cli`'s own way to add one."""
    parser = add(commands, "finetune", finetune)
    _add_finetune(parser)
    _add_build(
        add(parser.add_subparsers(title="actions", metavar="ACTION"), "build-reasoning-data", build_reasoning_data)
    )
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
    _add_reading(parser, tasks=(*TASKS, RETRIEVAL))
    parser = add(commands, "adapters", adapters_list)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    add(actions, "list", adapters_list)
    add(actions, "show", adapters_show).add_argument("adapter", metavar="ADAPTER", help="a name or a folder")
    promote = add(actions, "promote", adapters_promote, json_output=False)
    promote.add_argument("adapter", metavar="ADAPTER", help="a folder that finetune made, or a name")
    add(actions, "rollback", adapters_roll_back, json_output=False)


def _add_finetune(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--train", type=Path, nargs="+", metavar="F", help="rows to learn from (.jsonl; claims also .csv, .tsv)")
    add("--dev", type=Path, nargs="+", default=(), metavar="F", help="rows that decide when to stop")
    add("--test", type=Path, nargs="+", default=(), metavar="F", help="rows that are only reported on")
    add("--out", type=Path, metavar="DIR", help="the adapter's folder; new")
    add("--recipe", metavar="NAME", help="a recipe that comes along, or a TOML file")
    add("--start-from", metavar="ADAPTER", help="go on from an adapter: a folder, a name, or builtin")
    add("--resume", action="store_true", help="go on from the last checkpoint in --out")
    add("--drop-shared", action="store_true", help="leave rows out of dev whose document train has")
    add("--targets", nargs="+", metavar="LAYER", help="layers that get an adapter (default: all linear ones)")
    add("--four-bit", action="store_true", help="load the base in 4 bits (GPU, bitsandbytes)")
    add("--gradient-checkpointing", action="store_true", help="work activations out again: slower, far less memory")
    add("--wandb", action="store_true", help="log to Weights & Biases too; sends numbers out of this machine")
    _add_reading(parser)
    choices = parser.add_argument_group("choices of the recipe")
    for name, kind in CHOICES.items():
        choices.add_argument("--" + name.replace("_", "-"), type=kind, help=HELP.get(name))


def _add_build(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--rationales", type=Path, nargs="+", default=(), metavar="F", help="claims with rationales, as SciFact's")
    add("--corpus", type=Path, metavar="F", help="their corpus (default: corpus.jsonl beside them)")
    add("--trees", type=Path, nargs="+", default=(), metavar="F", help="entailment trees, as EntailmentBank's")
    add("--reviewed", type=Path, nargs="+", default=(), metavar="F",
        help='answers of ask --json, one a line, with "accepted": true')  # fmt: skip
    add("--out", type=Path, metavar="F", help="the .jsonl file to write")
    add("--seed", type=int, help="of the order in which a tree's sentences are shown (default: 0)")


def _add_reading(parser: argparse.ArgumentParser, *, tasks: Sequence[str] = TASKS) -> None:
    add = parser.add_argument
    add("--task", choices=tasks, default=tasks[0], help="what it is about (default: claims)")
    add("--corpus", type=Path, metavar="F", help="SciFact's corpus (default: corpus.jsonl beside its claims)")
    add("--label-map", nargs="+", default=[], metavar="SPELLING=LABEL", help="further spellings of the three labels")
    add("--verifier", metavar="ADAPTER",
        help="what rates citations of reasoning (default: the one in use); none: the rows' own numbers")  # fmt: skip
    add("--skip-bad", action="store_true", help="leave bad rows out and count them")
    add("--device", choices=DEVICES, help="where models run (default: auto)")
