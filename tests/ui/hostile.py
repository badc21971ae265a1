"""Two hundred strings that a hostile paper, file name or model would put into a page: each tries to run a script, to
send something away, to look like the page itself, or to break its layout."""

from __future__ import annotations

from collections.abc import Sequence

LEAK = "http://127.0.0.1:9/leak"
RUNS = "window.pwned={n}"
_SHAPES = (
    "<script>{run}</script>",
    "</script><script>{run}</script>",
    "<ScRiPt src={leak}></sCrIpT>",
    '<img src="{leak}" onerror="{run}">',
    "<img src=x onerror={run}>",
    "<svg/onload={run}>",
    "<svg><script href={leak} /></svg>",
    '<body onload="{run}">',
    '<iframe src="{leak}"></iframe>',
    '<iframe srcdoc="<script>parent.{run}</script>"></iframe>',
    '<object data="{leak}"></object><embed src="{leak}">',
    '<form action="{leak}"><input name=q><button>Send</button></form>',
    '<a href="javascript:{run}">x</a>',
    '"><a href="javascript:{run}">x</a>',
    "' onmouseover='{run}' x='",
    '" autofocus onfocus="{run}" x="',
    "` onclick=`{run}`",
    "[x](javascript:{run})",
    "[x](data:text/html,<script>{run}</script>)",
    "![x]({leak})",
    '![x]({leak} "y")',
    "[x]: {leak}\n[x]",
    "<{leak}>",
    "{leak}?q=",
    "<style>@import url({leak})</style>",
    '<p style="background:url({leak})">x</p>',
    '<link rel=stylesheet href="{leak}">',
    '<meta http-equiv=refresh content="0;url={leak}">',
    '<base href="{leak}">',
    '<video poster="{leak}"><source src="{leak}"></video>',
    "<math><mtext><img src=x onerror={run}></mtext></math>",
    "<template><script>{run}</script></template>",
    "<details open ontoggle={run}>x</details>",
    "<marquee onstart={run}>x</marquee>",
    "{{{{constructor.constructor('{run}')()}}}}",
    "{{{{#each this}}}}{{{{{{.}}}}}}{{{{/each}}}}{run}",
    "${{{run}}}",
    "`+({run})+`",
    "%3Cscript%3E{run}%3C/script%3E",
    "\\u003cscript\\u003e{run}\\u003c/script\\u003e",
    "&lt;script&gt;{run}&lt;/script&gt;",
    "<!--<img src=x onerror={run}>-->",
    "<![CDATA[<script>{run}</script>]]>",
    "</textarea></select></option></title><img src=x onerror={run}>",
    "</td></tr></table></li></ol></blockquote><img src=x onerror={run}>",
    "</pre></code></details><svg onload={run}>",
    "\u202e<script>{run}</script>\u202c\u2066x\u2069",
    "a\x00b\x1b[2J\x7fc<script>{run}</script>",
    "\u05d0\u05d1\u05d2 " * 20 + "\u202e{run}",
    "W" * 300 + "{run}",
)
"""Shapes with {run} for a script and {leak} for an address elsewhere."""
COUNT = 200


def strings() -> list[str]:
    """All of them, each with a number of its own."""
    return [_SHAPES[n % len(_SHAPES)].format(run=RUNS.format(n=n + 1), leak=f"{LEAK}{n + 1}") for n in range(COUNT)]


def shared_out(count: int) -> Sequence[str]:
    """All of them in `count` texts."""
    found = strings()
    return [" ".join(found[i::count]) for i in range(count)]
