// The page's only script: which screen is open, the theme, and fragments of HTML that the server renders.
//
//   data-from="/screens/library"   this element is filled with what the address gives, when its screen is opened
//   data-every="1000"              ... and again so many milliseconds after each answer, while it is on screen
//   data-on="library"              ... and again when an answer carries "X-Changed: library" (several: "library jobs")
//   <form data-to="/x" data-into="#id">   is sent there by POST; the answer fills #id (else the nearest data-from)
//                                  a button's own formaction, name and value count; data-ask="..." asks first;
//                                  a button with formmethod="get" (a download) is left to the browser
//   data-deep                      the screen has addresses of its own: #library/paper/1 asks /screens/library/paper/1
//   <button data-theme="dark">     chooses a theme: light, dark or system
//   X-Go: #chat/c-1                an answer with this header opens that screen (/login: leaves for that page)
//   X-Said: some%20words           ... and with this one says that, for all to see and hear
//
// All that arrives is HTML of our own server, escaped there.
"use strict";
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const language = () => $("#frame")?.dataset.language ?? "en";

  const say = (text) => { const said = $("#said"); if (said) { said.textContent = ""; said.textContent = text; } };

  const words = (html) => new DOMParser().parseFromString(html, "text/html").body.textContent;

  async function ask(address, body) {
    const url = new URL(address, location.origin);
    if (!url.searchParams.has("lang")) url.searchParams.set("lang", language());
    try {
      const answer = await fetch(url, { method: body ? "POST" : "GET", body, headers: { "X-Asked-By": "page" } });
      if (answer.status === 401) location.assign("/login");  // signed out meanwhile
      return { ok: answer.ok, html: await answer.text(), headers: answer.headers };
    } catch {
      say($("#frame").dataset.unreachable);
      return null;
    }
  }

  // Replaces what an element holds; the focus and what is unfolded (asked for again: what is ticked) stay where their ids do.
  function put(element, html, again = false) {
    if (element.shown === html) return;
    const ticked = again ? all("input[type=checkbox][id]:checked:not([checked])", element).map((box) => box.id) : [];
    const focused = element.contains(document.activeElement) ? document.activeElement.id : "";
    const open = all("details[open][id]", element).map((d) => d.id);
    element.innerHTML = element.shown = html;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const id of ticked) { const box = document.getElementById(id); if (box) box.checked = true; }
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    all("[data-from]", element).forEach(fill);
  }

  const TYPED = "input:not([type=checkbox], [type=radio]), textarea";
  const typing = (element) => element.contains(document.activeElement) && document.activeElement.matches(TYPED);

  const shown = (element) => element.isConnected && element.offsetParent !== null;

  async function fill(element) {
    clearTimeout(element.timer);
    if (!shown(element)) return;
    const answer = await ask(element.dataset.from);
    if (answer) {
      if (!element.dataset.every || !typing(element)) put(element, answer.html, element.asked === element.dataset.from);
      element.asked = element.dataset.from;
      told(answer.headers);
    }
    if (element.dataset.every && element.isConnected) {
      element.timer = setTimeout(() => fill(element), Number(element.dataset.every));
    }
  }

  function told(headers) {
    const changed = (headers.get("X-Changed") ?? "").split(" ").filter(Boolean);
    for (const name of changed) {
      all(`[data-on~="${CSS.escape(name)}"]`).forEach(fill);
      document.dispatchEvent(new CustomEvent("changed", { detail: name }));
    }
    const said = headers.get("X-Said");
    if (said) say(decodeURIComponent(said));
    const go = headers.get("X-Go");
    if (go?.startsWith("/")) location.assign(go); else if (go) location.hash = go;
  }

  async function send(form, button) {
    const sure = button?.dataset.ask ?? form.dataset.ask;
    if (sure && !window.confirm(sure)) return;
    const into = button?.dataset.into ?? form.dataset.into;
    const target = into ? $(into) : form.closest("[data-from]");
    const address = button?.getAttribute("formaction") ?? form.dataset.to;
    form.setAttribute("aria-busy", "true");
    const answer = await ask(address, new FormData(form, button));
    form.removeAttribute("aria-busy");
    if (!answer) return;
    if (!answer.ok) return void say(words(answer.html));  // what was typed stays
    if (target) put(target, answer.html);
    told(answer.headers);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.to || event.submitter?.getAttribute("formmethod") === "get") return;
    event.preventDefault();
    send(form, event.submitter);
  });

  // ---- screens -----------------------------------------------------------------------------------------------
  function open() {
    const name = location.hash.slice(1).split("/")[0];
    const links = all("nav a[data-screen]");
    if (!links.length) return;
    const screen = links.some((a) => a.dataset.screen === name) ? name : document.documentElement.dataset.screen ?? "chat";
    const before = document.documentElement.dataset.screen;
    document.documentElement.dataset.screen = screen;
    for (const a of links) {
      if (a.dataset.screen === screen) a.setAttribute("aria-current", "page"); else a.removeAttribute("aria-current");
    }
    const section = $(`#screen-${screen}`);
    if (section?.dataset.deep) section.dataset.from = `/screens/${location.hash.slice(1).startsWith(screen) ? location.hash.slice(1) : screen}`;
    if (section?.dataset.from) fill(section);
    all("[data-from]", section ?? undefined).forEach(fill);
    if (before && before !== screen) section?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("opened", { detail: { screen, rest: location.hash.slice(1) } }));
  }
  window.addEventListener("hashchange", open);

  // ---- theme -------------------------------------------------------------------------------------------------
  function theme(dark) {
    document.body.classList.toggle("dark", dark);
    const button = $("#theme");
    if (button) button.textContent = dark ? button.dataset.light : button.dataset.dark;
  }
  const wished = () => localStorage.getItem("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#theme, [data-theme]");
    if (!button) return;
    const chosen = button.dataset.theme ?? (document.body.classList.contains("dark") ? "light" : "dark");
    if (chosen === "system") localStorage.removeItem("theme"); else localStorage.setItem("theme", chosen);
    theme(wished() === "dark");
  });

  // Gradio draws the page when its own script has run; then this one begins.
  function begin() {
    if (!$("#frame")) return void setTimeout(begin, 30);
    document.documentElement.lang = language() === "zh" ? "zh-CN" : language();
    theme(wished() === "dark");
    all("#frame [data-from]").forEach(fill);
    open();
  }
  window.page = { ask, fill, put, say, told, words };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin); else begin();
})();
