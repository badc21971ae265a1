"""The commands about training: finetune, evaluate, adapters. Each parses, calls one function and prints.

Knows the command line and the terminal; what training is, `assistant.finetune` knows.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant import evaluation_cli
from assistant.errors import UsageError
from assistant.interrupt import cancel_on_sigint

OK = 0
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
            start_from=arguments.start_from, labels=evaluation_cli.label_map(arguments.label_map),
            skip_bad=arguments.skip_bad,
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
        return partial(training.train, corpus=arguments.corpus), evaluation_cli.report_text
    if arguments.task == "evidence":
        return _ranking(arguments, training.train_evidence), ranking_text
    if arguments.task == "embedder":
        return _ranking(arguments, training.train_embedder, own=_own_pairs(arguments)), ranking_text
    if arguments.base is None and arguments.recipe is None:
        raise UsageError("the task reasoning needs a model that writes; name a causal or a T5 model with --base")
    return partial(training.train_reasoning, judge=evaluation_cli.judge(arguments)), evaluation_cli.reasoning_text


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


def add_commands(commands: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands to the parser; `add` is `cli`'s own way to add one."""
    parser = add(commands, "finetune", finetune)
    _add_finetune(parser)
    _add_build(
        add(parser.add_subparsers(title="actions", metavar="ACTION"), "build-reasoning-data", build_reasoning_data)
    )
    evaluation_cli.add_command(commands, add)
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
    evaluation_cli.add_reading(parser)
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
