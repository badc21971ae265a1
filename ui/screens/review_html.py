"""The review queue as HTML. What the model said, and what the reader said of it, stand on the page only once there is
a blind label. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from assistant import Evidence, Label
from assistant.history.review import Item
from assistant.phrases import VERDICTS
from assistant.ui.markup import escape
from assistant.ui.screens.history_html import time_html
from assistant.ui.words import Words

NAMES = {Label.SUPPORTS: "supports", Label.REFUTES: "refutes", Label.NOT_ENOUGH_INFO: "unclear"}
KEYS = {Label.SUPPORTS: "s", Label.REFUTES: "r", Label.NOT_ENOUGH_INFO: "n"}
"""The key that gives a label; `assets/review.js` presses the button that bears it."""
SKIP_KEY = "k"
LISTED = 100
"""Items named beside the open one, at most."""
CUT = 100
"""Characters of a claim or question in the list."""
LONGEST_CLAIM, LONGEST_NOTE = 2000, 4000
"""Characters."""


def screen_html(
    queue: Sequence[Item], done: Sequence[Item], *, reviewed: bool, shown: Item | None, words: Words
) -> str:
    """The screen: which of the two lists, the list, the item that is open."""
    listed = done if reviewed else queue
    none = "review.none_reviewed" if reviewed else "review.none"
    body = (
        f'<p class="card">{escape(words(none))}</p>'
        if shown is None
        else f'<div class="review">{item_html(shown, words, reviewed)}{_list(listed, shown, reviewed, words)}</div>'
    )
    return (
        f"<h2>{escape(words('review.title'))}</h2>"
        f'<p class="note prose">{escape(words("review.what"))}</p>'
        f"{_tabs(len(queue), len(done), reviewed, words)}{_tally(done, words)}{body}"
    )


def item_html(item: Item, words: Words, reviewed: bool = False) -> str:
    """One item to label: its claim, its passage, the labels to give; what was said of it once it is labelled blind."""
    asked = f'<p class="note">{escape(words("review.asked"))} <bdi>{escape(item.answer.question)}</bdi></p>'
    hidden = f'<input type="hidden" name="item" value="{item.id}">'
    hidden += '<input type="hidden" name="reviewed" value="1">' if reviewed else ""
    return (
        f'<section class="item" aria-labelledby="item-name"><h3 id="item-name">'
        f"{escape(words('review.item', n=item.id))}</h3>{asked}"
        f'<form data-to="/screens/review/label">{hidden}{_claim(item, words)}{_passages(item, words)}'
        f"{_revealed(item, words) if item.blind else ''}{_labels(item, words)}{_note(item, words)}</form>"
        f'<form data-to="/screens/review/forget">{hidden}<button class="plain quiet" data-ask="'
        f'{escape(words("review.forget.sure"))}">{escape(words("review.forget.label"))}</button></form></section>'
    )


def badge(label: Label | None, words: Words) -> str:
    """A label as icon and word."""
    if label is None:
        return f'<span class="badge unclear">{escape(words("review.label.none"))}</span>'
    style, icon, _ = VERDICTS[label]
    name = escape(words(f"review.label.{NAMES[label]}"))
    return f'<span class="badge {style}"><span aria-hidden="true">{icon}</span> {name}</span>'


def _tabs(n_open: int, n_done: int, reviewed: bool, words: Words) -> str:
    buttons = "".join(
        f'<button class="plain" name="reviewed" value="{value}" aria-pressed="{str(on).lower()}">'
        f"{escape(words(f'review.tab.{name}', n=n))}</button>"
        for name, value, n, on in (("open", "", n_open, not reviewed), ("done", "1", n_done, reviewed))
    )
    return f'<form class="tabs" data-to="/screens/review">{buttons}</form>'


def _tally(done: Sequence[Item], words: Words) -> str:
    """How often the reviewers saw it otherwise than the model, and the file to train on."""
    if not done:
        return ""
    judged = [i for i in done if i.model_label is not None]
    otherwise = sum(i.model_label is not i.label for i in judged)
    trains = escape(words("review.export", n=sum(i.trains for i in done)))
    return (
        f'<p class="note">{escape(words("review.tally", n=len(judged), otherwise=otherwise))} '
        f'<a href="/screens/review/claims.jsonl">{trains}</a></p>'
    )


def _list(listed: Sequence[Item], shown: Item, reviewed: bool, words: Words) -> str:
    """The items of the list by claim or question: nothing of the model's, nothing of the reader's."""
    value = "1" if reviewed else ""
    items = "".join(
        f'<li><button class="plain" name="item" value="{i.id}"{_current(i, shown)} dir="auto">'
        f"{escape(_cut(i.claim or i.answer.question))}</button> {time_html(i.created)}"
        f"{_outcome(i, words) if reviewed else ''}</li>"
        for i in listed[:LISTED]
    )
    return (
        f'<form class="queue" data-to="/screens/review" aria-label="{escape(words("review.list"))}">'
        f'<input type="hidden" name="reviewed" value="{value}"><ol>{items}</ol></form>'
    )


def _current(item: Item, shown: Item) -> str:
    return ' aria-current="true"' if item.id == shown.id else ""


def _outcome(item: Item, words: Words) -> str:
    left_out = "" if item.trains else f' <span class="note">{escape(words("review.untrained"))}</span>'
    return f"<br>{badge(item.label, words)}{left_out}"


def _cut(text: str) -> str:
    return text if len(text) <= CUT else f"{text[:CUT]} …"


def _claim(item: Item, words: Words) -> str:
    hint = "" if item.claim else f'<p class="note" id="claim-hint">{escape(words("review.claim.hint"))}</p>'
    described = "" if item.claim else ' aria-describedby="claim-hint"'
    return (
        f'<label for="review-claim">{escape(words("review.claim.label"))}</label>{hint}'
        f'<textarea id="review-claim" name="claim" rows="2" required maxlength="{LONGEST_CLAIM}" dir="auto"{described}>'
        f"{escape(item.claim)}</textarea>"
    )


def _passages(item: Item, words: Words) -> str:
    """The passage that is judged; where it is not settled, those of the answer to choose from."""
    if item.passage is not None:
        chosen = f'<input type="hidden" name="quote" value="{item.passage.n}">'
        return f'<p class="label">{escape(words("review.passage"))}</p>{_passage(item.passage)}{chosen}'
    if not item.answer.evidence:
        return f'<p class="note">{escape(words("review.no_passage"))}</p>'
    choices = "".join(
        f'<div class="choice"><input type="radio" name="quote" value="{e.n}" id="quote-{e.n}" required>'
        f'<label for="quote-{e.n}">[{e.n}]</label>{_passage(e)}</div>'
        for e in item.answer.evidence
    )
    return f"<fieldset><legend>{escape(words('review.choose'))}</legend>{choices}</fieldset>"


def _passage(e: Evidence) -> str:
    """A quote within its passage, and where it comes from. Not what it was taken for."""
    whole, quote = " ".join(e.passage.text.split()), " ".join(e.text.split())
    before, found, after = whole.partition(quote)
    inner = f"{escape(before)}<mark>{escape(found)}</mark>{escape(after)}" if found else escape(whole)
    page = f", {e.page}" if e.page is not None else ""
    return (
        f'<blockquote dir="auto">{inner}</blockquote>'
        f'<p class="note"><cite dir="auto">{escape(e.paper.title)}</cite>{page}</p>'
    )


def _revealed(item: Item, words: Words) -> str:
    """What is shown once the blind label is given: it, the model's, and what the reader said."""
    kind = escape(words(f"review.kind.{item.kind.name.lower()}"))
    said = f" <q dir='auto'>{escape(item.text)}</q>" if item.text else ""
    rows = [("review.blind", badge(item.blind, words)), ("review.model", badge(item.model_label, words))]
    rows.append(("review.reader", f"{kind}{said}"))
    if item.label:
        rows.append(("review.final", badge(item.label, words)))
    listed = "".join(f"<dt>{escape(words(key))}</dt><dd>{value}</dd>" for key, value in rows)
    return f'<dl class="revealed" role="status">{listed}</dl>'


def _labels(item: Item, words: Words) -> str:
    ask = "review.again" if item.blind else "review.first"
    kept = item.label or item.blind
    buttons = "".join(
        f'<button class="{"main" if label is kept else "plain"}" name="given" value="{label}" data-key="{KEYS[label]}"'
        f' aria-keyshortcuts="{KEYS[label]}">{escape(words(f"review.label.{name}"))} <kbd>{KEYS[label].upper()}</kbd>'
        "</button>"
        for label, name in NAMES.items()
    )
    skip = (
        f'<button class="plain" name="given" value="skip" formnovalidate data-key="{SKIP_KEY}"'
        f' aria-keyshortcuts="{SKIP_KEY}">{escape(words("review.skip"))} <kbd>{SKIP_KEY.upper()}</kbd></button>'
    )
    return (
        f'<div class="labels" role="group" aria-labelledby="labels-name"><p class="label" id="labels-name">'
        f"{escape(words(ask))}</p>{buttons}{skip}</div>"
    )


def _note(item: Item, words: Words) -> str:
    return (
        f'<label for="review-note">{escape(words("review.note"))}</label>'
        f'<textarea id="review-note" name="note" rows="2" maxlength="{LONGEST_NOTE}" dir="auto">'
        f"{escape(item.note)}</textarea>"
    )
