"""Files that leave the page: the links that offer them; always as an attachment, under a name that is safe on every
system."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from fastapi.responses import Response

from assistant.ui.markup import escape
from assistant.ui.words import Words

FORMS = ("md", "html", "json", "bib", "ris")
"""What `assistant.export` writes, in the order in which it is offered."""
NAME_LENGTH = 60
"""Characters of a file's name before its ending, at most: with an ending within what every file system takes, also in
three-byte letters."""


def attachment(text: str, name: str, ending: str, media: str) -> Response:
    """Text as a file to keep; it is never shown as a page of this site."""
    called = f"{file_name(name)}.{ending}"
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", called).strip("-")
    headers = {
        # RFC 6266: the plain name for what does not read the other one.
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(called, safe='')}",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(text.encode(), media_type=f"{media}; charset=utf-8", headers=headers)


def file_name(text: str) -> str:
    """Letters and digits of any script, the rest as hyphens; "file" where nothing is left."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text))
    name = ""
    for word in words:
        if len(f"{name}-{word}") > NAME_LENGTH:
            break
        name = f"{name}-{word}" if name else word
    return name or (words[0][:NAME_LENGTH] if words else "file")


def export_html(name: str, words: Words) -> str:
    """Links by which a conversation or an answer (its id) is taken away, to unfold."""
    address = f"/screens/history/export/{escape(name)}"
    links = "".join(
        f'<li><a href="{address}.{form}">{escape(words(f"history.export.{form}"))}</a></li>' for form in FORMS
    )
    return (
        f'<details class="export" id="export-{escape(name)}"><summary>{escape(words("history.export.label"))}</summary>'
        f"<ul>{links}</ul></details>"
    )
