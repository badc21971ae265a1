"""Two hundred strings that a hostile paper, file name or question would hold, for every exporter."""

from __future__ import annotations

from itertools import product

from tests.ui.scripted import HOSTILE

_PAYLOADS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=2>",
    "![x](http://127.0.0.1:9/leak)",
    "[x](javascript:window.pwned=3)",
    "<javascript:window.pwned=4>",
    "<form action=http://127.0.0.1:9><button>x</button></form>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9'>",
    "<link rel=stylesheet href=http://127.0.0.1:9/leak>",
    "<base href=http://127.0.0.1:9/>",
    "url(http://127.0.0.1:9/leak)",
    "https://127.0.0.1:9/leak www.example.org/leak a@b.example",
    "}, @misc{evil, title={x}}",
    "ER  - ",
    "TY  - JOUR",
)
_WRAPS = (
    "{}", "\n{}\n", "\r\n{}", '">{}', "'>{}", "-->{}", "</style>{}", "</title>{}", "```\n{}\n```", "> {}", "# {}",
    "- {}", "1. {}",
)  # fmt: skip
_MORE = (
    "\u202e" + "evil " * 40,
    "\u2066\u2067" * 20 + "x",
    "\x00\x07\x1b[2J\x1b]0;t\x07",
    "\ud800\udfff lone",
    "\u2028<script>window.pwned=5</script>\u2029",
    "a\nER  - \nTY  - JOUR\nTI  - forged",
    "a\r@article{forged,\n title={x}}",
    "[1] [2] [99]",
    "=====",
    "    <b>code</b>",
    "|a|b|\n|-|-|",
    "~~~\n<script>window.pwned=6</script>",
    "a" * 5000,
    "\\",
    "{" * 50,
    "$\\input{/etc/passwd}$",
    "&lt;script&gt;",
    "]]>",
)
STRINGS = tuple(dict.fromkeys([*HOSTILE, *_MORE, *(w.format(p) for p, w in product(_PAYLOADS, _WRAPS))]))[:215]
assert len(STRINGS) >= 200
