"""Which columns, values and numbers of a table the words of a claim name.

By words: stems, a list of synonyms and abbreviations, the beginning of a word ("temp"), initials. Says so where two
columns fit equally well. Knows no statistics.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.experiments.tables import Column, ColumnKind, DataTable, words_of
from assistant.experiments.wording import INDISTINCT, ROW_NOUN, Token, key_of, says_nothing, spelled_out, tokens
from assistant.quantities import Quantity, quantities


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_YES = _words("yes true present positive y 1 died dead")
_NO = _words("no false absent negative n 0 alive survived")
_SPOKEN = _words("present absent positive negative died dead alive survived")
"""Values of yes or no that a claim may name by themselves; "no" says something else there."""
_TIME_WORDS = _words("year years date day days week weeks month months time hour hours minute")
_SHORTEST_BEGINNING = 3
"""Letters of a header's word that may be the beginning of a claim's word."""
_LONGEST_BEGINNING = 5
"""Letters above which a header's word is no abbreviation."""
_ROW_NUMBERS = _words("id no nr number index row patient subject participant plot sample case animal specimen")
_LETTER_BEFORE = _words("group treatment arm variety strain line type class variant cultivar")


class NotMapped(Exception):
    """A claim that cannot be mapped; the text is the reason, a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Named:
    """A column, or one `level` of it, and the tokens (by index) that name it."""

    column: Column
    at: frozenset[int]
    level: str = ""
    full: bool = False

    @property
    def first(self) -> int:
        return min(self.at)


@dataclass(frozen=True, slots=True)
class Matches:
    """What the claim names: numeric columns (`measures`), columns of yes and no (`events`), `levels` of groups, groups
    by their header; its tokens; the quantities that are no part of a name; the words that nothing explains."""

    claim: str
    tokens: tuple[Token, ...]
    quantities: tuple[Quantity, ...]
    measures: tuple[Named, ...]
    events: tuple[Named, ...]
    levels: tuple[Named, ...]
    groups: tuple[Named, ...]
    unexplained: tuple[str, ...]

    @property
    def covered(self) -> frozenset[int]:
        named = (*self.measures, *self.events, *self.levels, *self.groups)
        return frozenset(i for n in named for i in n.at)


def yes_level(column: Column) -> str:
    """The value that means yes in a column of yes and no, "" for any other column."""
    levels = {v.casefold(): v for v in column.levels}
    if not 1 <= len(levels) <= 2 or not set(levels) <= _YES | _NO:
        return ""
    yes = [v for low, v in levels.items() if low in _YES]
    return yes[0] if len(yes) == 1 else "yes" if not yes else ""


def is_time(column: Column) -> bool:
    """Whether a numeric column tells when a row was measured."""
    return column.dated or (bool(column.words) and column.words[-1] in _TIME_WORDS and len(column.words) <= 2)


def match(claim: str, table: DataTable) -> Matches:
    """Raises NotMapped where two columns fit the same words."""
    words = tokens(claim)
    measured = [c for c in table.columns if c.kind in (ColumnKind.NUMBER, ColumnKind.MIXED) and not _counts_rows(c)]
    numeric = [n for c in measured if (n := _label(c, words))]
    grouped = [c for c in table.columns if c.kind is ColumnKind.GROUP]
    events = [n for c in grouped if yes_level(c) and (n := _label(c, words))]
    measures = _heads(_best(numeric), words)
    if not measures:
        measures = _by_adjective(words, measured)
    levels = _levels(grouped, words, claim)
    taken = frozenset(i for n in levels for i in n.at)
    groups = [n for c in grouped if not yes_level(c) and (n := _label(c, words)) and not n.at <= taken]
    named = frozenset(i for n in (*measures, *events, *levels, *groups) for i in n.at)
    found = tuple(_with_rate(q, claim) for q in quantities(claim) if not _is_inside(q, words, named))
    dropped = frozenset(i for n in numeric for i in n.at)
    rest = _unexplained(claim, words, named | dropped, found, table)
    return Matches(claim, words, found, tuple(measures), tuple(events), levels, tuple(groups), rest)


def _label(column: Column, words: Sequence[Token]) -> Named | None:
    """Where a claim names a column by words of its header."""
    at: set[int] = set()
    distinct = False
    parts = [w for w in column.words if len(w) > 1 or w.isdigit()] or list(column.words)
    missed = 0
    for n, part in enumerate(parts):
        found = _places(part, parts[n + 1 : n + 2], words)
        missed += not found
        at |= found
        distinct |= bool(found) and part not in INDISTINCT and not part.isdigit()
    full = missed == 0
    if not at or not (distinct or (full and all(p in INDISTINCT for p in parts))):
        return None
    at = {i for i in at if not words[i].text.isdigit() or {i - 1, i + 1} & at}
    return Named(column, frozenset(at), full=full)


def _places(part: str, next_parts: Sequence[str], words: Sequence[Token]) -> set[int]:
    """The tokens that one word of a header is found in. "half" counts only before the header's next word."""
    if part == "half":
        return {i for i, w in enumerate(words[:-1]) if w.text == part and words[i + 1].text in next_parts}
    key = key_of(part)
    found = {i for i, w in enumerate(words) if (w.key == key or w.text == part) and not w.concept}
    long = spelled_out(part)
    for i, w in enumerate(words):
        if _SHORTEST_BEGINNING <= len(part) <= _LONGEST_BEGINNING and w.text.startswith(part):
            found.add(i)
        following = words[i + 1 : i + 2]
        if following and key in (key_of(w.text + following[0].text), key_of(w.key + following[0].key)):
            found |= {i, i + 1}
        if len(part) >= _SHORTEST_BEGINNING and "".join(x.text[0] for x in words[i : i + len(part)]) == part:
            found |= set(range(i, i + len(part)))
    spelled = {i for i, w in enumerate(words) if w.key in long}
    return found | (spelled if len({words[i].key for i in spelled}) >= max(1, len(long) - 1) else set())


def _best(named: Sequence[Named]) -> list[Named]:
    """Columns whose words are not a part of what names another; one that is named whole before one named in part."""
    kept = [n for n in named if not any(n.at < other.at for other in named)]
    result: list[Named] = []
    for n in kept:
        rivals = [o for o in kept if o is not n and o.at == n.at]
        if n.full or not any(r.full for r in rivals):
            result.append(n)
    for n in result:
        rivals = [o for o in result if o.at == n.at]
        if len(rivals) > 1:
            raise NotMapped(f"it could be about {_either(r.column.name for r in rivals)}; say which")
    return result


def _heads(named: list[Named], words: Sequence[Token]) -> list[Named]:
    """Without columns named only by a word that stands right before the name of another: "sleep latency"."""
    starts = {n.first for n in named}
    kept = [n for n in named if max(n.at) + 1 not in starts or not _touch(words, max(n.at))]
    return [n for n in kept if n.at - {i for o in kept if o is not n for i in o.at}] or kept


def _touch(words: Sequence[Token], i: int) -> bool:
    return i + 1 < len(words) and words[i + 1].start - words[i].end <= 1


def _by_adjective(words: Sequence[Token], columns: Iterable[Column]) -> list[Named]:
    """A column that only an adjective names: "heavier" a mass."""
    columns = list(columns)
    for i, word in enumerate(words):
        found = [c for c in columns if word.concept and word.concept in {key_of(w) for w in c.words}]
        if len(found) > 1:
            raise NotMapped(f"“{word.text}” could be about {_either(c.name for c in found)}; say which")
        if found:
            beside = {j for part in found[0].words for j in _places(part, (), words)}
            return [Named(found[0], frozenset([i, *beside]))]
    return []


def _counts_rows(column: Column) -> bool:
    """Whether a column only numbers the rows: patient 1, 2, 3 ..."""
    named = bool(column.words) and (column.words[-1] in _ROW_NUMBERS or column.words[0] in _ROW_NUMBERS)
    return named and not column.unit and len(set(column.texts)) == len(column.texts)


def _either(names: Iterable[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def _levels(columns: Iterable[Column], words: Sequence[Token], claim: str) -> tuple[Named, ...]:
    """Every value of a group that the claim names; of two that share words the longer."""
    found = [
        Named(column, at, level, full=True)
        for column in columns
        for level in column.levels
        for at in _level_places(column, level, words, claim)
    ]
    kept = [n for n in found if not any(n.at < o.at for o in found)]
    once: dict[tuple[str, str], Named] = {}
    for n in kept:
        old = once.get((n.column.name, n.level))
        once[n.column.name, n.level] = Named(n.column, old.at | n.at if old else n.at, n.level, full=True)
    levels = tuple(once.values())
    for n in levels:
        rivals = [o for o in levels if o.at == n.at]
        if len(rivals) > 1:
            raise NotMapped(f"“{n.level}” is a value of {_either(r.column.name for r in rivals)}; say which")
    return levels


def _level_places(column: Column, level: str, words: Sequence[Token], claim: str) -> list[frozenset[int]]:
    parts = words_of(level)
    if not parts or (yes_level(column) and level.casefold() not in _SPOKEN):
        return []
    if len(parts) == 1 and len(parts[0]) == 1:
        return [frozenset([i]) for i in range(len(words)) if _is_letter(column, level, words, i, claim)]
    keys = [key_of(p) for p in parts]
    return [
        frozenset(range(i, i + len(parts)))
        for i in range(len(words) - len(parts) + 1)
        if all(words[i + j].key == keys[j] or words[i + j].text == parts[j] for j in range(len(parts)))
    ]


def _is_letter(column: Column, level: str, words: Sequence[Token], i: int, claim: str) -> bool:
    """Whether token i names a value of one letter: F by "women" in a column of sexes, A by "group A"."""
    word = words[i]
    if len(word.text) > 1:
        return key_of(level) == word.key and len(key_of(level)) > 1
    before = words[i - 1].text if i else ""
    return claim[word.start : word.end] == level and (before in _LETTER_BEFORE or before in column.words)


def _is_inside(quantity: Quantity, words: Sequence[Token], named: frozenset[int]) -> bool:
    """Whether a number is a part of a name: "week 12", "half-life"."""
    return any(quantity.start <= words[i].start < quantity.end for i in named)


def _unexplained(
    claim: str, words: Sequence[Token], named: frozenset[int], found: Sequence[Quantity], table: DataTable
) -> tuple[str, ...]:
    """Words that neither the table nor the lists explain; what names a row, and the file's own name, are explained."""
    nouns = {m.start(g) for m in ROW_NOUN.finditer(claim) for g in ("noun", "before") if m[g]}
    own = {key_of(w) for w in words_of(table.path.stem)} | {key_of(w) for c in table.columns for w in c.words[:1]}
    left = []
    for i, word in enumerate(words):
        inside = any(q.start <= word.start < q.end for q in found) or word.text.isdigit()
        if i in named or inside or word.start in nouns or says_nothing(word):
            continue
        if word.key not in own or not _is_row_word(word, table):
            left.append(claim[word.start : word.end])
    return tuple(left)


def _is_row_word(word: Token, table: DataTable) -> bool:
    """Whether a word is the name of the file or of the column that names rows ("plot", "patient")."""
    if word.key in {key_of(w) for w in words_of(table.path.stem)}:
        return True
    texts = (c for c in table.columns if c.kind is ColumnKind.TEXT or len(set(c.texts)) == table.rows)
    return any(word.key in {key_of(w) for w in c.words} for c in texts)


def number_in(column: Column, quantity: Quantity, *, difference: bool = False) -> tuple[float, float, float]:
    """The ends of a quantity and half a unit of its last place, in the column's unit. A number without a unit is taken
    to be in it. Raises NotMapped where the units do not fit."""
    from assistant.units import unit

    if not quantity.unit or quantity.unit == column.unit:
        return quantity.low, quantity.high, quantity.step
    its = unit(column.unit)
    if its is None:
        raise NotMapped(
            f"the table does not say in which unit `{column.name}` is, and the claim speaks of {quantity.unit}"
        )
    if its.dimension != quantity.dimension:
        raise NotMapped(f"`{column.name}` is in {column.unit}, which cannot be compared with {quantity.text.strip()}")
    offset = 0.0 if difference else quantity.offset - its.offset
    low, high = ((v * quantity.scale + offset) / its.factor for v in (quantity.low, quantity.high))
    return low, high, quantity.step * quantity.scale / its.factor


def unit_fits(column: Column, quantity: Quantity) -> bool:
    """Whether a quantity with a unit can be of the column."""
    from assistant.units import unit

    its = unit(column.unit) if column.unit else None
    return bool(quantity.unit) and its is not None and its.dimension == quantity.dimension


_PER = re.compile(r"\s?(?:per|/)\s?(second|sec|s|minute|min|hour|h|day|year)\b")


def _with_rate(quantity: Quantity, claim: str) -> Quantity:
    """A number "per second" with its unit, which quantities leave out; any other quantity as it is."""
    from dataclasses import replace

    from assistant.units import unit

    found = _PER.match(claim, quantity.end)
    of = unit(found[1]) if found and not quantity.unit else None
    if found is None or of is None:
        return quantity
    return replace(quantity, unit=f"{found[1]}^-1", dimension="s^-1", scale=1 / of.factor, end=found.end())
