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

from assistant.config import DEVICES
from assistant.errors import UsageError
from assistant.interrupt import cancel_on_sigint

OK = 0
TASKS = ("claims",)
CHOICES: dict[str, type] = {
    "base": str, "head": str, "method": str, "rank": int, "alpha": int, "dropout": float, "epochs": int,
    "batch_size": int, "learning_rate": float, "optimiser": str, "weight_decay": float, "warm_up": float, "clip": float,
    "class_weights": str, "label_smoothing": float, "evaluations": int, "patience": int, "checkpoints": int,
    "held_back": float, "max_tokens": int, "seed": int,
}  # fmt: skip
"""Options that replace a choice of the recipe, and their types."""
HELP = {
    "base": "built-in by default; else an encoder or a causal language model, by name or path",
    "head": "auto, classifier, or words (a language model's label words)",
    "method": "lora, dora, rslora, adalora, prefix, ia3 or full (default: lora)",
    "optimiser": "adamw or sgd",
    "class_weights": "none or balanced",
    "held_back": "share of train held back by document where there is no --dev (default: 0.2)",
    "patience": "looks without a better macro-F1 before it stops; 0: never",
}


def finetune(arguments: argparse.Namespace) -> int:
    """Train an adapter that judges claims, on your own labelled claims."""
    from assistant import finetune as training

    changes = {name: getattr(arguments, name) for name in CHOICES}
    recipe = training.load_recipe(
        arguments.recipe, **changes, targets=arguments.targets, four_bit=True if arguments.four_bit else None
    )
    with cancel_on_sigint("a checkpoint") as cancel, TrainingBar() as bar:
        trained = training.train(
            arguments.train, arguments.out, dev=arguments.dev, test=arguments.test, recipe=recipe,
            start_from=arguments.start_from, corpus=arguments.corpus, labels=_label_map(arguments.label_map),
            skip_bad=arguments.skip_bad, drop_shared=arguments.drop_shared, resume=arguments.resume,
            device=arguments.device or "auto", wandb=arguments.wandb, say=bar.line, progress=bar.show, cancel=cancel,
        )  # fmt: skip
    print(json.dumps(trained.report, indent=2) if arguments.json else report_text(trained.report, arguments.out))
    return OK


def evaluate(arguments: argparse.Namespace) -> int:
    """Report how well an adapter judges the claims of a file."""
    from assistant import finetune as training
    from assistant.finetune import report

    result = training.evaluate_file(
        arguments.data, adapter=arguments.adapter, corpus=arguments.corpus, labels=_label_map(arguments.label_map),
        skip_bad=arguments.skip_bad, device=arguments.device or "auto",
    )  # fmt: skip
    if arguments.out is not None:
        report.write(arguments.out, result)
    print(json.dumps(result, indent=2) if arguments.json else report_text(result, arguments.out))
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

    found = adapters.find_adapter(arguments.adapter)
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


def _adapter_line(adapter: dict[str, Any]) -> str:
    mark = "*" if adapter["active"] else " "
    score = adapter["macro_f1"]
    shown = "not measured" if score is None else f"macro-F1 {score:.3f}"
    return f"{mark} {adapter['name']}  {adapter['method']} on {adapter['base']}  {shown}  {adapter['created']}"


def _label_map(given: list[str]) -> dict[str, str]:
    """`["entails=SUPPORTS"]` -> {"entails": "SUPPORTS"}. UsageError for anything else."""
    pairs = [text.partition("=") for text in given]
    if wrong := next((a for a, sign, b in pairs if not (a and sign and b)), None):
        raise UsageError(f"--label-map {wrong!r} is no SPELLING=LABEL; write for example entails=SUPPORTS")
    return {spelling: label for spelling, _, label in pairs}


def add_commands(commands: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands to the parser; `add` is `cli`'s own way to add one."""
    _add_finetune(add(commands, "finetune", finetune))
    parser = add(commands, "evaluate", evaluate)
    parser.add_argument("--data", type=Path, required=True, metavar="F", help="claims with labels")
    parser.add_argument(
        "--adapter", metavar="DIR", default="builtin", help="folder or name (default: the built-in one)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="also write report.json, report.html and the diagram")
    _add_reading(parser)
    parser = add(commands, "adapters", adapters_list)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    add(actions, "list", adapters_list)
    add(actions, "show", adapters_show).add_argument("adapter", metavar="ADAPTER", help="a name or a folder")
    promote = add(actions, "promote", adapters_promote, json_output=False)
    promote.add_argument("adapter", metavar="ADAPTER", help="a folder that finetune made, or a name")
    add(actions, "rollback", adapters_roll_back, json_output=False)


def _add_finetune(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--train", type=Path, nargs="+", required=True, metavar="F", help="claims to learn from (.jsonl, .csv, .tsv)")
    add("--dev", type=Path, nargs="+", default=(), metavar="F", help="claims that decide when to stop")
    add("--test", type=Path, nargs="+", default=(), metavar="F", help="claims that are only reported on")
    add("--out", type=Path, required=True, metavar="DIR", help="the adapter's folder; new")
    add("--recipe", metavar="NAME", help="a recipe that comes along, or a TOML file")
    add("--start-from", metavar="ADAPTER", help="go on from an adapter: a folder, a name, or builtin")
    add("--resume", action="store_true", help="go on from the last checkpoint in --out")
    add("--drop-shared", action="store_true", help="leave rows out of dev whose document train has")
    add("--targets", nargs="+", metavar="LAYER", help="layers that get an adapter (default: all linear ones)")
    add("--four-bit", action="store_true", help="load the base in 4 bits (GPU, bitsandbytes)")
    add("--wandb", action="store_true", help="log to Weights & Biases too; sends numbers out of this machine")
    _add_reading(parser)
    choices = parser.add_argument_group("choices of the recipe")
    for name, kind in CHOICES.items():
        choices.add_argument("--" + name.replace("_", "-"), type=kind, help=HELP.get(name))


def _add_reading(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--task", choices=TASKS, default=TASKS[0], help="what is learned (default: claims)")
    add("--corpus", type=Path, metavar="F", help="SciFact's corpus (default: corpus.jsonl beside its claims)")
    add("--label-map", nargs="+", default=[], metavar="SPELLING=LABEL", help="further spellings of the three labels")
    add("--skip-bad", action="store_true", help="leave bad rows out and count them")
    add("--device", choices=DEVICES, help="where models run (default: auto)")
