"""The page's own routes over a real assistant, asked without a browser and without Gradio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from fastapi.testclient import TestClient

from assistant import Assistant, server
from assistant.ui.routes import add_routes
from assistant.ui.site import Reader, Site


class Doors:
    """GET and POST as the page's script does them; `said` is what the last answer said aloud."""

    def __init__(self, assistant: Assistant, *, reader: str = "", language: str = "en") -> None:
        self.site = Site(assistant)
        self.site._only = Reader(reader, assistant)
        app = server.application()
        add_routes(app, self.site)
        self.client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
        self.language = language
        self.status, self.said, self.changed = 0, "", ""

    @property
    def assistant(self) -> Assistant:
        return self.site.reader({}).assistant

    def get(self, path: str) -> str:
        return self._told(self.client.get(path, params={"lang": self.language}))

    def post(self, path: str, fields: Mapping[str, str] | None = None, **files: Any) -> str:
        headers = {"X-Asked-By": "page"}
        answer = self.client.post(
            path, params={"lang": self.language}, data=dict(fields or {}), files=files or None, headers=headers
        )
        return self._told(answer)

    def _told(self, answer: Any) -> str:
        self.status = answer.status_code
        self.said = unquote(answer.headers.get("X-Said", ""))
        self.changed = answer.headers.get("X-Changed", "")
        return str(answer.text)
