"""The screens of the page that are not Gradio's: for each its routes, and pure functions from data to HTML."""

from __future__ import annotations

from fastapi import APIRouter

from assistant.ui.screens import library, library_paper

ROUTERS: tuple[APIRouter, ...] = (library.router, library_paper.router)
"""The routes of every screen."""
