// The console's entry: what every page needs, and the modules of the pieces that this page holds.
import { refreshTimes } from "./time.js";
import "./toast.js";
import { listen } from "./live.js";

const PIECES = {
  "[data-table]": "./table.js",
  "[data-schema-form]": "./form.js",
  "[data-chart]": "./chart.js",
  "[data-log]": "./log.js",
  "[hx-confirm], [data-confirm]": "./dialog.js",
  "[data-copy]": "./copy.js",
  "[data-refresh]": "./refresh.js",
  "[data-choices]": "./choices.js",
  "[data-secret]": "./secret.js",
  "[data-fill]": "./upload.js",
  "form[data-guess]": "./work.js",
};

async function bring(root) {
  refreshTimes(root);
  for (const one of root.querySelectorAll("dialog[data-open]")) {
    one.removeAttribute("data-open");
    one.showModal();
  }
  for (const here of root.querySelectorAll(".tabs [aria-current]")) here.scrollIntoView({ block: "nearest", inline: "center" });
  for (const [selector, module] of Object.entries(PIECES)) {
    if (root.matches?.(selector) || root.querySelector(selector)) {
      (await import(module)).bring?.(root);
    }
  }
}

function chooseTheme(theme) {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  const age = theme === "auto" ? 0 : 31536000;
  document.cookie = `css_theme=${theme}; path=/; max-age=${age}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  for (const one of document.querySelectorAll("[data-theme-choice]")) {
    one.setAttribute("aria-pressed", String(one.dataset.themeChoice === theme));
  }
  document.dispatchEvent(new CustomEvent("theme"));
}

function isTyping(target) {
  return target.closest?.("input, textarea, select, [contenteditable]") !== null;
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  if (event.target.closest("[data-close]") || event.target.matches("dialog")) event.target.closest("dialog")?.close();
  const choice = event.target.closest("[data-theme-choice]");
  if (choice) chooseTheme(choice.dataset.themeChoice);
  for (const open of document.querySelectorAll("details.menu[open]")) {
    if (!open.contains(event.target) || event.target.closest("a.item, [data-theme-choice]")) open.open = false;
  }
});

// A choice that the browser remembers must stand before the request that it is for goes out.
document.addEventListener("click", (event) => {
  const kept = event.target.closest("[data-keep]");
  if (kept) document.cookie = `${kept.dataset.keep}; path=/; max-age=31536000; samesite=lax`;
}, { capture: true });

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = document.querySelector("details.menu[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  }
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) {
    const search = document.querySelector("[data-search]");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  }
});

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRF-Token"] = token;
});
document.addEventListener("close-dialog", (event) => event.target.closest?.("dialog")?.close());
document.addEventListener("htmx:load", (event) => bring(event.detail.elt));

bring(document.body);
listen(document.body);
