// The conversation. Gradio brings each state of the running answer into #news, as an attribute; this script puts it where
// it belongs in #turns, tells Gradio how the next question is to be put, and shows earlier conversations.
//   #chat            the conversation in hand      #chat/c-...   that conversation      #chat/new   a new one
"use strict";
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const WAITING = 2500;  // ms without a word from the server until the page says that the question waits
  let conversation = "", sheet = new Set(), loading = 0;

  const turns = () => $("#turns");
  const running = () => $('#turns > .turn[data-running="true"]');
  const token = () => "live-" + [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, "0")).join("");
  const chosen = () => all('#scope-list input[name="paper"]:checked').map((box) => box.value);

  // ---- asking ------------------------------------------------------------------------------------------------
  function wish(question) {
    const turn = token();
    sheet.add(turn);
    if (question.trim()) begin(turn, question);
    return JSON.stringify({ mode: $('input[name="mode"]:checked')?.value, turn, conversation, papers: chosen() });
  }

  // The question stands on the page at once; what the server says of it comes in its place.
  function begin(turn, question) {
    const article = document.createElement("article");
    article.className = "turn";
    article.dataset.turn = turn;
    article.dataset.running = "true";
    const asked = document.createElement("h2"), stage = document.createElement("p");
    asked.className = "asked";
    asked.dir = "auto";
    asked.textContent = question;
    stage.className = "working";
    stage.textContent = $("#talk").dataset.begin;
    article.append(asked, stage);
    turns().append(article);
    setTimeout(() => { if (stage.isConnected) stage.textContent = $("#talk").dataset.waiting; }, WAITING);
    settle();
    article.scrollIntoView({ block: "start" });
  }

  function ask(question) {
    const input = $("#question");
    if (!input || running()) return;
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(input, question);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    setTimeout(() => $("#ask").click(), 30);  // Gradio takes the text over in its own time
  }

  // ---- what comes --------------------------------------------------------------------------------------------
  function receive(html) {
    const news = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
    if (!news || !sheet.has(news.dataset.turn)) return;  // of a conversation that was left
    let article = $(`#turns > [data-turn="${news.dataset.turn}"]`);
    if (!article) {
      article = document.createElement("article");
      turns().append(article);
    }
    for (const { name, value } of [...news.attributes]) article.setAttribute(name, value);
    for (const name of ["data-running", "aria-busy"]) if (!news.hasAttribute(name)) article.removeAttribute(name);
    page.put(article, news.innerHTML);
    if (news.dataset.conversation && news.dataset.conversation !== conversation) {
      conversation = news.dataset.conversation;
      if (location.hash.split("/")[0] !== "#chat" && location.hash) return settle();
      history.replaceState(null, "", `#chat/${conversation}`);
    }
    if (!news.dataset.running) document.dispatchEvent(new CustomEvent("changed", { detail: "history" }));
    settle();
  }

  const watch = new MutationObserver(() => {
    const html = $("#news [data-news]")?.dataset.news;
    if (!html || html === watch.seen) return;
    watch.seen = html;
    receive(html);
  });

  // What depends on whether there are turns, and on whether one is being made.
  function settle() {
    const some = turns().childElementCount > 0, screen = $("#screen-chat");
    $("#new-line").hidden = !some;
    $("#start").hidden = some;
    screen.classList.toggle("begun", some);
    screen.classList.toggle("asking", Boolean(running()));
  }

  // ---- conversations -----------------------------------------------------------------------------------------
  function fresh() {
    conversation = "";
    sheet = new Set();
    loading++;
    page.put(turns(), "");
    turns().shown = null;
    settle();
  }

  async function show(id) {
    if (id === conversation) return;
    fresh();
    conversation = id;
    const mine = loading;
    const given = await page.ask(`/screens/chat/talk/${id}`);
    if (!given || mine !== loading) return;
    turns().shown = null;
    page.put(turns(), given.html);
    if (!given.ok) conversation = "";
    settle();
    turns().lastElementChild?.scrollIntoView({ block: "start" });
  }

  function open({ screen, rest: hash }) {
    if (screen !== "chat") return;
    if (!$("#desk")) return void setTimeout(open, 30, { screen, rest: hash });  // Gradio is still drawing
    const rest = hash.split("/")[1] ?? "";
    if (rest === "new") {
      fresh();
      history.replaceState(null, "", "#chat");
      $("#question")?.focus();
    } else if (rest) {
      show(rest);
    } else if (conversation) {
      history.replaceState(null, "", `#chat/${conversation}`);
    }
    settle();
  }
  document.addEventListener("opened", (event) => open(event.detail));

  // ---- choices -----------------------------------------------------------------------------------------------
  function scope() {
    const n = chosen().length, talk = $("#talk").dataset;
    $("#scope-now").textContent = n ? talk.some.replace("#", n) : talk.all;
    $("#scope").classList.toggle("some", n > 0);
  }

  function find(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const list = $("#scope-list .choices");
    let shown = 0;
    for (const item of list.children) {
      const fits = words.every((word) => item.textContent.toLowerCase().includes(word));
      item.hidden = !item.querySelector("input").checked && !(fits && shown++ < Number(list.dataset.most));
    }
    const more = $("#scope-more");
    if (more) more.hidden = words.length > 0;
  }

  document.addEventListener("toggle", (event) => {
    if (event.target.id !== "scope" || !event.target.open) return;
    const list = $("#scope-list"), picked = new Set(chosen());
    page.ask("/screens/chat/papers").then((given) => {
      if (!given?.ok) return;
      page.put(list, given.html);
      for (const box of all('input[name="paper"]', list)) box.checked = picked.has(box.value);
      scope();
    });
  }, true);
  document.addEventListener("change", (event) => { if (event.target.matches?.('#scope-list input[name="paper"]')) scope(); });
  document.addEventListener("input", (event) => { if (event.target.id === "scope-find") find(event.target.value); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    const open = $("#scope[open]");
    if (open && !open.contains(event.target)) open.open = false;
    if (!button) return;
    if (button.id === "new") location.hash = "#chat/new";
    if (button.id === "scope-clear") {
      for (const box of all("#scope-list input:checked")) box.checked = false;
      scope();
    }
    if (button.dataset.question) ask(button.dataset.question);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && $("#scope[open]")) {
      $("#scope").open = false;
      $("#scope summary").focus();
    }
  });

  watch.observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["data-news"] });
  window.chat = { wish, ask };
  const already = document.documentElement.dataset.screen;  // opened before this script came
  if (already) open({ screen: already, rest: location.hash.slice(1) });
})();
