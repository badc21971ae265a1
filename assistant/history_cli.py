"""The commands about what was asked before: history, replay, review, and going on with a conversation.

Knows the command line and the terminal; what is kept, `assistant.history` knows.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError, UsageError

if TYPE_CHECKING:
    from assistant.api import Assistant
    from assistant.conversation import Conversation
    from assistant.history import Thread, Turn
    from assistant.history.review import Item
    from assistant.replay import Replay

OK, DIFFERS = 0, 4
"""4: an answer was made again and is not the same."""
LATEST = ""
Open = Callable[[argparse.Namespace], "Assistant"]


def conversation(assistant: Assistant, arguments: argparse.Namespace) -> Assistant | Conversation:
    """What a question is put to: a new conversation, the one to go on with, or, where nothing is kept, the papers."""
    if not assistant.settings.history:
        if arguments.go_on is not None:
            raise UsageError("--continue needs the history, which is off (--no-history, or history = false)")
        return assistant
    if arguments.go_on is None:
        return assistant.conversation()
    return assistant.conversation(arguments.go_on or assistant.history().latest().id)


def settle_question(arguments: argparse.Namespace, name: str) -> str:
    """The question or claim; `--continue "and in men?"` without an id takes what follows it for one."""
    text: str | None = getattr(arguments, name)
    if text is None and arguments.go_on:
        text, arguments.go_on = arguments.go_on, LATEST
    if text is None:
        raise UsageError(f"the {name} is missing; write it in quotes")
    return text


def say_kept(talk: Assistant | Conversation) -> None:
    """Say on stderr under which id an answer is kept."""
    turns = getattr(talk, "remembered", ())
    if turns:
        print(f"kept as {turns[-1].id} of {turns[-1].conversation}; ask on with: --continue", file=sys.stderr)


def history_list(arguments: argparse.Namespace) -> int:
    """List the conversations, the last used first."""
    with arguments.open(arguments) as assistant:
        threads = assistant.history().threads()
    _print(arguments, [asdict(t) for t in threads], threads_text(threads))
    return OK


def history_show(arguments: argparse.Namespace) -> int:
    """Show a conversation, or one answer, with the sources it had then."""
    from assistant.export import export

    with arguments.open(arguments) as assistant:
        title, turns = assistant.history().chosen(arguments.id)
    print(export(turns, "json", title=title) if arguments.json else turns_text(title, turns))
    return OK


def history_search(arguments: argparse.Namespace) -> int:
    """Find answers by words in their questions, quotes and titles of papers."""
    with arguments.open(arguments) as assistant:
        turns = assistant.history().search(" ".join(arguments.words))
    found = [{"id": t.id, "conversation": t.conversation, "created": t.created, "question": t.question} for t in turns]
    _print(arguments, found, "\n".join(_turn_line(t) for t in turns) or "nothing found")
    return OK


def history_rename(arguments: argparse.Namespace) -> int:
    """Call a conversation something else."""
    from assistant.terminal import clean

    with arguments.open(arguments) as assistant:
        thread = assistant.history().rename(arguments.id, arguments.title)
    print(f"{thread.id} is now called “{clean(thread.title)}”")
    return OK


def history_delete(arguments: argparse.Namespace) -> int:
    """Forget a conversation with its answers; what was handed to the review queue stays there."""
    from assistant.terminal import clean

    with arguments.open(arguments) as assistant:
        thread = assistant.history().delete(arguments.id)
    print(f"deleted {thread.id} “{clean(thread.title)}”, {thread.turns} answers")
    return OK


def history_export(arguments: argparse.Namespace) -> int:
    """Take a conversation or an answer away: Markdown, HTML, JSON, or its cited papers as BibTeX or RIS."""
    from assistant.export import export

    with arguments.open(arguments) as assistant:
        title, turns = assistant.history().chosen(arguments.id)
    _write_or_print(export(turns, arguments.format, title=title), arguments.out)
    return OK


def replay(arguments: argparse.Namespace) -> int:
    """Make a kept answer again and say what is different: exit code 0 for the same, 4 for another."""
    with arguments.open(arguments) as assistant:
        found = assistant.replay(arguments.id)
    value = {
        "id": found.turn.id,
        "same": found.same,
        "causes": [asdict(c) for c in found.causes],
        "changes": [asdict(c) for c in found.changes],
    }
    _print(arguments, value, replay_text(found))
    return OK if found.same else DIFFERS


def review_list(arguments: argparse.Namespace) -> int:
    """List what is to be reviewed; the model's label is shown once there is a blind one."""
    from assistant.history import review

    with arguments.open(arguments) as assistant:
        found = review.items(assistant.history(), reviewed=None if arguments.all else False, praise=arguments.all)
    _print(arguments, [_item_json(i) for i in found], "\n\n".join(map(item_text, found)) or "nothing to review")
    return OK


def review_add(arguments: argparse.Namespace) -> int:
    """Say what is right or wrong with an answer."""
    from assistant.history import review

    with arguments.open(arguments) as assistant:
        item = review.add_feedback(
            assistant.history(), arguments.id, arguments.kind, step=arguments.step, evidence=arguments.evidence,
            text=arguments.text,
        )  # fmt: skip
    _print(arguments, _item_json(item), f"kept as item {item.id} of the review queue")
    return OK


def review_label(arguments: argparse.Namespace) -> int:
    """Label an item: the first label is blind; it shows the model's, and the second one counts."""
    from assistant.history import review

    with arguments.open(arguments) as assistant:
        item = review.label(
            assistant.history(), arguments.item, arguments.label, claim=arguments.claim, quote=arguments.evidence,
            note=arguments.note,
        )  # fmt: skip
    _print(arguments, _item_json(item), item_text(item))
    return OK


def review_delete(arguments: argparse.Namespace) -> int:
    """Take an item out of the review queue."""
    from assistant.history import review

    with arguments.open(arguments) as assistant:
        item = review.forget(assistant.history(), arguments.item)
    print(f"deleted item {item.id}")
    return OK


def review_export(arguments: argparse.Namespace) -> int:
    """Write the reviewed items as JSON lines for `assistant finetune --task claims`."""
    from assistant.history import review

    with arguments.open(arguments) as assistant:
        found = review.items(assistant.history(), reviewed=True, praise=True)
    _write_or_print(review.claims_jsonl(found), arguments.out)
    if lacking := [str(i.id) for i in found if not i.trains]:
        print(
            f"left out, for want of a claim or a passage (give them with `review label ITEM LABEL --claim ... "
            f"--evidence N`): {', '.join(lacking)}",
            file=sys.stderr,
        )
    return OK


def _write_or_print(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise AssistantError(f"{out} cannot be written ({error.strerror}); name another file") from error


def _print(arguments: argparse.Namespace, value: Any, text: str) -> None:
    print(json.dumps(value, indent=2) if arguments.json else text)


def threads_text(threads: Sequence[Thread]) -> str:
    """One line per conversation."""
    from assistant.terminal import clean

    if not threads:
        return "no conversations yet; begin one with: assistant ask"
    return "\n".join(f"{t.id}  {t.updated[:16].replace('T', ' ')}  {t.turns:>3}  {clean(t.title)}" for t in threads)


def _turn_line(turn: Turn) -> str:
    from assistant.terminal import clean

    return f"{turn.id}  {turn.created[:16].replace('T', ' ')}  {clean(turn.question)}"


def turns_text(title: str, turns: Sequence[Turn]) -> str:
    """A conversation in full."""
    from assistant.terminal import answer_text, clean, verdict_text

    parts = [clean(title)]
    for turn in turns:
        shown = f"{turn.n}. {clean(turn.question)}  ({turn.id}, {turn.created}, {turn.status})"
        answer = turn.answer
        if answer is None:
            body = "interrupted before there was an answer"
        elif turn.mode == "check" and answer.verdicts:
            body = verdict_text(answer.verdicts[0])
        else:
            body = answer_text(answer)
        parts += [shown, body]
    return "\n\n".join(parts)


def replay_text(found: Replay) -> str:
    """What a replay found."""
    from assistant.terminal import clean

    lines = []
    if found.same:
        lines.append("the same, byte for byte" + (", though not made from the same:" if found.causes else ""))
    else:
        lines.append(f"not the same: {len(found.changes)} differences")
        lines += [f"  {clean(str(c))}" for c in found.changes]
        lines.append("made from something else:" if found.causes else "made from the same library, models and settings")
    return "\n".join([*lines, *(f"  {clean(str(c))}" for c in found.causes)])


def item_text(item: Item) -> str:
    """An item for a reviewer; without the model's label until there is a blind one."""
    from assistant.terminal import clean

    passage = item.passage
    place = "".join(
        (f", step {item.step}" if item.step else "", f", passage [{item.evidence}]" if item.evidence else "")
    )
    rows = [
        f"item {item.id}: {item.kind}{place} of {item.turn}{', ' + item.reviewed if item.reviewed else ''}",
        f"  asked: {clean(item.answer.question)}",
        f"  said:  {clean(item.text)}" if item.text else "",
        f"  claim: {clean(item.claim) or '(none: give one with --claim)'}",
        f"  quote: “{clean(passage.text)}” ({clean(passage.paper.title)})" if passage else "  quote: (--evidence N)",
    ]
    if item.blind:
        model = item.model_label or "nothing"
        rows.append(f"  blind: {item.blind}; the model said {model}; final: {item.label or 'label it once more'}")
    if item.note:
        rows.append(f"  note:  {clean(item.note)}")
    return "\n".join(row for row in rows if row)


def _item_json(item: Item) -> dict[str, Any]:
    """An item for a program; the model's label is there once a blind one is."""
    passage = item.passage
    return {
        "id": item.id,
        "answer": item.turn,
        "kind": str(item.kind),
        "step": item.step,
        "evidence": item.evidence,
        "text": item.text,
        "created": item.created,
        "question": item.answer.question,
        "claim": item.claim,
        "quote": None if passage is None else passage.text,
        "blind": item.blind,
        "model": item.model_label if item.blind else None,
        "label": item.label,
        "reviewed": item.reviewed,
        "note": item.note,
    }


def add_question_options(parser: argparse.ArgumentParser) -> None:
    """What `ask` and `check` take: going on, and keeping nothing."""
    parser.add_argument(
        "--continue",
        dest="go_on",
        nargs="?",
        const=LATEST,
        metavar="ID",
        help="go on with the last conversation, or the one whose id begins so",
    )
    parser.add_argument(
        "--no-history", dest="history", action="store_const", const=False, help="keep neither question nor answer"
    )


def add_commands(commands: Any, add: Callable[..., argparse.ArgumentParser], opener: Open) -> None:
    """Add the commands to the parser; `add` is `cli`'s own way to add one, `opener` to open the library."""
    parser = add(commands, "history", history_list)
    parser.set_defaults(open=opener)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    add(actions, "list", history_list)
    add(actions, "show", history_show).add_argument("id", metavar="ID", help="of a conversation or an answer (a-...)")
    add(actions, "search", history_search).add_argument("words", nargs="+", metavar="TEXT")
    rename = add(actions, "rename", history_rename, json_output=False)
    rename.add_argument("id", metavar="ID")
    rename.add_argument("title", metavar="TITLE")
    add(actions, "delete", history_delete, json_output=False).add_argument("id", metavar="ID")
    export = add(actions, "export", history_export, json_output=False)
    export.add_argument("id", metavar="ID", help="of a conversation or an answer (a-...)")
    export.add_argument("--format", default="md", metavar="FORM", help="md (default), html, json, bib or ris")
    export.add_argument("--out", type=Path, metavar="FILE", help="write it there")
    parser = add(commands, "replay", replay)
    parser.set_defaults(open=opener)
    parser.add_argument("id", metavar="ID", help="of an answer (a-...)")
    _add_review(commands, add, opener)


def _add_review(commands: Any, add: Callable[..., argparse.ArgumentParser], opener: Open) -> None:
    from assistant.history.review import Kind

    parser = add(commands, "review", review_list)
    parser.set_defaults(open=opener)
    parser.add_argument("--all", action="store_true", help="reviewed ones and praise too")
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    add(actions, "list", review_list).add_argument("--all", action="store_true", default=argparse.SUPPRESS)
    parser = add(actions, "add", review_add)
    parser.add_argument("id", metavar="ID", help="of an answer (a-...)")
    parser.add_argument("kind", choices=list(Kind))
    parser.add_argument("--step", type=int, metavar="N", help="of this step, from 1")
    parser.add_argument("--evidence", type=int, metavar="N", help="of the passage [N]")
    parser.add_argument("--text", default="", help="in your words")
    parser = add(actions, "label", review_label)
    parser.add_argument("item", type=int, metavar="ITEM")
    parser.add_argument("label", metavar="LABEL", help="SUPPORTS, REFUTES or NOT_ENOUGH_INFO, or its beginning")
    parser.add_argument("--claim", metavar="TEXT", help="what is judged, where the answer does not say")
    parser.add_argument("--evidence", type=int, metavar="N", help="the passage that it is judged by")
    parser.add_argument("--note", metavar="TEXT", help="why, for later")
    add(actions, "delete", review_delete, json_output=False).add_argument("item", type=int, metavar="ITEM")
    export = add(actions, "export", review_export, json_output=False)
    export.add_argument("--out", type=Path, metavar="FILE", help="write it there")
