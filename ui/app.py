"""The page as Gradio sees it: the frame, the chat, and the empty sections of the other screens, once a language.

Beside `chat` the only owner of Gradio. What the other screens hold comes from `routes`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import gradio as gr

from assistant.ui import chat, shell
from assistant.ui.routes import ASSETS, home
from assistant.ui.screens import evidence_html
from assistant.ui.site import Site
from assistant.ui.words import DEFAULT, LANGUAGES, Words

if TYPE_CHECKING:
    from fastapi import FastAPI

T = TypeVar("T")

QUEUE = 32
"""Questions in hand, running or waiting for their turn (`turns`): each takes one of the 40 threads that answer
requests."""
SCRIPTS = ("page", "evidence", "chat", "library", "review")
"""In this order: what `page` gives the others use."""
HEAD = "".join(
    [f'<link rel="stylesheet" href="/look/{style.name}">' for style in sorted(ASSETS.glob("*.css"))]
    + [f'<script src="/look/{name}.js" defer></script>' for name in SCRIPTS]
)
"""Styles are linked: those handed to Gradio it rewrites, and rules for :root or body within @media are lost."""


def build(site: Site, language: str) -> gr.Blocks:
    """The page in one language."""
    return within_a_loop(lambda: _build(site, Words(language)))


def _build(site: Site, words: Words) -> gr.Blocks:
    names = shell.shown(accounts=site.door is not None)
    with gr.Blocks(
        title=words("frame.title"), analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)
    ) as page:
        gr.HTML(shell.frame(words, names), **chat.PLAIN)
        with gr.Column(elem_id="screen-chat", elem_classes=["screen"]):
            chat.build(page, site, words)
        gr.HTML(shell.screens(words, names) + evidence_html.shell_html(words), **chat.PLAIN)
    page.queue(api_open=False, max_size=QUEUE, default_concurrency_limit=QUEUE)
    return page


def mount_pages(site: Site, application: FastAPI) -> None:
    """The page in every language. The default one comes last: at the root it takes what no other path does."""
    for language in sorted(LANGUAGES, key=DEFAULT.__eq__):
        _mount(build(site, language), application, home(language).rstrip("/") or "/")


def _mount(page: gr.Blocks, application: FastAPI, path: str) -> None:
    """Every door is shut that the page does not need."""
    within_a_loop(
        lambda: gr.mount_gradio_app(
            application,
            page,
            path=path,
            server_name="127.0.0.1",
            theme=_theme(),
            head=HEAD,
            footer_links=[],
            run_history=False,
            show_error=False,
            max_file_size="1kb",  # Gradio has a door for files; the page has its own
            allowed_paths=[],
            blocked_paths=[str(Path.cwd())],
            ssr_mode=False,
            enable_monitoring=False,
            pwa=False,
            mcp_server=False,
        )
    )


def within_a_loop(make: Callable[[], T]) -> T:
    """`make()`, called while an event loop runs. Without one Gradio makes a loop for each of its locks and never
    closes it, at three open files apiece."""

    async def made() -> T:
        return make()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(made())
    return make()


def _theme() -> Any:
    """System fonts, and a blue that white text can be read on (5.2 : 1)."""
    theme = gr.themes.Default(
        primary_hue="blue", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
    )
    return theme.set(
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_hover_dark="*primary_700",
    )
