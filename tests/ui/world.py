"""A library in use: the sample papers, a conversation about them, and in every place that shows texts hostile ones."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from assistant import Assistant, background
from assistant.background import Run
from assistant.history import Asked
from assistant.history.review import add_feedback
from assistant.types import Answer, ReasoningStep, StepKind
from tests.ui.hostile import shared_out, strings

QUESTION = "Does velorite increase tomato yield?"


@dataclass(frozen=True)
class World:
    """`asked` is the conversation with an honest answer, `evil` the one whose answer is hostile."""

    assistant: Assistant
    asked: str
    evil: str
    paper: str

    @property
    def screens(self) -> tuple[str, ...]:
        """The hash of every screen."""
        return (
            f"chat/{self.asked}",
            "library",
            f"library/paper/{self.paper}",
            "history",
            "review",
            "training",
            "settings",
        )

    def content(self) -> str:
        """All that papers and readers wrote, which no page translates: its letters, a blank between words."""
        papers = self.assistant.papers()
        store = self.assistant._open().store
        texts = [page.text for paper in papers for page in store.document(paper.id).pages]
        texts += [p.text for paper in papers for p in self.assistant.passages(paper.id)]
        names = [" ".join((p.title, *p.authors, p.venue, *(str(x) for x in p.paths))) for p in papers]
        for turn in self.assistant.history().turns(self.asked):
            assert turn.answer is not None
            names += turn.answer.follow_ups  # in the language of the question
            names += [f"{name.split()[-1]} et al" for e in turn.answer.evidence for name in e.paper.authors]
        return letters(" ".join([*texts, *names, QUESTION, *strings()]))


def letters(text: str) -> str:
    """Only the words of a text, in small letters."""
    return " ".join(re.findall(r"[^\W\d_]+", text.lower()))


def make_world(folder: Path, samples: Path) -> World:
    """Over a copy of a library of the samples."""
    assistant = Assistant(shutil.copytree(samples, folder / "library"))
    talk = assistant.conversation()
    answer = talk.ask(QUESTION)
    papers = assistant.papers()
    for paper, evil in zip(papers[1:], shared_out(len(papers) - 1), strict=True):
        assistant.edit(paper.id, title=evil[:2000], authors=[evil[:200], evil[200:400]])
    evil_id = _evil_answer(assistant, answer)
    _training(assistant)
    return World(assistant, talk.id, evil_id, papers[-1].id)


def _evil_answer(assistant: Assistant, honest: Answer) -> str:
    """A conversation whose title, answer, steps, quotes and remarks are hostile."""
    history, all_of_them = assistant.history(), strings()
    evidence = tuple(
        replace(
            e,
            text=text,
            passage=replace(e.passage, text=text, section=text[:500]),
            paper=replace(e.paper, title=text[:500]),
        )
        for e, text in zip(honest.evidence, shared_out(len(honest.evidence)), strict=True)
    )
    steps = tuple(
        ReasoningStep(StepKind.CONCLUSION, f"{text} [1]", (1,), quote=text, note=text) for text in shared_out(20)
    )
    text = "\n".join(f"{s} [1]." for s in all_of_them)
    answer = replace(honest, text=text, evidence=evidence, steps=steps, follow_ups=tuple(shared_out(3)))
    turn = history.begin(
        "", " ".join(all_of_them[:40]), standalone=all_of_them[0], mode="ask", asked=Asked("x"), state=0
    )
    turn = history.finish(turn, answer)
    for evil in shared_out(8):
        add_feedback(history, turn.id, "wrong citation", step=1, evidence=1, text=evil[:4000])
    return turn.conversation


def _training(assistant: Assistant) -> None:
    """A training that failed, with hostile name, rows and log."""
    training = assistant.workshop().training()
    folder = background.new_folder(training.home)
    evil = shared_out(2)
    arguments = (
        "finetune",
        "--task=claims",
        f"--method={evil[0]}",
        "--epochs=2",
        "--batch-size=8",
        f"--base={evil[0]}",
    )
    background._save(Run(folder, "training", evil[0], arguments, "2026-11-24 20:00", 2**22 + 1, 1.0))
    adapter = folder / "adapter"
    adapter.mkdir()
    numbers = [
        {"step": 1, "loss": 2.0, "seconds": 1.0},
        {"step": 2, "loss": 1.25, "seconds": 2.0},
        {"step": 2, "f1": 0.5},
    ]
    (adapter / "log.jsonl").write_text("".join(json.dumps(x) + "\n" for x in numbers))
    (folder / "log.txt").write_text(f"train: 8 rows, held back: 2\n{evil[1]}\nerror: {evil[1]}\n", errors="replace")
    (folder / "exit").write_text("1")
