// The evidence panel. A click or Enter on any link "#cite-ANSWER-N" opens #evidence-page with that quote on its page:
// a column at the side of wide windows, a sheet over narrow ones. Escape closes it and the focus goes back.
// J and K walk the passages of the answer.
"use strict";
(() => {
  const WIDE = matchMedia("(min-width: 1100px)");
  const ZOOMS = [1, 1.5, 2, 3];
  const FINE = 1.5;  // from here on the page is asked for at a higher resolution
  const CITE = /^#cite-((?:a|live)-[0-9a-f]+)-(\d+)$/;
  let zoom = 0, opener = null, asked = 0;

  const panel = () => document.getElementById("evidence-page");
  const reading = () => panel()?.querySelector(".reading");
  const typing = (e) => e.matches?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

  async function show(answer, n, back) {
    const aside = panel();
    if (!aside) return;
    const mine = ++asked;
    const given = await page.ask(`/screens/evidence/${answer}/${n}`);
    if (!given || mine !== asked) return;
    if (!given.ok) return void page.say(aside.dataset.lost);
    if (back) opener = back;
    if (aside.parentElement !== document.body) document.body.append(aside);
    aside.hidden = false;
    fit();
    aside.shown = null;  // the same passage again is drawn again
    page.put(aside, given.html);
    aside.scrollTop = 0;
    aside.querySelector("h2")?.focus({ preventScroll: true });
    for (const link of document.querySelectorAll("a.cite[aria-current]")) link.removeAttribute("aria-current");
    for (const link of document.querySelectorAll(`a[href="#cite-${answer}-${n}"]`)) link.setAttribute("aria-current", "true");
  }

  // A column leaves the rest of the page usable; a sheet covers it.
  function fit() {
    const open = panel() && !panel().hidden;
    document.body.classList.toggle("reading", open);
    const rest = document.querySelector("gradio-app, .gradio-container");
    if (rest) rest.inert = open && !WIDE.matches;
  }
  WIDE.addEventListener("change", fit);

  function close() {
    const aside = panel();
    if (!aside || aside.hidden) return;
    const { answer, n } = reading()?.dataset ?? {};
    aside.hidden = true;
    asked++;
    fit();
    for (const link of document.querySelectorAll("a.cite[aria-current]")) link.removeAttribute("aria-current");
    const back = opener?.isConnected ? opener : document.querySelector(`a[href="#cite-${answer}-${n}"]`);
    back?.focus();
    opener = null;
  }

  function walk(by) {
    const now = reading();
    if (!now || panel().hidden) {
      const first = [...document.querySelectorAll('a[href^="#cite-"]')].find((a) => a.getClientRects().length);
      return void first?.click();
    }
    const numbers = now.dataset.numbers.split(" ");
    const at = numbers.indexOf(now.dataset.n) + by;
    show(now.dataset.answer, numbers[(at + numbers.length) % numbers.length]);
  }

  async function copy(button) {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      panel().append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    page.say(panel().dataset.copied);
  }

  function enlarge(by) {
    zoom = Math.min(Math.max(zoom + by, 0), ZOOMS.length - 1);
    lay();
  }

  // Size of the sheet, sharpness of its picture, and the quote in the middle of the stage.
  function lay() {
    const sheet = panel()?.querySelector(".sheet");
    if (!sheet) return;
    const picture = sheet.querySelector("img");
    sheet.style.width = `${100 * ZOOMS[zoom]}%`;
    if (ZOOMS[zoom] * devicePixelRatio >= FINE && picture.dataset.fine) {
      picture.src = picture.dataset.fine;
      delete picture.dataset.fine;
    }
    for (const [id, off] of [["evidence-smaller", zoom === 0], ["evidence-larger", zoom === ZOOMS.length - 1]]) {
      const button = document.getElementById(id);
      if (button) button.disabled = off;
    }
    const stage = sheet.parentElement, box = sheet.querySelector(".evidence-box");
    if (!box) return;
    const from = sheet.getBoundingClientRect(), at = box.getBoundingClientRect();
    stage.scrollTo(at.left - from.left - 24, at.top - from.top - stage.clientHeight / 3);
  }

  const deeds = {
    close, before: () => walk(-1), after: () => walk(1), copy, larger: () => enlarge(1), smaller: () => enlarge(-1),
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#cite-"]');
    const cite = link && CITE.exec(link.getAttribute("href"));
    if (link) event.preventDefault();
    if (cite) return void show(cite[1], cite[2], link.closest("#evidence-page") ? null : link);
    const button = event.target.closest?.("#evidence-page button");
    if (!button) return;
    if (button.dataset.evidence) deeds[button.dataset.evidence](button);
    if (button.dataset.leaf) {
      const leaf = document.getElementById("evidence-leaf");
      leaf.dataset.from = button.dataset.leaf;
      page.fill(leaf);
    }
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && panel() && !panel().hidden) return void close();
    if (typing(event.target)) return;
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") {
      event.preventDefault();
      walk(key === "j" ? 1 : -1);
    }
  });

  // A page has been put into the panel: lay it out as soon as it is there.
  new MutationObserver((changes) => {
    const leaf = (node) => node.nodeType === 1 && (node.matches(".stage") || node.querySelector(".stage"));
    if (changes.some((change) => change.target.closest?.("#evidence-page") && [...change.addedNodes].some(leaf))) lay();
  }).observe(document.documentElement, { childList: true, subtree: true });

  window.evidence = { show, close };
})();
