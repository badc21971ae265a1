"""Files that leave the page: always as an attachment, under a name that is safe on every system. Knows no screen."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from fastapi.responses import Response

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
