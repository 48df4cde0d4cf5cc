// Parts of a page that are fetched anew when something happens: data-refresh names the events of the live stream,
// data-refresh-about a value that one of their members must have. The part gets the event `refresh`, at most every
// data-refresh-every milliseconds, never while somebody is busy in it.
const EVERY_MS = 1500;
const BUSY_MS = 1000;
const parts = new Map();

function concerns(part, name, items) {
  const names = part.dataset.refresh.split(" ");
  if (!names.includes("any") && !names.includes(name)) return false;
  const about = part.dataset.refreshAbout;
  return !about || items.some((item) => Object.values(item ?? {}).includes(about));
}

function isBusy(part) {
  if (document.hidden) return true;
  if (!part.hasAttribute("hx-get")) return false;
  if (document.querySelector("dialog[open]") || part.querySelector("details[open], .htmx-request")) return true;
  return part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
}

function plan(id, after) {
  const state = parts.get(id) ?? { last: 0, timer: 0 };
  parts.set(id, state);
  if (state.timer) return;
  state.timer = setTimeout(() => {
    state.timer = 0;
    const part = document.getElementById(id);
    if (!part) {
      parts.delete(id);
    } else if (isBusy(part)) {
      plan(id, BUSY_MS);
    } else {
      state.last = performance.now();
      part.dispatchEvent(new CustomEvent("refresh"));
    }
  }, after);
}

document.body.addEventListener("live:any", ({ detail: { name, items } }) => {
  for (const part of document.querySelectorAll("[data-refresh]")) {
    if (!concerns(part, name, items)) continue;
    const every = Number(part.dataset.refreshEvery || EVERY_MS);
    const since = performance.now() - (parts.get(part.id)?.last ?? -every);
    plan(part.id, Math.max(50, every - since));
  }
});
