"""The files handed in, as a table; and the bar by which a removal is taken back. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from assistant import Paper, Task, TaskState
from assistant.ui.markup import escape
from assistant.ui.screens.library_faults import fault_of
from assistant.ui.words import Words

STEPS = ("received", "checked", "parsed", "embedded", "indexed")
SHOWN = 60
"""Rows of the table; what is at work and what needs the reader comes first."""
RUNNING = (TaskState.READING, TaskState.EMBEDDING)
WELL = (TaskState.INDEXED, TaskState.FLAGGED, TaskState.UNCHANGED)
NEEDY = (TaskState.FAILED, TaskState.INTERRUPTED)
_ORDER = (RUNNING, NEEDY, (TaskState.WAITING,), (TaskState.CANCELLED,), WELL)
_LOOKS = {
    **dict.fromkeys(WELL, ("good", "✓")),
    TaskState.FLAGGED: ("warn", "✓"),
    **dict.fromkeys(NEEDY, ("bad", "✗")),
    **dict.fromkeys(RUNNING, ("", "…")),
}
"""State -> class and icon."""
_CHECKED, _PARSED, _EMBEDDED = 10, 80, 95
"""Per cent of a file's way at which it is checked, parsed, embedded; reading takes most of the time."""


def jobs(tasks: Sequence[Task], now: float, words: Words) -> str:
    """The jobs table with what it comes to; nothing where no file was handed in."""
    if not tasks:
        return ""
    rows = "".join(_row(task, now, words) for task in sorted(tasks, key=_place)[:SHOWN])
    columns = ("file", "state", "progress", "time", "actions")
    head = "".join(f'<th scope="col">{escape(words(f"library.jobs.{column}"))}</th>' for column in columns)
    more = f'<p class="note">{escape(words("library.jobs.more", n=len(tasks) - SHOWN))}</p>' * (len(tasks) > SHOWN)
    return (
        f'<section id="jobs" aria-labelledby="jobs-title">{_head(tasks, words)}<div class="scrolls">'
        f'<table class="jobs"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{more}</section>'
    )


def _place(task: Task) -> tuple[int, int]:
    """For sorting: what comes next comes first, of what is over the last."""
    group = next(n for n, states in enumerate(_ORDER) if task.state in states)
    return group, task.id if task.state in (TaskState.WAITING, *RUNNING) else -task.id


def _head(tasks: Sequence[Task], words: Words) -> str:
    done = sum(t.state in (*WELL, *NEEDY, TaskState.CANCELLED) for t in tasks)
    needy = sum(t.state in NEEDY for t in tasks)
    said = words("library.jobs.summary", done=done, all=len(tasks))
    said += f" · {words('library.jobs.need', n=needy)}" if needy else ""
    buttons = _button("clear", words("library.jobs.clear")) if any(t.state in WELL for t in tasks) else ""
    if done < len(tasks):
        buttons += _button("stop", words("library.jobs.stop"), ask=words("library.jobs.stop_sure"))
    return (
        f'<div class="jobs-head"><h3 id="jobs-title">{escape(words("library.jobs.heading"))}</h3>'
        f'<span class="note">{escape(said)}</span>'
        f'<form data-to="/screens/library/tasks" data-into="#library-live">{buttons}</form>'
        f'<progress max="{len(tasks)}" value="{done}" aria-labelledby="jobs-title"></progress></div>'
    )


def _row(task: Task, now: float, words: Words) -> str:
    look, icon = _LOOKS.get(task.state, ("", "·"))
    state = escape(words(f"library.state.{task.state}"))
    return (
        f'<tr id="job-{task.id}" data-state="{task.state}"><td class="name" dir="auto">{escape(task.name)}</td>'
        f'<td><span class="state {look}"><span aria-hidden="true">{icon}</span> {state}</span>'
        f"{_steps(task, words)}{_reason(task, words)}</td><td>{_progress(task, words)}</td>"
        f'<td class="number">{escape(_time(task, now, words))}</td><td>{_actions(task, words)}</td></tr>'
    )


def _steps(task: Task, words: Words) -> str:
    """The steps of the way, those behind it marked."""
    if task.state in (*WELL, TaskState.CANCELLED):
        return ""
    past = past_steps(task)
    items = "".join(
        f'<li class="{"past" if n < past else ""}"><span aria-hidden="true">{"●" if n < past else "○"}</span> '
        f"{escape(words(f'library.step.{step}'))}</li>"
        for n, step in enumerate(STEPS)
        if n < past or task.state in (TaskState.WAITING, *RUNNING)
    )
    return f'<ol class="steps5" aria-label="{escape(words("library.jobs.steps_label"))}">{items}</ol>'


def past_steps(task: Task) -> int:
    """How many of STEPS are behind a file."""
    if task.state in WELL:
        return len(STEPS)
    if task.state in NEEDY and task.path is None:
        return 1
    return 3 if task.state is TaskState.EMBEDDING else 2


def per_cent(task: Task) -> int:
    """How far a file has come, 0 to 100."""
    if task.state is TaskState.EMBEDDING:
        return _EMBEDDED
    if task.state is TaskState.READING and task.pages:
        return _CHECKED + round((_PARSED - _CHECKED) * task.page / task.pages)
    return 100 if task.state in WELL else _CHECKED


def _progress(task: Task, words: Words) -> str:
    if task.state not in (TaskState.WAITING, *RUNNING):
        return ""
    page = task.state is TaskState.READING and task.pages
    said = f"{per_cent(task)} %"
    said += f" · {words('library.jobs.page', page=task.page, pages=task.pages)}" if page else ""
    label = escape(task.name)
    return f'<progress max="100" value="{per_cent(task)}" aria-label="{label}"></progress> <span>{escape(said)}</span>'


def _time(task: Task, now: float, words: Words) -> str:
    if task.begun is None:
        return ""
    seconds = max(0, round((task.ended or now) - task.begun))
    if seconds < 60:
        return words("library.jobs.seconds", n=seconds)
    return words("library.jobs.minutes", m=seconds // 60, n=seconds % 60)


def _reason(task: Task, words: Words) -> str:
    """What went wrong and the way on, in the reader's language; what the engine said, folded away."""
    if task.state is TaskState.INTERRUPTED:
        return f'<p class="why">{escape(words("library.fault.interrupted"))}</p>'
    if not task.reason or task.state in (TaskState.CANCELLED, *RUNNING):
        return ""
    own = "" if task.state in WELL else f'<p class="why">{escape(words(f"library.fault.{fault_of(task.reason)}"))}</p>'
    return (
        f'{own}<details id="job-{task.id}-why"><summary>{escape(words("library.jobs.details"))}</summary>'
        f'<p class="note" lang="en" dir="auto">{escape(task.reason)}</p></details>'
    )


def _actions(task: Task, words: Words) -> str:
    """The buttons that make sense for a file in this state."""
    if task.state in (TaskState.WAITING, *RUNNING):
        does = _form(task, _action(task, "cancel", words))
    else:
        retry = task.path is not None and task.state not in WELL
        does = _unlock(task, words) if retry and fault_of(task.reason) in ("password", "password_wrong") else ""
        plain = _action(task, "retry", words) if retry and not does else ""
        does += _form(task, plain + _action(task, "remove", words))
    look = ""
    if task.paper_id and task.state in WELL:
        said = words("library.jobs.look")
        name = escape(words("library.do.of", action=said, name=task.name))
        look = f'<a href="#library/paper/{escape(task.paper_id)}" aria-label="{name}">{escape(said)}</a>'
    return f'<div class="does">{look}{does}</div>'


def _form(task: Task, inner: str) -> str:
    return f'<form data-to="/screens/library/tasks/{task.id}" data-into="#library-live">{inner}</form>'


def _action(task: Task, action: str, words: Words) -> str:
    said = words(f"library.do.{action}")
    name = words("library.do.of", action=said, name=task.name)
    return (
        f'<button class="plain" id="job-{task.id}-{action}" name="do" value="{action}" aria-label="{escape(name)}">'
        f"{escape(said)}</button>"
    )


def _unlock(task: Task, words: Words) -> str:
    label = escape(words("library.jobs.password", name=task.name))
    return _form(
        task,
        f'<input type="password" id="job-{task.id}-password" name="password" autocomplete="off" maxlength="127"'
        f' required aria-label="{label}"><button class="main" name="do" value="retry">'
        f"{escape(words('library.jobs.unlock'))}</button>",
    )


def _button(action: str, said: str, *, ask: str = "") -> str:
    asks = f' data-ask="{escape(ask)}"' if ask else ""
    return f'<button class="plain" id="jobs-{action}" name="do" value="{action}"{asks}>{escape(said)}</button> '


def undo(leaving: Sequence[tuple[Paper, float]], words: Words) -> str:
    """The bar by which the papers being removed are kept after all."""
    if not leaving:
        return ""
    only = leaving[0][0]
    said = (
        words("library.undo.deleted_one", title=only.title)
        if len(leaving) == 1
        else words("library.undo.deleted", n=len(leaving))
    )
    left = round(max(seconds for _, seconds in leaving))
    return (
        f'<form class="undo" data-to="/screens/library/undo" data-into="#library-live"><span dir="auto">{escape(said)}'
        f'</span><button class="main" id="undo">{escape(words("library.undo.button"))}</button>'
        f'<span class="note" aria-hidden="true">{escape(words("library.undo.left", n=left))}</span></form>'
    )
