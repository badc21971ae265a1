"""The library screen as HTML: where files are handed in, the table of papers, the form that edits one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from assistant import FlagKind, Listing, Paper
from assistant.ui.markup import escape
from assistant.ui.words import Words

SUFFIXES = ".pdf .docx .epub .html .htm .xhtml .xml .nxml .md .markdown .txt"
ORDERS = {
    "title": ("title", False),
    "author": ("author", False),
    "newest": ("year", True),
    "oldest": ("year", False),
    "added": ("added", True),
    "longest": ("pages", True),
}
"""What the reader chooses -> by what is sorted, and whether the largest comes first."""
NAMED = 200
"""Characters of a title in the name of a control."""


def screen(megabytes: int, words: Words) -> str:
    """The whole screen; its parts fill themselves."""
    return (
        f'<div id="library"><h2>{escape(words("library.title"))}</h2>'
        '<div id="library-start" data-from="/screens/library/start" data-on="library"></div>'
        f"{dropzone(megabytes, words)}"
        '<div id="library-live" data-from="/screens/library/live" data-every="1000" data-on="library jobs"></div>'
        f'<section id="library-papers-part" aria-labelledby="papers-title">{_find(words)}'
        f'<div id="library-list">{listing_place(Listing())}</div></section></div>'
    )


def dropzone(megabytes: int, words: Words) -> str:
    """Where files are dropped or chosen; `assets/library.js` sends them."""
    accept = SUFFIXES.replace(" ", ",")
    said = {name: escape(words(f"library.add.{name}")) for name in ("heading", "drop", "files", "folder", "none")}
    return (
        f'<div id="dropzone" role="group" aria-label="{said["heading"]}" data-limit="{megabytes * 2**20}"'
        f' data-suffixes="{SUFFIXES}" data-none="{said["none"]}" data-sent="{_template("sent", words, "n")}"'
        f' data-sending="{_template("sending", words, "name", "n", "all")}"><strong>{said["drop"]}</strong>'
        f'<label class="button">{said["files"]}<input type="file" id="library-files" multiple'
        f' accept="{accept}"></label>'
        f'<label class="button">{said["folder"]}<input type="file" id="library-folder" webkitdirectory></label>'
        f'<p class="note">{escape(words("library.add.kinds", megabytes=megabytes))}</p>'
        '<p id="sending" role="status"></p></div>'
    )


def _template(key: str, words: Words, *holes: str) -> str:
    """A sentence with its holes left for the script to fill."""
    return escape(words(f"library.add.{key}", **{hole: f"{{{hole}}}" for hole in holes}))


def start(empty: bool, system: Sequence[str], words: Words) -> str:
    """What is said above the dropzone: of an empty library what to do, and how the machine stands."""
    items = "".join(f"<li>{escape(item)}</li>" for item in system)
    line = f'<ul class="system" aria-label="{escape(words("library.system.label"))}">{items}</ul>'
    if not empty:
        return line
    return (
        f'<div class="card"><h3>{escape(words("library.empty.heading"))}</h3>'
        f"<p>{escape(words('library.empty.text'))}</p>"
        '<form data-to="/screens/library/samples" data-into="#library-live"><button class="main" id="samples">'
        f"{escape(words('library.empty.samples'))}</button></form></div>{line}"
    )


# the table


def listing_place(wanted: Listing) -> str:
    """The element that holds the table for what is wanted; it asks for it itself."""
    query = escape(urlencode(_fields(wanted)))
    return f'<div id="library-papers" data-from="/screens/library/papers?{query}" data-on="library"></div>'


def _fields(wanted: Listing) -> dict[str, str]:
    """What is wanted, as the fields of a form; `listing_of` is the inverse."""
    order = next(name for name, how in ORDERS.items() if how == (wanted.sort, wanted.descending))
    year = {"from": wanted.year_from, "to": wanted.year_to}
    fields = {"words": wanted.words, "flag": wanted.flag, "order": order, "first": str(wanted.first)}
    return fields | {name: str(value) for name, value in year.items() if value is not None}


def listing_of(fields: Mapping[str, object]) -> Listing:
    """The inverse of `_fields`; what makes no sense is left out."""
    text = {name: str(value).strip() for name, value in fields.items()}
    sort, descending = ORDERS.get(text.get("order", ""), ORDERS["title"])
    flag = text.get("flag", "")
    return Listing(
        text.get("words", "")[:NAMED],
        _number(text.get("from", "")),
        _number(text.get("to", "")),
        flag if flag in (*FlagKind, "any", "none") else "",
        sort,
        descending,
        _number(text.get("first", "")) or 0,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _find(words: Words) -> str:
    """The form that searches, filters and sorts."""
    flags = [("", "library.find.all"), ("none", "library.find.clean"), ("any", "library.find.flagged")]
    kinds = [(str(kind), words(f"library.flag.{kind}")) for kind in FlagKind]
    options = [(value, words(key)) for value, key in flags] + kinds
    orders = [(name, words(f"library.sort.{name}")) for name in ORDERS]
    return (
        f'<h3 id="papers-title">{escape(words("library.find.heading"))}</h3>'
        '<form class="find" role="search" data-to="/screens/library/view" data-into="#library-list">'
        f"{_field('words', _input('search', 'words', 'maxlength=200'), words)}"
        f"{_field('from', _input('number', 'from', 'min=1000 max=2999'), words)}"
        f"{_field('to', _input('number', 'to', 'min=1000 max=2999'), words)}"
        f"{_field('flag', _select('find-flag', 'flag', options), words)}"
        f"{_field('sort', _select('find-sort', 'order', orders), words)}"
        f'<button class="plain">{escape(words("library.find.go"))}</button></form>'
    )


def _input(kind: str, name: str, bounds: str) -> str:
    return f'<input type="{kind}" id="find-{name}" name="{name}" {bounds}>'


def _field(name: str, control: str, words: Words) -> str:
    return f'<span><label for="find-{name}">{escape(words(f"library.find.{name}"))}</label>{control}</span>'


def _select(identity: str, name: str, options: Sequence[tuple[str, str]]) -> str:
    inner = "".join(f'<option value="{escape(value)}">{escape(said)}</option>' for value, said in options)
    return f'<select id="{identity}" name="{name}">{inner}</select>'


def papers(rows: Sequence[tuple[Paper, Sequence[FlagKind]]], total: int, wanted: Listing, words: Words) -> str:
    """The table of papers with what can be done with those chosen."""
    if not rows and replace(wanted, sort="title", descending=False) == Listing():
        return ""
    if not rows:
        return f'<p class="note">{escape(words("library.list.none"))}</p>'
    body = "".join(_row(paper, kinds, words) for paper, kinds in rows)
    heads = "".join(
        f'<th scope="col" class="{"number" if name in ("year", "pages", "passages") else ""}">'
        f"{escape(words(f'library.list.{name}'))}</th>"
        for name in ("paper", "year", "pages", "passages", "flags", "actions")
    )
    every = escape(words("library.list.choose_all"))
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in _fields(wanted).items()
    )
    return (
        f'<form id="chosen" data-to="/screens/library/delete" data-into="#library-papers">{hidden}{_with_chosen(words)}'
        f'<div class="scrolls"><table class="papers"><thead><tr><th scope="col"><input type="checkbox" id="choose-all"'
        f' aria-label="{every}"></th>{heads}</tr></thead><tbody>{body}</tbody></table></div></form>'
        f"{_pager(len(rows), total, wanted, words)}"
    )


def _with_chosen(words: Words) -> str:
    said = {name: escape(words(f"library.list.{name}")) for name in ("with_chosen", "delete", "reindex", "export")}
    return (
        f'<div class="chosen" role="group" aria-label="{said["with_chosen"]}">'
        f'<span class="note">{said["with_chosen"]}</span>'
        f'<button class="plain" id="delete">{said["delete"]}</button>'
        f'<button class="plain" id="reindex" formaction="/screens/library/reindex">{said["reindex"]}</button>'
        f'<button class="plain" id="export" formaction="/screens/library/papers.bib" formmethod="get">{said["export"]}'
        "</button></div>"
    )


def _row(paper: Paper, kinds: Sequence[FlagKind], words: Words) -> str:
    short = paper.title[:NAMED]
    choose = escape(words("library.list.choose", title=short))
    edit = words("library.list.edit")
    name = escape(words("library.do.of", action=edit, name=short))
    about = " · ".join(part for part in ("; ".join(paper.authors[:4]), paper.venue) if part)
    numbers = (("year", paper.year or ""), ("pages", paper.pages), ("passages", paper.passages))
    cells = "".join(
        f'<td class="number" data-name="{escape(words(f"library.list.{column}"))}">{value}</td>'
        for column, value in numbers
    )
    return (
        f'<tr><td><input type="checkbox" id="choose-{paper.id}" name="paper" value="{paper.id}" aria-label="{choose}">'
        f'</td><td class="title" dir="auto"><a href="#library/paper/{paper.id}">{escape(paper.title)}</a>'
        f'<br><span class="note">{escape(about)}</span></td>{cells}<td>{flags(paper, kinds, words)}</td>'
        f'<td><a href="#library/edit/{paper.id}" aria-label="{name}">{escape(edit)}</a></td></tr>'
    )


def flags(paper: Paper, kinds: Sequence[FlagKind], words: Words) -> str:
    """What is odd about a paper, as words; the readers' full sentences are their title."""
    full = escape("; ".join(paper.flags))
    return "".join(
        f'<span class="flag" title="{full}"><span aria-hidden="true">⚑</span> {escape(words(f"library.flag.{kind}"))}'
        "</span>"
        for kind in kinds
    )


def _pager(shown: int, total: int, wanted: Listing, words: Words) -> str:
    said = escape(words("library.list.count", first=wanted.first + 1, last=wanted.first + shown, all=total))
    buttons = ""
    for name, first in (("earlier", wanted.first - wanted.count), ("later", wanted.first + wanted.count)):
        if 0 <= first < total:
            hidden = "".join(
                f'<input type="hidden" name="{field}" value="{escape(value)}">'
                for field, value in _fields(replace(wanted, first=first)).items()
            )
            buttons += (
                f'<form data-to="/screens/library/view" data-into="#library-list">{hidden}'
                f'<button class="plain">{escape(words(f"library.list.{name}"))}</button></form>'
            )
    return f'<div class="pager"><span class="note">{said}</span>{buttons}</div>'


def edit_form(paper: Paper, words: Words) -> str:
    """What is known of a paper, to be corrected."""
    rows = max(3, min(12, len(paper.authors)))
    authors = escape("\n".join(paper.authors))
    fields = {
        "title": f'<textarea id="edit-title" name="title" rows="2" dir="auto">{escape(paper.title)}</textarea>',
        "authors": f'<textarea id="edit-authors" name="authors" rows="{rows}" dir="auto">{authors}</textarea>',
        "year": f'<input type="text" id="edit-year" name="year" inputmode="numeric" value="{paper.year or ""}">',
        "doi": f'<input type="text" id="edit-doi" name="doi" value="{escape(paper.doi)}">',
        "venue": f'<input type="text" id="edit-venue" name="venue" dir="auto" value="{escape(paper.venue)}">',
    }
    inner = "".join(
        f'<span><label for="edit-{name}">{escape(words(f"library.edit.{name}"))}</label>{control}</span>'
        for name, control in fields.items()
    )
    return (
        f'<p><a href="#library">{escape(words("library.back"))}</a></p><h2>{escape(words("library.edit.heading"))}</h2>'
        f'<form class="edit" data-to="/screens/library/edit/{paper.id}">{inner}'
        f'<p class="note">{escape(words("library.edit.note"))}</p>'
        f'<span><button class="main">{escape(words("library.edit.save"))}</button></span></form>'
    )
