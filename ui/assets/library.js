// The library screen: files by drop, dialog or folder are sent one by one; the table follows what the jobs change.
"use strict";
(() => {
  const $ = (selector) => document.querySelector(selector);
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

  async function send(files) {
    const zone = $("#dropzone");
    const suffixes = zone.dataset.suffixes.split(" ");
    const wanted = files.length > 1 ? files.filter(({ path }) => suffixes.some((s) => path.toLowerCase().endsWith(s))) : files;
    if (!wanted.length) return void window.page.say(zone.dataset.none);
    let answer = null;
    for (const [at, { file, path }] of wanted.entries()) {
      const note = $("#sending");
      if (note) note.textContent = filled(zone.dataset.sending, { name: file.name, n: at + 1, all: wanted.length });
      const query = new URLSearchParams({ name: path, size: file.size });
      const body = file.size > Number(zone.dataset.limit) ? new Blob() : file;  // the server says so in a sentence
      answer = await window.page.ask(`/screens/library/upload?${query}`, body);
      refresh();
    }
    if ($("#sending")) $("#sending").textContent = "";
    if (!answer) return;  // it has been said that the program cannot be reached
    window.page.say(wanted.length === 1 ? window.page.words(answer.html) : filled(zone.dataset.sent, { n: wanted.length }));
    refresh();
  }

  const refresh = () => { for (const id of ["#library-live", "#library-start"]) if ($(id)) window.page.fill($(id)); };

  document.addEventListener("change", (event) => {
    if (event.target.matches("#dropzone input[type=file]")) {
      send([...event.target.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
      event.target.value = "";
    }
    if (event.target.matches("#choose-all")) {
      for (const box of document.querySelectorAll("#chosen input[name=paper]")) box.checked = event.target.checked;
    }
  });

  // A folder that is dropped is walked here: the browser hands over its entries, not its files.
  async function walked(entry, path) {
    if (entry.isFile) return [{ file: await new Promise((done, failed) => entry.file(done, failed)), path }];
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) return found;
      for (const inner of some) found.push(...await walked(inner, `${path}/${inner.name}`));
    }
  }

  const over = (event) => event.target.closest?.("#screen-library") && event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!over(event)) return;
    event.preventDefault();
    $("#dropzone")?.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => { if (over(event)) $("#dropzone")?.classList.remove("over"); });
  document.addEventListener("drop", async (event) => {
    if (!over(event) || !$("#dropzone")) return;
    event.preventDefault();
    $("#dropzone").classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const plain = [...event.dataTransfer.files].map((file) => ({ file, path: file.name }));
    const found = entries.length ? (await Promise.all(entries.map((e) => walked(e, e.name)))).flat() : plain;
    send(found);
  });

  // When the jobs have changed the library, what shows it is asked for again; after a removal Undo has the focus.
  let mark = null;
  let undo = false;
  document.addEventListener("changed", (event) => { if (event.detail === "undo") undo = true; });
  new MutationObserver(() => {
    const now = $("#library-live [data-mark]")?.dataset.mark;
    if (now !== undefined && now !== mark) {
      if (mark !== null) for (const id of ["#library-papers", "#library-start"]) if ($(id)) window.page.fill($(id));
      mark = now;
    }
    if (undo && $("#undo")) {
      undo = false;
      $("#undo").focus();
    }
  }).observe(document, { childList: true, subtree: true });

  document.addEventListener("error", (event) => {
    const picture = event.target;
    if (!picture.matches?.("img[data-failed]")) return;
    const said = document.createElement("p");
    said.className = "notice";
    said.textContent = picture.dataset.failed;
    picture.replaceWith(said);
  }, true);
})();
