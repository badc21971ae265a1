"""The commands that look at works as a whole: compare and summary. Each parses, calls the API and prints."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from assistant.api import Assistant
from assistant.interrupt import cancel_on_sigint

OK = 0
Open = Callable[[argparse.Namespace], Assistant]


def add_commands(commands: Any, add: Callable[..., argparse.ArgumentParser], open_library: Open) -> None:
    """Put the commands beside the others; `add` makes one with the options that all share."""
    parser = add(commands, "compare", compare)
    parser.add_argument("question", help="a question, or a claim, which gets a verdict for each work")
    parser.add_argument("--papers", nargs="+", default=[], metavar="ID", help="these papers alone (beginnings of ids)")
    parser.add_argument("--csv", action="store_true", help="print CSV, a line for each work")
    parser.add_argument("--no-verdict", action="store_true", help="do not judge claims with the verifier")
    parser.set_defaults(open_library=open_library)
    parser = add(commands, "summary", summary)
    parser.add_argument("id", metavar="ID", help="of a paper, or its beginning (see: assistant papers)")
    parser.set_defaults(open_library=open_library)


def compare(arguments: argparse.Namespace) -> int:
    """Show what each work says on a question or claim, side by side."""
    from assistant import contract, terminal
    from assistant.worktable import comparison_csv

    with arguments.open_library(arguments) as assistant, cancel_on_sigint("the paper in hand") as cancel:
        found = assistant.compare(
            arguments.question, papers=arguments.papers, judge=not arguments.no_verdict, cancel=cancel
        )
    if arguments.csv:
        print(comparison_csv(found), end="")
    else:
        print(
            json.dumps(contract.comparison_json(found), indent=2) if arguments.json else terminal.comparison_text(found)
        )
    return OK


def summary(arguments: argparse.Namespace) -> int:
    """Show what a paper asks, did, found and warns of, in its own sentences."""
    from assistant import contract, terminal

    with arguments.open_library(arguments) as assistant:
        found = assistant.summary(arguments.id)
    text = (
        json.dumps(contract.paper_summary_json(found), indent=2)
        if arguments.json
        else terminal.paper_summary_text(found)
    )
    print(text)
    return OK
