"""Every screen of the page at once: usable by all, at any width, in each language, and deaf to hostile texts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.ui import axe
from tests.ui.conftest import WAIT_MS, _serve
from tests.ui.hostile import COUNT, LEAK, shared_out, strings
from tests.ui.world import World, letters, make_world

pytestmark = pytest.mark.browser

WIDTHS = (390, 768, 1440)
HEIGHT = 900
FILLED = """hash => { const name = hash.split('/')[0];
  return document.documentElement.dataset.screen === name
    && [...document.querySelectorAll(`#screen-${name} [data-from], #screen-${name}[data-from]`)].every(
      e => e.offsetParent === null || e.shown !== undefined); }"""
"""Whether all that fills itself on a screen has done so."""
WIDER = """() => [...document.querySelectorAll('body *')].filter(e => e.offsetParent && !e.closest('.hidden, .skip')
  && e.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(e).position !== 'absolute'
  && !e.parentElement.closest('.scrolls, pre, svg')).slice(0, 4).map(e => e.outerHTML.slice(0, 120))"""
"""What reaches beyond the right edge."""
TEXTS = """() => { const found = [], seen = e => e.offsetParent !== null && !e.closest('pre, code, .hidden [lang=en]');
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const named = ['aria-label', 'placeholder', 'title', 'alt'];
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const e = n.parentElement;
    if (seen(e) && !e.closest('script, style, [lang=en]')) found.push(n.textContent); }
  for (const e of document.querySelectorAll('[aria-label], [placeholder], [title], [alt]')) if (seen(e))
    for (const name of named) if (e.getAttribute(name)) found.push(e.getAttribute(name));
  return found; }"""
"""All that can be read or heard."""
ENGLISH = re.compile(r"[A-Za-z][A-Za-z'-]+(?:[ ,.:;]+[A-Za-z][A-Za-z'-]+){2,}")
UNNAMED = """() => [...document.querySelectorAll('button, a[href], input:not([type=hidden]), select, textarea')]
  .filter(e => e.checkVisibility() && !e.textContent.trim() && !e.ariaLabel && !e.title
    && !e.getAttribute('aria-labelledby') && ![...(e.labels ?? [])].some(l => l.textContent.trim()))
  .map(e => e.outerHTML.slice(0, 200))"""
"""What a screen reader could not name."""
FOREIGN = """() => [...document.querySelectorAll('body *')].filter(e =>
    [...e.attributes].some(a => /^on/i.test(a.name) || /^\\s*javascript:/i.test(a.value))
    || e.matches('iframe, object, embed, base, marquee, form[action*="leak"], [src*="leak"], [href*="leak"]'))
  .map(e => e.outerHTML.slice(0, 200))"""
"""Elements that a hostile text has become."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sample_library: Any) -> Iterator[tuple[World, str]]:
    """A library in use, and the address of the page over it."""
    made = make_world(tmp_path_factory.mktemp("world"), sample_library)
    with _serve(made.assistant) as served:  # type: ignore[arg-type]
        yield made, served.url
    made.assistant.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A tab that must not have left its origin, nor run anything, when it closes."""
    context = browser.new_context(viewport={"width": 1440, "height": HEIGHT}, reduced_motion="reduce")
    tab = context.new_page()
    tab.set_default_timeout(WAIT_MS)
    requests: list[str] = []
    tab.on("request", lambda request: requests.append(request.url))
    dialogs: list[str] = []
    tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.accept()))
    yield tab
    assert tab.evaluate("window.pwned") is None
    assert tab.evaluate(FOREIGN) == []
    origin = re.match(r"https?://[^/]+", tab.url)
    context.close()
    assert origin is not None
    assert [r for r in requests if not r.startswith((origin[0], "data:", "blob:"))] == []
    assert not any(LEAK in d for d in dialogs)


def opened(tab: Any, address: str, screen: str) -> None:
    """Open a screen, by its hash, and wait until it is filled."""
    if not tab.url.startswith(address):
        tab.goto(f"{address}#{screen}")
        tab.add_style_tag(content="* { transition: none !important; animation: none !important; }")
        tab.wait_for_selector("#question, #card", state="attached")
    else:
        tab.evaluate("hash => { location.hash = hash; }", screen)
    tab.wait_for_function(FILLED, arg=screen)
    if screen.startswith("chat/"):
        tab.wait_for_selector(".answer")


def dark(tab: Any, wished: bool) -> None:
    if tab.evaluate("document.body.classList.contains('dark')") != wished:
        tab.click("#theme")
        tab.wait_for_function("wished => document.body.classList.contains('dark') === wished", arg=wished)


def faults(tab: Any, url: str, screen: str) -> list[tuple[object, ...]]:
    """What axe-core finds on a screen in both themes, and what has no name."""
    script = axe.source()
    opened(tab, url, screen)
    dark(tab, False)
    found: list[tuple[object, ...]] = [(screen, "light", *v) for v in axe.grave(tab, script)]
    dark(tab, True)
    found += [(screen, "dark", *v) for v in axe.grave(tab, script, "color-contrast")]
    return found + [(screen, "unnamed", element) for element in tab.evaluate(UNNAMED)]


def test_no_screen_has_a_grave_fault_for_people_with_disabilities(tab: Any, world: tuple[World, str]) -> None:
    made, url = world
    assert [f for screen in made.screens for f in faults(tab, url, screen)] == []


@pytest.mark.soak
@pytest.mark.parametrize("width", WIDTHS)
def test_nor_has_one_at_any_width_with_all_unfolded_or_a_passage_open(
    tab: Any, world: tuple[World, str], width: int
) -> None:
    made, url = world
    script, found = axe.source(), []
    tab.set_viewport_size({"width": width, "height": HEIGHT})
    for screen in (f"chat/{made.evil}", *made.screens):
        found += faults(tab, url, screen)
        unfold(tab)
        found += [(screen, "unfolded", *v) for v in axe.grave(tab, script)]
    opened(tab, url, made.screens[0])
    tab.locator(".answer a.cite").first.click()
    tab.wait_for_selector("#evidence-page img")
    found += [("evidence", *v) for v in axe.grave(tab, script)]
    assert found == []


def unfold(tab: Any) -> None:
    """Open all that is folded and can be seen."""
    tab.evaluate(
        "() => { for (const d of document.querySelectorAll('details')) if (d.checkVisibility()) d.open = true; }"
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_screen_scrolls_sideways_or_speaks_another_language(
    tab: Any, world: tuple[World, str], language: str
) -> None:
    made, url = world
    address = url if language == "en" else f"{url.rstrip('/')}/zh/"
    tab.set_extra_http_headers({"Accept-Language": language})
    content, wide, foreign = made.content(), [], []
    for screen in (f"chat/{made.evil}", *made.screens):
        opened(tab, address, screen)
        for width, theme in itertools.product(WIDTHS, (False, True)):
            tab.set_viewport_size({"width": width, "height": HEIGHT})
            dark(tab, theme)
            if tab.evaluate("document.documentElement.scrollWidth") > width:
                wide.append((screen, width, theme, tab.evaluate(WIDER)))
        if language == "zh":
            texts = {" ".join(t.split()) for t in tab.evaluate(TEXTS)}
            foreign += [(screen, m) for t in texts for m in ENGLISH.findall(t) if letters(m) not in content]
    assert wide == []
    assert foreign == []


def test_hostile_texts_stay_texts_in_every_place_that_shows_them(tab: Any, world: tuple[World, str]) -> None:
    made, url = world
    assert len(set(strings())) == COUNT
    shown = ""
    for screen in (f"chat/{made.evil}", *made.screens):
        opened(tab, url, screen)
        unfold(tab)
        shown += tab.inner_text("body")
        assert tab.evaluate(FOREIGN) == [], screen
        assert tab.evaluate("window.pwned") is None, screen
    assert "<script>window.pwned=1</script>" in shown
    assert f"![x]({LEAK}20)" in shown


@pytest.mark.soak
def test_hostile_names_of_files_and_words_of_readers_stay_texts(tab: Any, world: tuple[World, str]) -> None:
    made, url = world
    opened(tab, url, "library")
    names = [re.sub(r"[/\0]", "\N{DIVISION SLASH}", text)[:80] + ".pdf" for text in strings()]
    for start in range(0, COUNT, 20):
        files = [
            {"name": n, "mimeType": "application/pdf", "buffer": b"not a paper"} for n in names[start : start + 20]
        ]
        tab.set_input_files("#library-files", files)
    tab.wait_for_function("() => document.querySelector('#screen-library').innerText.includes('window.pwned=1<')")
    tab.wait_for_timeout(3000)
    assert tab.evaluate(FOREIGN) == []
    opened(tab, url, "history")
    unfold(tab)
    for text in shared_out(10):
        field = tab.locator(f"#title-{made.evil}")
        field.fill(text[:200])
        field.press("Enter")
        tab.wait_for_function("() => document.querySelector('#said').textContent !== ''")
        tab.evaluate("text => page.say(text)", text)
        assert tab.evaluate(FOREIGN) == []
        unfold(tab)
