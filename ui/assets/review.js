// The review by keyboard: S, R, N label, K skips; while nothing is being typed.
"use strict";
document.addEventListener("keydown", (event) => {
  if (document.documentElement.dataset.screen !== "review" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input[type=text], input[type=search], textarea, select, [contenteditable]")) return;
  const key = event.key.toLowerCase();
  const button = [...document.querySelectorAll("#screen-review button[data-key]")].find((b) => b.dataset.key === key);
  if (!button) return;
  event.preventDefault();
  button.click();
});
