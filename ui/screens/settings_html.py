"""The settings as HTML, and what was sent back as settings: pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from assistant import Settings
from assistant.background import Run, State, log, reason, state
from assistant.config import FILE, UNSUPPORTED, variable
from assistant.errors import UsageError
from assistant.settings_file import FIXED, Origin
from assistant.ui.curves import Line, Range, chart
from assistant.ui.markup import escape
from assistant.ui.screens.training_html import badge, reliability
from assistant.ui.words import LANGUAGES, Words
from assistant.writers import EXTRACTIVE, LOCAL, SERVER

if TYPE_CHECKING:
    from assistant.machine import Machine
    from assistant.writers.trial import Trial

KINDS = ("extractive", "local", "server")
THEMES = ("light", "dark", "system")
GB = 1e9
ABSTENTION = (
    (0.02, 0.984, 0.132), (0.05, 0.940, 0.388), (0.10, 0.888, 0.564), (0.15, 0.824, 0.688), (0.20, 0.772, 0.748),
    (0.30, 0.680, 0.820),
)  # fmt: skip
"""Threshold, share of 250 train claims of SciFact answered, and declined where their papers are left out
(benchmarks/README.md, "Answers from quotes")."""
Origins = Mapping[str, Origin]


@dataclass(slots=True)
class Wishes:
    """The form as it was sent; None for a field that was not there, since it is fixed elsewhere."""

    writer: str | None = None
    name: str = ""
    remote: str = ""
    url: str = ""
    adapter: str | None = None
    verifier: str | None = None
    answer_above: str | None = None
    quotes: str | None = None
    follow_ups: str | None = None
    unsupported: str | None = None


WISHES = tuple(f.name for f in fields(Wishes))


def changes(sent: Wishes, now: Settings, origins: Origins) -> dict[str, Any]:
    """What differs from the settings now. Raises UsageError for a number that is none."""
    wished: dict[str, Any] = {
        "model": _model(sent), "verifier": sent.verifier, "unsupported": sent.unsupported,
        "answer_above": _number(sent.answer_above, "answer_above", float),
        "quotes": _number(sent.quotes, "quotes", int), "follow_ups": _number(sent.follow_ups, "follow_ups", int),
    }  # fmt: skip
    found = {n: v for n, v in wished.items() if v is not None and v != getattr(now, n) and origins[n] not in FIXED}
    if sent.adapter is not None and origins["adapter"] not in FIXED:
        adapter = sent.adapter.strip() or None
        local = (found.get("model") or now.model).startswith(LOCAL)
        if (adapter if local else None) != now.adapter:
            found["adapter"] = adapter if local else None
    return found


def _model(sent: Wishes) -> str | None:
    if sent.writer == "local":
        return LOCAL + sent.name.strip()
    if sent.writer == "server":
        return f"{SERVER}{sent.remote.strip()}@{sent.url.strip()}"
    return EXTRACTIVE if sent.writer == "extractive" else None


def _number(text: str | None, name: str, kind: type[int] | type[float]) -> int | float | None:
    if text is None:
        return None
    try:
        return kind(text.strip())
    except ValueError as error:
        raise UsageError(f"{name} is {text[:20]!r}, which is no such number") from error


def screen(
    words: Words, *, settings: Settings, origins: Origins, adapters: Sequence[Mapping[str, Any]],
    report: Mapping[str, Any] | None, alone: bool,
) -> str:  # fmt: skip
    """All settings: a form of what is kept, the index, the machine, the looks."""
    form = _Form(words, settings, origins, alone)
    top = words("settings.intro", path=FILE) if alone else words("settings.others")
    return (
        f'<h2>{escape(words("settings.title"))}</h2><p class="intro">{escape(top)}</p>'
        f'<form data-to="/screens/settings" data-into="#screen-settings" class="settings">'
        f"{form.writer()}{form.judging(adapters, report)}"
        f'<p><button class="main" type="submit"{"" if alone else " disabled"}>{escape(words("settings.save"))}</button>'
        "</p></form>"
        '<div id="settings-index" data-from="/screens/settings/index" data-on="index library"></div>'
        f'{_look(words)}<div id="settings-machine" data-from="/screens/settings/machine"></div>'
    )


class _Form:
    """The fields of the form: each with its label, where its value comes from, and closed where that is fixed."""

    def __init__(self, words: Words, settings: Settings, origins: Origins, alone: bool) -> None:
        self.words, self.settings, self.origins, self.alone = words, settings, origins, alone

    def writer(self) -> str:
        """What writes answers, and the button that tries it."""
        model, w = self.settings.model, self.words
        kind = KINDS[2] if model.startswith(SERVER) else KINDS[1] if model.startswith(LOCAL) else KINDS[0]
        name, _, url = model.removeprefix(SERVER).partition("@") if kind == "server" else ("", "", "")
        inner = {
            "extractive": "",
            "local": self._inner("name", model.removeprefix(LOCAL) if kind == "local" else ""),
            "server": self._inner("remote", name) + self._inner("url", url),
        }
        radios = "".join(self._radio(k, k == kind) + inner[k] for k in KINDS)
        test = (
            f'<button class="plain" type="submit" formaction="/screens/settings/test" data-into="#settings-tested"'
            f"{self._closed('model')}>{escape(w('settings.writer.test'))}</button>"
        )
        return (
            f"<fieldset><legend>{escape(w('settings.writer.title'))}</legend>{self._origin('model')}{radios}"
            f'<p class="note">{escape(w("settings.writer.leaves"))}</p>'
            f'<div class="fields">{self._field("adapter", self._input("adapter", self.settings.adapter or ""))}</div>'
            f'<div class="buttons">{test}</div><div id="settings-tested" aria-live="polite"></div></fieldset>'
        )

    def _radio(self, kind: str, checked: bool) -> str:
        return (
            f'<p class="source"><label><input type="radio" name="writer" value="{kind}"{" checked" if checked else ""}'
            f"{self._closed('model')}> {escape(self.words(f'settings.writer.{kind}'))}</label></p>"
        )

    def _inner(self, name: str, value: str) -> str:
        label = escape(self.words(f"settings.writer.{name}"))
        return (
            f'<p class="field inner"><label for="settings-{name}">{label}</label>'
            f'<input type="text" id="settings-{name}" name="{name}" value="{escape(value)}" autocomplete="off"'
            f' spellcheck="false"{self._closed("model")}></p>'
        )

    def judging(self, adapters: Sequence[Mapping[str, Any]], report: Mapping[str, Any] | None) -> str:
        """What judges, from where on it answers, and the curves by which to choose."""
        s = self.settings
        fields = (
            self._field("verifier", self._verifiers(adapters)),
            self._field("answer_above", self._input("answer_above", f"{s.answer_above:g}", 'inputmode="decimal"')),
            self._field("quotes", self._input("quotes", str(s.quotes), 'inputmode="numeric"')),
            self._field("follow_ups", self._input("follow_ups", str(s.follow_ups), 'inputmode="numeric"')),
            self._field("unsupported", self._unsupported()),
        )
        return (
            f"<fieldset><legend>{escape(self.words('settings.judging.title'))}</legend>"
            f'<div class="fields">{"".join(fields)}</div>'
            f'<div class="curves">{_reliability(report, self.words)}{_abstention(self.words)}</div></fieldset>'
        )

    def _verifiers(self, adapters: Sequence[Mapping[str, Any]]) -> str:
        claims = [a for a in adapters if a["task"] == "claims"]
        active = next((str(a["name"]) for a in claims if a["active"]), "?")
        names = {"": self.words("settings.verifier.active", name=active)} | {
            str(a["name"]): str(a["name"]) for a in claims
        }
        names |= {self.settings.verifier: names.get(self.settings.verifier, self.settings.verifier)}
        return self._select("verifier", names, self.settings.verifier)

    def _unsupported(self) -> str:
        names = {u: self.words(f"settings.unsupported.{u}") for u in UNSUPPORTED}
        return self._select("unsupported", names, self.settings.unsupported)

    def _select(self, name: str, names: Mapping[str, str], chosen: str) -> str:
        options = "".join(
            f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
            for value, text in names.items()
        )
        return f"<select {self._named(name)}>{options}</select>"

    def _input(self, name: str, value: str, more: str = "") -> str:
        return f'<input type="text" {self._named(name)} value="{escape(value)}" autocomplete="off" {more}>'

    def _named(self, name: str) -> str:
        return f'id="settings-{name}" name="{name}" aria-describedby="settings-{name}-note"{self._closed(name)}'

    def _field(self, name: str, control: str) -> str:
        label, note = (escape(self.words(f"settings.{name}.{part}")) for part in ("label", "note"))
        return (
            f'<div class="field"><label for="settings-{name}">{label}</label>{control}'
            f'<span class="note" id="settings-{name}-note">{note}</span>{self._origin(name)}</div>'
        )

    def _closed(self, name: str) -> str:
        return "" if self.alone and self.origins[name] not in FIXED else " disabled"

    def _origin(self, name: str) -> str:
        origin = self.origins[name]
        text = escape(self.words(f"settings.origin.{origin}", variable=variable(name)))
        return f'<span class="origin {origin}">{text}</span>'


def trial(found: Trial, words: Words) -> str:
    """What a test of the writer showed."""
    if found.id == EXTRACTIVE:
        return f'<p class="note">{escape(words("settings.writer.quotes"))}</p>'
    said = words("settings.writer.works", name=found.id, seconds=f"{found.seconds:.1f}", tokens=found.context_tokens)
    return f'<p class="state done"><span aria-hidden="true">✓</span> {escape(said)}</p>'


def _reliability(report: Mapping[str, Any] | None, words: Words) -> str:
    drawn = reliability((report or {}).get("reliability"), words)
    if not drawn:
        return f'<p class="note">{escape(words("settings.verifier.unknown"))}</p>'
    about = words("settings.verifier.curve", n=(report or {}).get("n", "?"))
    return f'<div class="curve">{drawn}<p class="note">{escape(about)}</p></div>'


def _abstention(words: Words) -> str:
    lines = [
        Line(words("settings.answer_above.answered"), [(t, a) for t, a, _ in ABSTENTION], "first", dots=True),
        Line(words("settings.answer_above.declined"), [(t, d) for t, _, d in ABSTENTION], "second", dots=True),
    ]
    x, y = Range(words("settings.answer_above.axis"), 0, 0.32), Range(words("settings.answer_above.share"), 0, 1)
    threshold, answered, declined = min(ABSTENTION, key=lambda row: abs(row[0] - Settings().answer_above))
    said = words("settings.answer_above.chart", threshold=threshold, answered=answered, declined=declined)
    drawn = chart(lines, x, y, label=said)
    return f'<div class="curve">{drawn}<p class="note">{escape(words("settings.answer_above.curve"))}</p></div>'


# The index


def is_running(run: Run | None) -> bool:
    return run is not None and state(run) is State.RUNNING


def index(words: Words, *, embedder: str, papers: int, passages: int, run: Run | None, alone: bool) -> str:
    """What the library is embedded with; a change says what it costs before it is made."""
    title = f"<h3>{escape(words('settings.index.title'))}</h3>"
    if not papers:
        return f'<section>{title}<p class="note">{escape(words("settings.index.empty"))}</p></section>'
    now = words("settings.index.now", embedder=embedder, papers=papers, passages=passages)
    shown = embedding(run, words)
    if is_running(run):
        stop = (
            '<form data-to="/screens/settings/index/stop" data-into="#settings-index">'
            f'<button class="plain">{escape(words("settings.index.stop"))}</button></form>'
        )
        live = f'<div data-from="/screens/settings/index/live" data-every="2000">{shown}</div>'
        return f"<section>{title}<p>{escape(now)}</p>{live}{stop if alone else ''}</section>"
    return f"<section>{title}<p>{escape(now)}</p>{shown}{_embed(embedder, passages, words, alone)}</section>"


def _embed(embedder: str, passages: int, words: Words, alone: bool) -> str:
    closed = "" if alone else " disabled"
    return (
        '<form data-to="/screens/settings/index" data-into="#settings-index" class="settings">'
        f'<p class="notice">{escape(words("settings.index.warning", passages=passages))}</p>'
        f'<div class="fields"><p class="field"><label for="settings-embedder">{escape(words("settings.index.label"))}'
        f'</label><input type="text" id="settings-embedder" name="embedder" value="{escape(embedder)}"'
        f' autocomplete="off" aria-describedby="settings-embedder-note"{closed}>'
        f'<span class="note" id="settings-embedder-note">{escape(words("settings.index.note"))}</span></p></div>'
        f'<p><button class="plain" data-ask="{escape(words("settings.index.ask", passages=passages))}"{closed}>'
        f"{escape(words('settings.index.start'))}</button></p></form>"
    )


def embedding(run: Run | None, words: Words) -> str:
    """A re-index that is under way, or how the last one ended."""
    if run is None:
        return ""
    why = f'<p class="notice" dir="auto">{escape(reason(run))}</p>' if reason(run) and not is_running(run) else ""
    last = escape(log(run)[-1]) if is_running(run) and log(run) else ""
    title = escape(words("settings.index.running", embedder=run.title))
    return f'<p>{badge(state(run), words)} {title} <span class="note">{last}</span></p>{why}'


# The machine and the looks


def machine_html(m: Machine, words: Words) -> str:
    """Cores, memory, card and disk."""
    memory = words("settings.machine.free", free=f"{m.memory_free / GB:.1f}", all=f"{m.memory / GB:.1f}")
    gpu = m.gpu + (f", {m.gpu_memory / GB:.0f} GB" if m.gpu_memory else "") or words("settings.machine.none")
    rows = {"cores": str(m.cores), "memory": memory, "gpu": gpu, "disk": f"{m.disk_free / GB:.1f} GB"}
    body = "".join(
        f'<tr><th scope="row">{escape(words(f"settings.machine.{name}"))}</th><td>{escape(value)}</td></tr>'
        for name, value in rows.items()
    )
    title = escape(words("settings.machine.title"))
    return (
        f'<section><h3>{title}</h3><table class="numbers" aria-label="{title}"><tbody>{body}</tbody></table></section>'
    )


def _look(words: Words) -> str:
    languages = "".join(
        f'<a class="button" href="/language/{code}" lang="{code}"{_current(code == words.language)}>{escape(name)}</a>'
        for code, name in LANGUAGES.items()
    )
    themes = "".join(
        f'<button type="button" class="plain" data-theme="{t}">{escape(words(f"settings.look.{t}"))}</button>'
        for t in THEMES
    )
    return (
        f"<section><h3>{escape(words('settings.look.title'))}</h3>"
        f'<div class="buttons" role="group" aria-label="{escape(words("settings.look.language"))}">{languages}</div>'
        f'<div class="buttons" role="group" aria-label="{escape(words("settings.look.theme"))}">{themes}</div>'
        "</section>"
    )


def _current(is_so: bool) -> str:
    return ' aria-current="true"' if is_so else ""
