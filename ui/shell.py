"""The frame of the page: the way between its screens, language and theme. Pure; what each screen holds is its own.

A screen but the first is an empty section until it is opened; `assets/page.js` then fills it from its `data-from`.
"""

from __future__ import annotations

from assistant.ui.markup import escape
from assistant.ui.words import LANGUAGES, Words

SCREENS = ("chat", "library", "history", "review", "training", "settings")
"""In the order of the way between them. The first is Gradio's, and open at the start."""

DEEP = frozenset({"library"})
"""Screens with addresses of their own below theirs (`#library/paper/ID`)."""


def frame(words: Words) -> str:
    """The header: name, screens, language, theme; and what the script says of its own accord."""
    return (
        f'<div id="frame" data-language="{words.language}" data-unreachable="{escape(words("frame.unreachable"))}">'
        f'<a class="skip" href="#chat">{escape(words("frame.skip"))}</a>'
        f"<header><h1>{escape(words('frame.title'))}</h1>{_screens(words)}"
        f'<div class="wishes">{_languages(words)}{_theme(words)}'
        '<span id="account" data-from="/account"></span></div></header>'
        '<div id="said" role="status" aria-live="polite"></div></div>'
    )


def _screens(words: Words) -> str:
    links = "".join(f'<a href="#{s}" data-screen="{s}">{escape(words(f"frame.nav.{s}"))}</a>' for s in SCREENS)
    return f'<nav aria-label="{escape(words("frame.nav.label"))}">{links}</nav>'


def _languages(words: Words) -> str:
    links = "".join(
        f'<a href="/language/{language}" lang="{language}"{_current(language == words.language)}>{escape(name)}</a>'
        for language, name in LANGUAGES.items()
    )
    return f'<span class="languages" role="group" aria-label="{escape(words("frame.language.label"))}">{links}</span>'


def _current(is_so: bool) -> str:
    return ' aria-current="true"' if is_so else ""


def _theme(words: Words) -> str:
    dark, light = escape(words("frame.theme.dark")), escape(words("frame.theme.light"))
    return f'<button type="button" id="theme" data-dark="{dark}" data-light="{light}">{dark}</button>'


def screens(words: Words) -> str:
    """The empty sections of all screens but the first."""
    return "".join(
        f'<section id="screen-{screen}" class="screen" data-from="/screens/{screen}" tabindex="-1"{_deep(screen)}'
        f' aria-label="{escape(words(f"frame.nav.{screen}"))}">'
        f'<p class="working">{escape(words("frame.loading"))}</p></section>'
        for screen in SCREENS[1:]
    )


def _deep(screen: str) -> str:
    return ' data-deep="yes"' if screen in DEEP else ""
