"""How soon the page shows something: its first paint, where an answer stands, the first passage; against bare Gradio.

    python benchmarks/page_speed.py [--runs 20]

Serves the page over the sample papers and, in the same process, a Gradio page of a text box, a button and a place for
HTML; opens both in turn in the system's Chromium, each time without a cache. Knows nothing of what answers are worth.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from assistant import Assistant, server

SAMPLES = Path(__file__).parents[1] / "examples" / "papers"
QUESTIONS = (
    "Does velorite increase tomato yield?",
    "How much does velorite change nitrate leaching?",
    "What limits the effect of velorite on sandy soil?",
    "How far do turbidity probes drift in a month?",
)
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, Assistant(Path(folder) / "library", history=True) as assistant:
        assistant.ingest(SAMPLES)
        with served(lambda app: _mount(assistant, app)) as ours, served(_bare) as bare, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            times: dict[str, list[float]] = {}
            for run in range(-1, runs):  # the first one, which loads the models, is told apart
                for name, seconds in (*opened(browser, bare, "bare "), *asked(browser, ours, QUESTIONS[run % 4])):
                    times.setdefault(name if run >= 0 else f"{name}, cold", []).append(seconds)
            browser.close()
    for name, seconds in times.items():
        median, p95 = np.percentile(seconds, [50, 95])
        print(f"{name:42} median {median:6.2f} s   p95 {p95:6.2f} s   n {len(seconds)}")


def opened(browser: Any, url: str, name: str) -> Iterator[tuple[str, float]]:
    """First paint, and when the text box can be used."""
    context = browser.new_context()
    tab, began = context.new_page(), time.perf_counter()
    tab.goto(url)
    tab.wait_for_selector("textarea")
    ready = time.perf_counter() - began
    yield f"{name}first paint", tab.evaluate(PAINT) / 1000
    yield f"{name}text box there", ready
    context.close()


def asked(browser: Any, url: str, question: str) -> Iterator[tuple[str, float]]:
    """The same, and from Enter to the first words, to what was searched, to the first passage, to the end."""
    context = browser.new_context()
    tab, began = context.new_page(), time.perf_counter()
    tab.goto(url)
    tab.wait_for_selector("#question")
    ready = time.perf_counter() - began
    yield "first paint", tab.evaluate(PAINT) / 1000
    yield "text box there", ready
    tab.fill("#question", question)
    began = time.perf_counter()
    tab.press("#question", "Enter")
    for name, selector in (
        ("asked: first words", ".turn .working"),
        ("asked: what was searched", ".turn .step"),
        ("asked: first passage", ".turn .passages li"),
        ("asked: whole answer", ".turn:not([data-running])"),
    ):
        tab.wait_for_selector(selector, timeout=60_000)
        yield name, time.perf_counter() - began
    tab.locator('.turn a[href^="#cite-"]').first.click()
    began = time.perf_counter()
    tab.wait_for_selector("#evidence-page blockquote")
    yield "citation: quote", time.perf_counter() - began
    tab.wait_for_selector("#evidence-page img", timeout=60_000)
    tab.wait_for_function("document.querySelector('#evidence-page img').complete")
    yield "citation: page with rectangles", time.perf_counter() - began
    context.close()


def _mount(assistant: Assistant, app: Any) -> None:
    from assistant.ui import mount

    mount(assistant, app)


def _bare(app: Any) -> None:
    """What Gradio alone needs for a text box, a button and a place for an answer."""
    import gradio as gr

    from assistant.ui.app import within_a_loop

    def page() -> Any:
        with gr.Blocks(analytics_enabled=False) as blocks:
            question, ask, answer = gr.Textbox(), gr.Button("Ask"), gr.HTML()
            ask.click(lambda text: text, question, answer)
        return gr.mount_gradio_app(app, blocks, path="/", server_name="127.0.0.1", ssr_mode=False)

    within_a_loop(page)


@contextmanager
def served(fill: Callable[[Any], None]) -> Iterator[str]:
    """The address of an application that `fill` has filled, while it is served."""
    app = server.application()
    fill(app)
    listener = server.listen("127.0.0.1", None)
    runner = server.runner(app)
    thread = threading.Thread(target=runner.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield server.url(listener)
    finally:
        runner.should_exit = True
        thread.join(15)
        listener.close()


if __name__ == "__main__":
    main()
