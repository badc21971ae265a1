"""The command line: one short function per command, which parses, calls the API and prints.

Exit codes: 0 all well (any answer, verdict or abstention is), 1 it could not be done, 2 wrong usage, 3 some files of
an ingest failed, 4 a replay is not the same, 130 stopped by Ctrl-C. Answers go to stdout, everything else to stderr.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from assistant import __version__, history_cli, overview_cli, training_cli, users_cli
from assistant.api import Assistant
from assistant.config import DEVICES
from assistant.errors import AssistantError, Cancelled, UsageError
from assistant.interrupt import cancel_on_sigint
from assistant.types import Answer, Document, FileReport, FileStatus, Filters, IngestReport

logger = logging.getLogger(__name__)

OK, FAILED, SOME_FAILED = 0, 1, 3
DEBUG = "ASSISTANT_DEBUG"
PATIENCE = 300.0
"""Seconds that an ingest waits for another process at the same library: the page reads a few files, then gives way."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A file name may be no text in this terminal's encoding; better escaped than a crash.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    logging.basicConfig(level=logging.WARNING, format="note: %(message)s", stream=sys.stderr)
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except AssistantError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return Cancelled.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        logger.debug("unexpected", exc_info=True)
        print(
            f"error: something unforeseen went wrong ({type(error).__name__}: {error}); nothing that was stored is "
            f"lost. Set {DEBUG}=1 and run it again to see where",
            file=sys.stderr,
        )
        return FAILED


def ingest(arguments: argparse.Namespace) -> int:
    """Read papers into the library."""
    from assistant import contract, terminal
    from assistant.progress import IngestBar

    with (
        _assistant(arguments) as assistant,
        cancel_on_sigint("the paper in hand") as cancel,
        IngestBar(enabled=not arguments.json) as bar,
    ):
        options = {"rehash": arguments.rehash, "password": arguments.password, "patience": PATIENCE}
        for event in assistant.ingest_events(*arguments.paths, **options, cancel=cancel):
            if isinstance(event, IngestReport):
                bar.line(_line(contract.summary_json(event)) if arguments.json else terminal.ingest_summary(event))
                return _ingest_code(event)
            if isinstance(event, FileReport):
                bar.line(_line(contract.file_json(event)) if arguments.json else terminal.file_line(event))
            bar.show(event)
    return FAILED


def _ingest_code(report: IngestReport) -> int:
    if report.interrupted:
        return Cancelled.exit_code
    return SOME_FAILED if report.count(FileStatus.FAILED) else OK


def ask(arguments: argparse.Namespace) -> int:
    """Answer a question from the papers."""
    from assistant import contract, terminal

    with _assistant(arguments) as assistant, cancel_on_sigint("the step in hand") as cancel:
        question = history_cli.settle_question(arguments, "question")
        talk = history_cli.conversation(assistant, arguments)
        answer = talk.ask(question, filters=Filters(references=arguments.references), cancel=cancel)
        history_cli.say_kept(talk)
    if arguments.graph:
        _print_graph(answer, arguments.graph)
    elif arguments.json:
        _print_json(contract.answer_json(answer))
    else:
        print(terminal.answer_text(answer))
    return Cancelled.exit_code if cancel.is_set() else OK


def _print_graph(answer: Answer, form: str) -> None:
    from assistant.relations import export

    _print_json(export.graph_json(answer)) if form == "json" else print(export.mermaid(answer), end="")


def check(arguments: argparse.Namespace) -> int:
    """Say whether the papers, or a table of measurements, support or refute a claim."""
    from assistant import contract, terminal

    if arguments.data is not None:
        found = Assistant().check_data(history_cli.settle_question(arguments, "claim"), arguments.data)
        _print_json(contract.data_verdict_json(found)) if arguments.json else print(terminal.data_verdict_text(found))
        return OK
    with _assistant(arguments) as assistant:
        claim = history_cli.settle_question(arguments, "claim")
        talk = history_cli.conversation(assistant, arguments)
        verdict = talk.check(claim)
        history_cli.say_kept(talk)
    _print_json(contract.verdict_json(verdict)) if arguments.json else print(terminal.verdict_text(verdict))
    return OK


def read(arguments: argparse.Namespace) -> int:
    """Show what is read of a file, without putting it into a library."""
    from assistant import reading

    if (arguments.image or arguments.figure) and not (arguments.image and (arguments.page or arguments.figure)):
        raise UsageError("a picture needs --image FILE.png, and --page N or --figure N to say of what")
    document = Assistant().read(arguments.file, password=arguments.password)
    if arguments.image:
        _write(arguments.image, _picture(document, arguments))
    elif arguments.table:
        print(reading.table_text(document, arguments.table), end="")
    elif arguments.json:
        print(json.dumps(reading.document_json(document, page=arguments.page)))
    else:
        print(reading.document_text(document, page=arguments.page))
    return OK


def _picture(document: Document, arguments: argparse.Namespace) -> bytes:
    """The PNG that `read --image` asks for: a figure, or a page with its blocks marked."""
    from assistant import reading
    from assistant.index.picture import marked, png

    if arguments.figure:
        figure = reading.nth(document.figures, arguments.figure, "figure")
        return Assistant().draw(arguments.file, figure.page, password=arguments.password).crop(figure.box)
    drawn = Assistant().draw(arguments.file, arguments.page, password=arguments.password)
    page = next((p for p in document.pages if p.number == arguments.page), None)
    return drawn.png() if page is None else png(marked(drawn, page, tables=document.tables, figures=document.figures))


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise AssistantError(f"{path} cannot be written ({error.strerror}); name another file") from error


def papers_list(arguments: argparse.Namespace) -> int:
    """List the papers of the library."""
    from assistant import contract, terminal

    with _assistant(arguments) as assistant:
        papers = assistant.papers()
    if arguments.json:
        _print_json([contract.paper_json(p) for p in papers])
    else:
        print(terminal.papers_text(papers))
    return OK


def papers_show(arguments: argparse.Namespace) -> int:
    """Show one paper: its data, its other files, its references, who cites it, its passages."""
    from assistant import contract, terminal

    with _assistant(arguments) as assistant:
        paper, passages = assistant.paper(arguments.id), assistant.passages(arguments.id)
        related = assistant.related(paper.id)
    if arguments.json:
        _print_json(contract.paper_json(paper) | contract.related_json(related))
    else:
        print(terminal.paper_text(paper, passages, related))
    return OK


def papers_edit(arguments: argparse.Namespace) -> int:
    """Correct what is known of a paper; an empty value takes the correction back."""
    from assistant import contract, terminal

    fields = {name: getattr(arguments, name) for name in ("title", "year", "doi", "venue")}
    authors = None if arguments.author is None else [name for name in arguments.author if name]
    with _assistant(arguments) as assistant:
        paper = assistant.edit(arguments.id, authors=authors, **fields)
    _print_json(contract.paper_json(paper)) if arguments.json else print(terminal.paper_text(paper, ()))
    return OK


def papers_bib(arguments: argparse.Namespace) -> int:
    """Print papers (all, where none is named) as BibTeX."""
    from assistant import terminal

    with _assistant(arguments) as assistant:
        print("\n".join(terminal.clean(line) for line in assistant.bibtex(*arguments.ids).splitlines()))
    return OK


def papers_remove(arguments: argparse.Namespace) -> int:
    """Forget a paper; its file stays where it is."""
    from assistant import terminal

    with _assistant(arguments) as assistant:
        paper = assistant.remove(arguments.id)
    print(f"removed {terminal.clean(paper.title)} ({paper.id[:12]}); its file was left where it is")
    return OK


def doctor(arguments: argparse.Namespace) -> int:
    """Look whether all is sound; mend it with --fix."""
    from assistant import contract, terminal

    with _assistant(arguments) as assistant:
        checks = assistant.doctor(fix=arguments.fix)
    _print_json(contract.health_json(checks)) if arguments.json else print(terminal.health_text(checks))
    return OK if all(c.ok for c in checks) else FAILED


def reembed(arguments: argparse.Namespace) -> int:
    """Cut and embed the whole library anew, perhaps with another embedder."""
    from assistant.progress import IngestBar

    with _assistant(arguments) as assistant, IngestBar() as bar:
        done = 0
        for event in assistant.reembed():
            bar.show(event)
            done = event.done
    print(f"{done} papers embedded anew")
    return OK


def chat(arguments: argparse.Namespace) -> int:
    """Open the page in a browser."""
    from assistant import server, ui

    host, signs_in = arguments.host, arguments.auth is not None
    server.address_of(host, accounts=signs_in)  # a wrong host is refused before Gradio takes its seconds to load
    with _assistant(arguments) as assistant:
        accounts = users_cli.accounts_of(assistant, arguments.auth)
        users_cli.warn(arguments)
        application = server.application(names=arguments.name, host=host)
        with closing(ui.mount(assistant, application, accounts, behind_tls=arguments.behind_tls)):
            assistant.intake().start()
            browser = not arguments.no_browser
            server.serve(application, host=host, port=arguments.port, browser=browser, accounts=signs_in)
    return OK


def _assistant(arguments: argparse.Namespace) -> Assistant:
    names = ("library", "embedder", "device", "workers", "verifier", "model", "adapter", "history")
    assistant = Assistant(**{n: getattr(arguments, n, None) for n in names})
    print(f"library: {assistant.folder}", file=sys.stderr)
    return assistant


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="assistant", description="Ask your own papers: answers whose every sentence can be looked up."
    )
    parser.add_argument("--version", action="version", version=f"assistant {__version__}")
    # A default here, not in the subparsers: `papers --json list` would lose its flag to the inner parser's default.
    parser.set_defaults(library=None, json=False)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_ingest(commands)
    _add_read(commands)
    _add_questions(commands)
    _add_papers(commands)
    _add_upkeep(commands)
    history_cli.add_commands(commands, _add, _assistant)
    overview_cli.add_commands(commands, _add, _assistant)
    training_cli.add_commands(commands, _add)
    users_cli.add_commands(commands, _add, _assistant)
    return parser


def _add(commands: Any, name: str, run: Any, *, json_output: bool = True) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
    parser.set_defaults(run=run)
    parser.add_argument(
        "--library",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="DIR",
        help="the library's folder (default: $ASSISTANT_LIBRARY, else the nearest .assistant/ upward, else your own)",
    )
    if json_output:
        parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON instead of text")
    return parser


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--embedder", metavar="NAME", help="a sentence-transformers model, by name or path")
    parser.add_argument("--device", choices=DEVICES, help="where models run (default: auto)")


def _add_writer_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="what writes: extractive (the default: quotes alone), hf:NAME or openai:NAME@URL",
    )
    parser.add_argument("--adapter", metavar="DIR", help="a LoRA adapter for a model of hf: (folder or name)")


def _add_ingest(commands: Any) -> None:
    parser = _add(commands, "ingest", ingest)
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="files, and folders to walk for papers (PDF, DOCX, HTML, ...)"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="papers read at once (default: cores - 1)")
    parser.add_argument(
        "--rehash", action="store_true", help="look into every file, also where size and time are known"
    )
    _add_password(parser)
    _add_model_options(parser)


def _add_password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--password", default="", metavar="WORD", help="opens encrypted files")


def _add_read(commands: Any) -> None:
    parser = _add(commands, "read", read)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--text", action="store_true", help="print the text (the default)")
    parser.add_argument("--page", type=int, metavar="N", help="of this page alone, counted from 1")
    parser.add_argument("--table", type=int, metavar="N", help="print the N-th table as CSV")
    parser.add_argument("--figure", type=int, metavar="N", help="with --image: the N-th figure, cut out")
    parser.add_argument("--image", type=Path, metavar="OUT.png", help="draw the page with its blocks marked by role")
    _add_password(parser)


def _add_questions(commands: Any) -> None:
    parser = _add(commands, "ask", ask)
    parser.add_argument("question", nargs="?")
    history_cli.add_question_options(parser)
    parser.add_argument("--references", action="store_true", help="look through the papers' lists of references too")
    _add_writer_options(parser)
    parser.add_argument("--graph", choices=("mermaid", "json"), help="print what acts on what, as the quotes say it")
    _add_model_options(parser)
    parser = _add(commands, "check", check)
    parser.add_argument("claim", nargs="?")
    history_cli.add_question_options(parser)
    parser.add_argument("--verifier", metavar="ADAPTER", help="what judges: a folder or a name of `assistant adapters`")
    parser.add_argument(
        "--data", type=Path, metavar="TABLE", help="check it against measurements instead: CSV, TSV, XLSX or Parquet"
    )
    _add_model_options(parser)
    parser = _add(commands, "chat", chat, json_output=False)
    users_cli.add_serving_options(parser)
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    _add_writer_options(parser)
    _add_model_options(parser)


def _add_papers(commands: Any) -> None:
    parser = _add(commands, "papers", papers_list)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    _add(actions, "list", papers_list)
    for name, run in (("show", papers_show), ("remove", papers_remove)):
        _add(actions, name, run, json_output=name == "show").add_argument("id", metavar="ID", help="or its beginning")
    _add(actions, "bib", papers_bib, json_output=False).add_argument("ids", nargs="*", metavar="ID")
    parser = _add(actions, "edit", papers_edit)
    parser.add_argument("id", metavar="ID", help="or its beginning")
    for name in ("title", "year", "doi", "venue"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--author", action="append", metavar="NAME", help="once for each author, in order")


def _add_upkeep(commands: Any) -> None:
    parser = _add(commands, "doctor", doctor)
    parser.add_argument("--fix", action="store_true", help="mend what can be mended")
    _add_model_options(parser)
    _add_model_options(_add(commands, "reembed", reembed, json_output=False))
