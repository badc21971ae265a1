"""Text as HTML. Every string that the page shows passes through `escape`: titles, file names, questions and what a
model writes are all hostile."""

from __future__ import annotations

import html
import re

_TEMPLATE_MARKS = str.maketrans({c: f"&#{ord(c)};" for c in "`$\\{}="})
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def escape(text: str) -> str:
    """Text as HTML, inert also in a Handlebars or JavaScript template (gradio's `gr.HTML` puts values through both).

    What cannot be sent as UTF-8 or has no shape (lone surrogates of odd file names, control characters) becomes U+FFFD.
    """
    return html.escape(_UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", text)).translate(_TEMPLATE_MARKS)


def notice(text: str) -> str:
    """A sentence about what went wrong or was stopped; read out at once by a screen reader."""
    return f'<p class="notice" role="alert" dir="auto">{escape(text)}</p>'
