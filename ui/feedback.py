"""The form under an answer: good or bad, and what is wrong with it. Pure; where it is sent is in `screens.review`."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.ui.markup import escape
from assistant.ui.words import Words

SENT_TO = "/screens/review/feedback"
REMARKS = {"wrong citation": "citation", "wrong verdict": "verdict", "comment": "comment"}
"""What is said of an answer in words, and the key of its name."""
LONGEST = 4000
"""Characters of a remark, as `assistant.history.review` takes them."""
# Drawn here, so that no font and no file is asked for; the thumb down is the same turned over.
_THUMB = (
    '<svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor"'
    ' stroke-width="1.5" stroke-linejoin="round"{turned}><path d="M3 9h3v8H3zM6 9l3.5-6.5c1.6 0 2.4 1 2.1 2.6L11 8h4.6'
    'c1 0 1.6.9 1.4 1.8l-1.4 5.9c-.2.8-.8 1.3-1.6 1.3H6"/></svg>'
)
UP = _THUMB.format(turned="")
DOWN = _THUMB.format(turned=' class="turned"')


def feedback_html(answer: str, words: Words, *, steps: int = 0, passages: Iterable[int] = ()) -> str:
    """The form for the answer with this id, whose steps are numbered from 1 to `steps` and whose passages bear the
    numbers `passages`. The page's script sends it; what comes back takes its place."""
    place = f"feedback-{escape(answer)}"
    return (
        f'<div class="feedback" id="{place}">{_thumbs(answer, place, words)}'
        f"<details><summary>{escape(words('review.feedback.more'))}</summary>"
        f"{_remark(answer, place, words, steps, tuple(passages))}</details></div>"
    )


def thanks_html(words: Words) -> str:
    """What takes the form's place once it is sent."""
    return (
        f'<p class="note">{escape(words("review.feedback.thanks"))} '
        f'<a href="#review">{escape(words("review.feedback.queue"))}</a></p>'
    )


def _thumbs(answer: str, place: str, words: Words) -> str:
    buttons = "".join(
        f'<button class="plain" name="kind" value="{kind}">{icon} {escape(words(f"review.feedback.{kind}"))}</button>'
        for kind, icon in (("up", UP), ("down", DOWN))
    )
    return _form(answer, place, words("review.feedback.label"), buttons)


def _remark(answer: str, place: str, words: Words, steps: int, passages: tuple[int, ...]) -> str:
    kinds = "".join(
        f'<option value="{kind}">{escape(words(f"review.kind.{name}"))}</option>' for kind, name in REMARKS.items()
    )
    fields = (
        _field(words("review.feedback.what"), f'<select name="kind">{kinds}</select>')
        + _choice("step", words("review.feedback.step"), words, [(str(n), str(n)) for n in range(1, steps + 1)])
        + _choice("evidence", words("review.feedback.passage"), words, [(str(n), f"[{n}]") for n in passages])
        + _field(words("review.feedback.text"), f'<textarea name="text" rows="3" maxlength="{LONGEST}"></textarea>')
        + f'<button class="main">{escape(words("review.feedback.send"))}</button>'
    )
    return _form(answer, place, words("review.feedback.more"), fields)


def _form(answer: str, place: str, label: str, fields: str) -> str:
    return (
        f'<form data-to="{SENT_TO}" data-into="#{place}" aria-label="{escape(label)}">'
        f'<input type="hidden" name="answer" value="{escape(answer)}">{fields}</form>'
    )


def _field(name: str, control: str) -> str:
    return f"<label><span>{escape(name)}</span>{control}</label>"


def _choice(name: str, label: str, words: Words, options: list[tuple[str, str]]) -> str:
    if not options:
        return ""
    every = f'<option value="">{escape(words("review.feedback.all"))}</option>'
    listed = "".join(f'<option value="{value}">{escape(text)}</option>' for value, text in options)
    return _field(label, f'<select name="{name}">{every}{listed}</select>')
