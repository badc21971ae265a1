"""The screens of the page that are not Gradio's: for each its routes, and pure functions from data to HTML."""

from __future__ import annotations

from fastapi import APIRouter

from assistant.ui.screens import settings, training

ROUTERS: tuple[APIRouter, ...] = (training.router, settings.router)
"""The routes of every screen."""
