// One line of a live log, and what it unfolds to.
import { say } from "./toast.js";

const SVG = "http://www.w3.org/2000/svg";
const ICONS = { in: "arrow-down-left", out: "arrow-up-right" };
const BRIEF = 200;
const clock = new Intl.DateTimeFormat(document.documentElement.lang || "en", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23",
  timeZone: document.documentElement.dataset.zone || undefined,
});
const day = new Intl.DateTimeFormat(document.documentElement.lang || "en", {
  dateStyle: "medium", timeStyle: "long", timeZone: document.documentElement.dataset.zone || undefined,
});

function made(tag, name, text = "") {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

function way(sprite, direction, label) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${ICONS[direction] ?? "point"}`);
  svg.append(use);
  const box = made("span", "way");
  box.append(svg);
  return box;
}

export const isAnswer = (entry) => entry.message_type === "CALLRESULT" || entry.message_type === "CALLERROR";

/** The time between a call and its answer, as people read it. */
export function between(ms) {
  if (ms === null || ms === undefined) return "";
  return ms < 1 ? "< 1 ms" : ms < 10000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function brief(entry) {
  if (entry.error) return [entry.error.code, entry.error.description].filter(Boolean).join(": ");
  const said = JSON.stringify(entry.payload ?? "");
  return said.length > BRIEF ? `${said.slice(0, BRIEF)}…` : said;
}

/** The line of an entry; it unfolds when it is pressed. */
export function line(entry, words, unfold) {
  const item = document.createElement("li");
  item.dataset.direction = entry.direction;
  item.dataset.message = entry.id ?? "";
  if (entry.error) item.dataset.error = "yes";
  if (isAnswer(entry)) item.dataset.answer = "yes";
  if (entry.violations?.length) item.dataset.mended = "yes";
  const button = made("button", "line");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  const time = made("time", "", clock.format(new Date(entry.at)));
  time.dateTime = entry.at;
  time.title = day.format(new Date(entry.at));
  button.append(time, way(words.sprite, entry.direction, words[entry.direction] ?? ""), made("span", "action", entry.action || words.unreadable || ""),
    made("span", "brief", brief(entry)), made("span", "latency muted num", between(entry.latency_ms)));
  button.addEventListener("click", () => unfold(item, entry));
  item.append(button);
  return item;
}

function plain(entry) {
  const { text: _, ...told } = entry;
  return JSON.stringify(told, null, 2);
}

function copyButton(label, text, words) {
  const button = made("button", "button small", label);
  button.type = "button";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    say({ text: words.copied });
  });
  return button;
}

function part(title, entry) {
  const box = made("div", "part");
  const told = isAnswer(entry) ? entry.error ?? entry.payload : { ...entry.payload, ...(entry.error && { reason: entry.error.description }) };
  const code = made("pre", "code", JSON.stringify(told ?? null, null, 2));
  code.tabIndex = 0;
  box.append(made("strong", "small", title), code);
  return box;
}

/** What an entry unfolds to: the call and its answer side by side. */
export function detail(entry, partner, words) {
  const box = made("div", "detail");
  const [call, answer] = isAnswer(entry) ? [partner, entry] : [entry, partner];
  const pair = made("div", "pair");
  if (call) pair.append(part(words.call, call));
  if (answer) pair.append(part(`${words.answer} ${between(answer.latency_ms)}`, answer));
  box.append(pair);
  for (const one of entry.violations ?? []) box.append(made("p", "small mended", `${words.mended} ${one.path}: ${one.detail}`));
  const actions = made("div", "row");
  actions.append(made("code", "muted small grow", entry.message_id ?? ""), copyButton(words.copyJson, plain(entry), words));
  if (words.link && entry.id) {
    const link = new URL(words.link, location.href);
    link.searchParams.set("message", entry.id);
    link.searchParams.set("at", (call ?? entry).at);
    actions.append(copyButton(words.copyLink, link.href, words));
  }
  box.append(actions);
  return box;
}
