"""The frame of the page: the way between its screens, language and theme. Pure; what each screen holds is its own.

A screen but the first is an empty section until it is opened; `assets/page.js` then fills it from its `data-from`.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.ui.markup import escape
from assistant.ui.words import LANGUAGES, Words

SCREENS = ("chat", "library", "history", "review", "training", "settings")
"""In the order of the way between them. The first is Gradio's, and open at the start."""

KEEPERS = frozenset({"training", "settings"})
"""Screens that name files and servers for the program to use: for the one whose machine it is, not for who signs in."""
DEEP = frozenset({"library"})
"""Screens with addresses of their own below theirs (`#library/paper/ID`)."""


def shown(*, accounts: bool) -> tuple[str, ...]:
    """The screens of a page to which people sign in or, without `accounts`, of one on one's own machine."""
    return tuple(s for s in SCREENS if not (accounts and s in KEEPERS))


def frame(words: Words, names: Sequence[str] = SCREENS) -> str:
    """The header: name, the screens of these names, language, theme; and what the script says of its own accord."""
    return (
        f'<div id="frame" data-language="{words.language}" data-unreachable="{escape(words("frame.unreachable"))}">'
        f'<a class="skip" href="#chat">{escape(words("frame.skip"))}</a>'
        f"<header><h1>{escape(words('frame.title'))}</h1>{_screens(words, names)}"
        f'<div class="wishes">{_languages(words)}{_theme(words)}'
        '<span id="account" data-from="/account"></span></div></header>'
        '<div id="said" role="status" aria-live="polite"></div></div>'
    )


def _screens(words: Words, names: Sequence[str]) -> str:
    links = "".join(f'<a href="#{s}" data-screen="{s}">{escape(words(f"frame.nav.{s}"))}</a>' for s in names)
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


def screens(words: Words, names: Sequence[str] = SCREENS) -> str:
    """The empty sections of these screens but the first."""
    return "".join(
        f'<section id="screen-{screen}" class="screen" data-from="/screens/{screen}" tabindex="-1"{_deep(screen)}'
        f' aria-label="{escape(words(f"frame.nav.{screen}"))}">'
        f'<p class="working">{escape(words("frame.loading"))}</p></section>'
        for screen in names[1:]
    )


def _deep(screen: str) -> str:
    return ' data-deep="yes"' if screen in DEEP else ""
