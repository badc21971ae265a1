// The sign-in page in the theme that was chosen on the page itself.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const chosen = localStorage.getItem("theme");
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.body.classList.toggle("dark", dark);
});
