// Short messages in one live region; an answer's HX-Trigger header or any module may say one.
const PATIENCE_MS = { ok: 5000, info: 5000, warn: 9000, error: 0 };
const MARKS = { ok: "circle-check", info: "info-circle", warn: "alert-triangle", error: "alert-circle" };

function icon(name, sprite) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

export function say({ text, kind = "ok", undo = "", number = "" }) {
  const region = document.getElementById("toasts");
  if (!region || !text) return;
  const made = document.createElement("div");
  made.className = "toast";
  made.dataset.kind = kind;
  const mark = document.createElement("span");
  mark.className = "mark";
  mark.append(icon(MARKS[kind] ?? MARKS.info, region.dataset.sprite));
  const words = document.createElement("span");
  words.className = "text";
  words.textContent = text;
  made.append(mark, words);
  if (number) {
    const shown = document.createElement("span");
    shown.className = "number";
    shown.textContent = number;
    made.append(shown);
  }
  const leave = () => made.remove();
  if (undo) {
    made.append(button(region.dataset.undo, () => {
      leave();
      window.htmx.ajax("POST", undo, { swap: "none" });
    }));
  }
  made.append(button(region.dataset.close, leave));
  region.append(made);
  while (region.children.length > 4) region.firstElementChild.remove();
  const patience = undo ? 10000 : PATIENCE_MS[kind];
  if (patience) setTimeout(leave, patience);
}

document.addEventListener("toast", (event) => say(event.detail));
document.addEventListener("htmx:sendError", () => {
  const region = document.getElementById("toasts");
  say({ kind: "error", text: region?.dataset.offline });
});
