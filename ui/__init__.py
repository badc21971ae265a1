"""The browser page. Uses the public names of `assistant` only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant import Assistant

# Gradio and the hub's client read these when they are imported.
QUIET = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}


def mount(assistant: Assistant, application: FastAPI) -> None:
    """Put the page for `assistant` at the root of `application`, in each of its languages.

    Imports Gradio, which takes some seconds.
    """
    os.environ.update(QUIET)
    from assistant.ui.app import mount_pages
    from assistant.ui.routes import add_routes
    from assistant.ui.site import Site

    site = Site(assistant)
    add_routes(application, site)
    mount_pages(site, application)
