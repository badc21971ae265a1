"""The screens of the page that are not Gradio's: for each its routes, and pure functions from data to HTML."""

from __future__ import annotations

from fastapi import APIRouter

from assistant.ui.screens import chat, evidence, history, library, library_paper, review, settings, training

ROUTERS: tuple[APIRouter, ...] = (
    chat.router,
    evidence.router,
    library.router,
    library_paper.router,
    history.router,
    review.router,
    training.router,
    settings.router,
)
"""The routes of every screen."""
