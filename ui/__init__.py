"""The browser page. Uses the public names of `assistant` only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant import Assistant
    from assistant.accounts import Accounts
    from assistant.ui.door import Door
    from assistant.ui.site import Site

# Gradio and the hub's client read these when they are imported.
QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # After so many events Gradio sums up its record of them, for a page that is shut: with pandas, each time anew.
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
}


def mount(
    assistant: Assistant, application: FastAPI, accounts: Accounts | None = None, *, behind_tls: bool = False
) -> Site:
    """Put the page for `assistant` at the root of `application`, in each of its languages. With `accounts` people sign
    in, each to a library of their own; `behind_tls`: a proxy speaks HTTPS to them. Close what it gives at the end.

    Imports Gradio, which takes some seconds.
    """
    os.environ.update(QUIET)
    from assistant.ui.app import mount_pages
    from assistant.ui.routes import add_routes
    from assistant.ui.site import Site

    site = Site(assistant, _door(accounts, behind_tls))
    if accounts is None:
        assistant.intake().start()  # what an earlier run of the program left unread
    add_routes(application, site)
    mount_pages(site, application)
    return site


def _door(accounts: Accounts | None, behind_tls: bool) -> Door | None:
    if accounts is None:
        return None
    from assistant.sessions import sessions_of
    from assistant.ui.door import Door

    return Door(accounts, sessions_of(accounts.path), behind_tls)
