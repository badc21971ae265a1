"""Trainings as HTML: pure functions from what is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.background import Run, State, log, reason, state
from assistant.errors import UsageError
from assistant.training_runs import METHODS, TASKS, Choices, Progress, option
from assistant.ui.curves import Line, Range, chart, span
from assistant.ui.markup import escape
from assistant.ui.words import Words

if TYPE_CHECKING:
    from assistant.training_runs import Training

LOG_LINES = 40
ICONS = {"running": "◐", "done": "✓", "stopped": "■", "failed": "✗", "interrupted": "‖"}
SOURCES = ("review", "upload", "path")
NUMBERS = {"epochs": ("1", "1000"), "rank": ("1", "1024"), "batch_size": ("1", "4096"), "max_tokens": ("16", "131072")}
"""Fields of the form that are whole numbers, with least and most."""
DEFAULTS = Choices(Path())
DECIMAL = 'inputmode="decimal"'
MEASURES = (
    "n", "macro_f1", "accuracy", "claim_only_macro_f1", "evidence_only_macro_f1", "false_supports", "ece_before", "ece",
    "reasoning", "valid_format", "citation_recall", "citation_precision", "label_accuracy",
)  # fmt: skip
"""Numbers of a report that are shown, where it has them, in this order."""


@dataclass(slots=True)
class Chosen:
    """The form as it was sent: text throughout, "" for what was left empty."""

    source: str = "review"
    path: str = ""
    name: str = ""
    task: str = "claims"
    base: str = ""
    method: str = "lora"
    epochs: str = ""
    rank: str = ""
    batch_size: str = ""
    max_tokens: str = ""
    learning_rate: str = ""
    test: str = ""
    seed: str = ""
    skip_bad: str = ""
    go_on: str = ""

    def choices(self, train: Path, *, alone: bool) -> Choices:
        """What they mean. Raises UsageError for a number that is none."""
        numbers = {n: int(_number(n, v)) for n in (*NUMBERS, "seed") if (v := getattr(self, n).strip())}
        rate = _number("learning_rate", self.learning_rate) if self.learning_rate.strip() else 0.0
        test = Path(self.test.strip()).expanduser() if alone and self.test.strip() else None
        return Choices(
            train, test, task=self.task, base=self.base.strip(), method=self.method, learning_rate=rate,
            skip_bad=bool(self.skip_bad), go_on=bool(self.go_on), **numbers,
        )  # fmt: skip


CHOSEN = tuple(f.name for f in fields(Chosen))


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{name} is {text[:20]!r}, which is no number") from error


@dataclass(frozen=True, slots=True)
class Seen:
    """A training as it was found at one moment."""

    run: Run
    state: State
    progress: Progress
    report: Mapping[str, Any] | None
    log: Sequence[str]
    reason: str

    @property
    def is_running(self) -> bool:
        return self.state is State.RUNNING


def seen(training: Training, run: Run) -> Seen:
    """All that is known of a training now."""
    now = state(run)
    report = training.report(run) if now is State.DONE else None
    return Seen(run, now, training.progress(run), report, log(run)[-LOG_LINES:], reason(run))


def screen(words: Words, *, reviewed: int, alone: bool) -> str:
    """The whole screen; lists and panel ask for themselves."""
    return (
        f"<h2>{escape(words('training.title'))}</h2>"
        f'<p class="intro">{escape(words("training.intro"))}</p>'
        '<div id="training-run" data-from="/screens/training/run" data-on="training"></div>'
        f'<details id="training-new" class="card"><summary>{escape(words("training.new"))}</summary>'
        f"{form(words, reviewed=reviewed, alone=alone)}</details>"
        '<div id="training-runs" data-from="/screens/training/runs" data-on="training"></div>'
        '<div id="training-adapters" data-from="/screens/training/adapters" data-on="adapters training"></div>'
    )


def none_yet(words: Words) -> str:
    """In place of a training where there is none."""
    return f'<p class="note">{escape(words("training.none"))}</p>'


# The form


def form(words: Words, *, reviewed: int, alone: bool) -> str:
    """What a training is to learn from, and how."""
    names = "".join(f'<option value="{t}">{escape(words(f"training.task.{t}"))}</option>' for t in TASKS)
    methods = "".join(f'<option value="{m}">{escape(words(f"training.method.{m}"))}</option>' for m in METHODS)
    return (
        '<form data-to="/screens/training/start" data-into="#training-run" class="training">'
        f"{_sources(words, reviewed=reviewed, alone=alone)}"
        f'<div class="fields">{_select(words, "task", names)}{_text(words, "base")}{_select(words, "method", methods)}'
        f"{_whole(words, 'epochs', DEFAULTS.epochs)}{_text(words, 'name')}</div>"
        f'<details id="training-more"><summary>{escape(words("training.more"))}</summary><div class="fields">'
        f"{_whole(words, 'rank', DEFAULTS.rank)}{_whole(words, 'batch_size', DEFAULTS.batch_size)}"
        f"{_whole(words, 'max_tokens', DEFAULTS.max_tokens)}"
        f"{_text(words, 'learning_rate', DECIMAL)}"
        f"{_text(words, 'test') if alone else ''}{_tick(words, 'go_on')}{_tick(words, 'skip_bad')}</div></details>"
        f'<p><button class="main" type="submit">{escape(words("training.start"))}</button></p></form>'
    )


def _sources(words: Words, *, reviewed: int, alone: bool) -> str:
    upload = f'<input type="file" name="rows" accept=".jsonl,.csv,.tsv" aria-label="{escape(words("training.file"))}">'
    path = f'<input type="text" name="path" autocomplete="off" aria-label="{escape(words("training.path"))}">'
    beside = {"review": "", "upload": upload, "path": path}
    first = "review" if reviewed else "upload"
    rows = "".join(
        f'<p class="source"><label><input type="radio" name="source" value="{s}"'
        f"{' checked' if s == first else ''}{' disabled' if s == 'review' and not reviewed else ''}> "
        f"{escape(words(f'training.source.{s}', n=reviewed))}</label> {beside[s]}</p>"
        for s in SOURCES
        if alone or s != "path"
    )
    note = escape(words("training.rows.form"))
    return (
        f'<fieldset><legend>{escape(words("training.rows.title"))}</legend>{rows}<p class="note">{note}</p></fieldset>'
    )


def _field(words: Words, name: str, control: str) -> str:
    return (
        f'<p class="field"><label for="training-{name}">{escape(words(f"training.{name}.label"))}</label>{control}'
        f'<span class="note" id="training-{name}-note">{escape(words(f"training.{name}.note"))}</span></p>'
    )


def _named(name: str) -> str:
    return f'id="training-{name}" name="{name}" aria-describedby="training-{name}-note"'


def _select(words: Words, name: str, options: str) -> str:
    return _field(words, name, f"<select {_named(name)}>{options}</select>")


def _text(words: Words, name: str, more: str = "") -> str:
    return _field(words, name, f'<input type="text" {_named(name)} autocomplete="off" {more}>')


def _whole(words: Words, name: str, value: int) -> str:
    low, high = NUMBERS[name]
    return _field(words, name, f'<input type="number" {_named(name)} min="{low}" max="{high}" value="{value}">')


def _tick(words: Words, name: str) -> str:
    return _field(words, name, f'<input type="checkbox" {_named(name)} value="yes">')


# The list


def runs(found: Sequence[Seen], words: Words) -> str:
    """A table of trainings; each opens its panel."""
    if not found:
        return ""
    names = ("what", "state", "when", "score", "open")
    head = "".join(f'<th scope="col">{escape(words(f"training.runs.{n}"))}</th>' for n in names)
    return (
        f'<section><h3>{escape(words("training.runs.title"))}</h3><div class="scrolls" tabindex="0" role="region" '
        f'aria-label="{escape(words("training.runs.title"))}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(_row(s, words) for s in found)}</tbody></table></div></section>"
    )


def _row(s: Seen, words: Words) -> str:
    best = max((look.value for look in s.progress.looks), default=None)
    show = escape(words("training.runs.show.button"))
    named = escape(words("training.runs.show.label", title=s.run.title))
    button = f'<button class="plain" name="run" value="{s.run.id}" aria-label="{named}">{show}</button>'
    cells = (
        f'<span dir="auto">{escape(s.run.title)}</span>',
        badge(s.state, words),
        escape(s.run.created),
        "—" if best is None else f"{best:.3f}",
        f'<form data-to="/screens/training/show" data-into="#training-run">{button}</form>',
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def badge(found: State, words: Words) -> str:
    """Icon and word."""
    name = escape(words(f"training.state.{found}"))
    return f'<span class="state {found}"><span aria-hidden="true">{ICONS[found]}</span> {name}</span>'


# One training


def panel(s: Seen, words: Words, *, alone: bool) -> str:
    """One training: where it stands, its buttons, its curves, its log, in the end its report."""
    live = f'<div data-from="/screens/training/runs/{s.run.id}/live" data-every="2000">{progress(s, words)}</div>'
    report = report_html(s, words) if s.report else ""
    return (
        f'<section class="card run" aria-label="{escape(words("training.run"))}"><h3 dir="auto">{escape(s.run.title)}'
        f"</h3>{_made_of(s, words)}{_buttons(s, words, alone=alone)}{report}"
        f"{live if s.is_running else progress(s, words)}</section>"
    )


def _made_of(s: Seen, words: Words) -> str:
    base = option(s.run, "base") or words("training.base.builtin")
    epochs, method = option(s.run, "epochs"), option(s.run, "method")
    return f'<p class="note">{escape(words("training.made", method=method, base=base, epochs=epochs))}</p>'


def _buttons(s: Seen, words: Words, *, alone: bool) -> str:
    if s.is_running:
        wanted: tuple[str, ...] = ("stop",)
    elif s.state is State.DONE:
        claims = option(s.run, "task") == "claims"
        wanted = ("promote", "remove") if alone and claims else ("remove",)
    else:
        wanted = ("resume", "remove")
    return f'<div class="buttons">{"".join(_button(s.run, name, words) for name in wanted)}</div>'


def _button(run: Run, name: str, words: Words) -> str:
    into = "#training-adapters" if name == "promote" else "#training-run"
    ask = f' data-ask="{escape(words("training.button.sure"))}"' if name == "remove" else ""
    style = "main" if name in ("promote", "resume") else "plain"
    return (
        f'<form data-to="/screens/training/{name}" data-into="{into}"><button class="{style}" name="run"'
        f' id="training-{name}" value="{run.id}"{ask}>{escape(words(f"training.button.{name}"))}</button></form>'
    )


def progress(s: Seen, words: Words) -> str:
    """State, bar, curves and log."""
    p = s.progress
    why = f'<p class="notice" dir="auto">{escape(s.reason)}</p>' if s.reason and not s.is_running else ""
    lost = f'<p class="notice">{escape(words("training.lost"))}</p>' if s.state is State.INTERRUPTED else ""
    return (
        f"<p>{badge(s.state, words)} {_far(p, words)}</p>{why}{lost}{_bar(s, words)}{_curves(p, words)}{_log(s, words)}"
    )


def _far(p: Progress, words: Words) -> str:
    if not p.loss:
        return escape(words("training.begins"))
    said = words("training.step", step=p.step, steps=p.steps or "?")
    if p.seconds_left and p.step < p.steps:
        said += " · " + words("training.left", minutes=max(1, round(p.seconds_left / 60)))
    return f'<span class="note">{escape(said)}</span>'


def _bar(s: Seen, words: Words) -> str:
    p = s.progress
    if not p.steps or not s.is_running:
        return ""
    return f'<progress max="{p.steps}" value="{p.step}" aria-label="{escape(words("training.bar"))}"></progress>'


def _curves(p: Progress, words: Words) -> str:
    if not p.loss:
        return ""
    steps = Range(words("training.curve.step"), 0, max(p.steps, p.step))
    drawn = [_loss(p, steps, words)]
    if p.looks:
        name = words("training.curve.score.name")
        label = words("training.curve.score.label", last=f"{p.looks[-1].value:.3f}", n=len(p.looks))
        line = Line(name, p.looks, "second", dots=True)
        drawn.append(chart([line], steps, Range(name, 0, 1), label=label))
    return f'<div class="curves">{"".join(drawn)}</div>'


def _loss(p: Progress, steps: Range, words: Words) -> str:
    name = words("training.curve.loss.name")
    label = words("training.curve.loss.label", first=f"{p.loss[0].value:.3f}", last=f"{p.loss[-1].value:.3f}")
    return chart([Line(name, p.loss)], steps, span(p.loss, name), label=label)


def _log(s: Seen, words: Words) -> str:
    if not s.log:
        return ""
    lines = escape("\n".join(s.log))
    name = escape(words("training.log"))
    return (
        f'<details id="training-log"><summary>{name}</summary>'
        f'<pre class="log" tabindex="0" role="region" aria-label="{name}" lang="en">{lines}</pre></details>'
    )


def report_html(s: Seen, words: Words) -> str:
    """The main numbers, the reliability diagram, and the whole report to keep."""
    report = s.report or {}
    known = [(name, report[name]) for name in MEASURES if isinstance(report.get(name), int | float)]
    rows = "".join(
        f'<tr><th scope="row">{escape(words(f"training.measure.{name}"))}</th><td>{_figure(value)}</td></tr>'
        for name, value in known
    )
    link = (
        f'<a href="/screens/training/runs/{s.run.id}/report.html" download>{escape(words("training.report.all"))}</a>'
    )
    caption = escape(words("training.report.title"))
    diagram = reliability(report.get("reliability"), words)
    return f'<table class="numbers"><caption>{caption}</caption><tbody>{rows}</tbody></table>{diagram}<p>{link}</p>'


def _figure(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def reliability(bins: Any, words: Words) -> str:
    """The reliability diagram: in each bin, how sure it was and how often it was right. "" where nothing is known."""
    if not isinstance(bins, list) or not bins:
        return ""
    points = [(float(sure), float(right)) for sure, right, _ in bins]
    x, y = Range(words("training.curve.sure"), 0, 1), Range(words("training.curve.right"), 0, 1)
    gap = sum(abs(a - b) for a, b in points) / len(points)
    lines = [
        Line(words("training.curve.ideal"), [(0, 0), (1, 1)], "ideal"),
        Line(words("training.curve.seen"), points, "first", dots=True),
    ]
    return chart(lines, x, y, label=words("training.curve.reliability", n=len(points), gap=f"{100 * gap:.0f}"))


# Adapters


def adapters(found: Sequence[Mapping[str, Any]], words: Words, *, alone: bool) -> str:
    """What can judge claims, and which does."""
    names = ("name", "made", "score", "use")
    head = "".join(f'<th scope="col">{escape(words(f"training.adapters.{n}"))}</th>' for n in names)
    rows = "".join(_adapter(a, words, alone=alone) for a in found if a["task"] == "claims")
    back = (
        '<form data-to="/screens/training/roll-back" data-into="#training-adapters"><button class="plain">'
        f"{escape(words('training.adapters.back'))}</button></form>"
    )
    return (
        f'<section><h3>{escape(words("training.adapters.title"))}</h3><div class="scrolls" tabindex="0" role="region"'
        f' aria-label="{escape(words("training.adapters.title"))}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{back if alone else ''}</section>"
    )


def _adapter(a: Mapping[str, Any], words: Words, *, alone: bool) -> str:
    score = a.get("macro_f1")
    use = (
        f'<span class="state done"><span aria-hidden="true">✓</span> {escape(words("training.adapters.active"))}</span>'
    )
    if not a["active"]:
        named = escape(words("training.adapters.take.label", name=a["name"]))
        use = (
            '<form data-to="/screens/training/promote" data-into="#training-adapters"><button class="plain"'
            f' name="adapter" value="{escape(a["name"])}" aria-label="{named}">'
            f"{escape(words('training.adapters.take.button'))}</button></form>"
        )
    cells = (
        escape(str(a["name"])),
        escape(str(a["created"])),
        "—" if score is None else f"{score:.3f}",
        use if a["active"] or alone else "",
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
