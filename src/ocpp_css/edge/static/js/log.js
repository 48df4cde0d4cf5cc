// A live log: newest last, at most 1,000 lines in the page while it runs, nothing lost while it is paused; older
// messages come when one scrolls up.
import { follow } from "./live.js";
import { detail, line } from "./logline.js";

const SHOWN = 1000;
const KEPT = 20000;
const STEP = 200;
const MOST_PAGES = 10;

class Messages {
  /** What is known, the oldest first; each message once. */
  constructor() {
    this.all = [];
    this.known = new Map();
    this.pairs = new Map();
  }

  fresh(entries) {
    return entries.filter((entry) => !entry.id || !this.known.has(entry.id));
  }

  remember(entries) {
    for (const entry of entries) {
      if (entry.id) this.known.set(entry.id, entry);
      if (entry.exchange_id) this.pairs.set(entry.exchange_id, [...(this.pairs.get(entry.exchange_id) ?? []), entry]);
    }
  }

  add(entries) {
    const fresh = this.fresh(entries);
    this.remember(fresh);
    this.all.push(...fresh);
    if (this.all.length > KEPT) this.forget(this.all.splice(0, this.all.length - KEPT));
    return fresh;
  }

  addBefore(entries) {
    const fresh = this.fresh(entries);
    this.remember(fresh);
    this.all.unshift(...fresh);
    return fresh;
  }

  forget(entries) {
    for (const { id, exchange_id: exchange } of entries) {
      this.known.delete(id);
      this.pairs.delete(exchange);
    }
  }

  partner(entry) {
    return this.pairs.get(entry.exchange_id)?.find((one) => one !== entry);
  }
}

class Log {
  constructor(box) {
    this.box = box;
    this.words = box.dataset;
    this.list = box.querySelector("ol");
    this.scroller = box.querySelector(".lines");
    this.form = box.querySelector("form");
    this.messages = new Messages();
    this.entries = new WeakMap();
    this.waiting = [];
    this.isPaused = false;
    this.isDue = false;
    this.cursor = null;
    this.connect();
    this.count();
  }

  connect() {
    const pause = this.box.querySelector("[data-pause]");
    pause.addEventListener("click", () => {
      this.isPaused = !this.isPaused;
      pause.setAttribute("aria-pressed", String(this.isPaused));
      this.flush();
    });
    this.form.addEventListener("input", () => this.redraw());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.box.querySelector("[data-save]").addEventListener("click", () => this.save());
    this.box.querySelector("[data-older]").addEventListener("click", () => this.older());
    this.box.addEventListener("log-entries", (event) => this.take(event.detail));
    this.scroller.addEventListener("scroll", () => {
      if (this.scroller.scrollTop < 60 && this.list.children.length) this.older();
    }, { passive: true });
  }

  // --- what fits ------------------------------------------------------------------------------------------------

  filter() {
    const asked = Object.fromEntries(new FormData(this.form));
    const text = asked.text.trim().toLowerCase();
    return (entry) =>
      (!asked.direction || entry.direction === asked.direction) &&
      (!asked.action || entry.action === asked.action) &&
      (!asked.errors || Boolean(entry.error) || Boolean(entry.violations?.length)) &&
      (!text || this.textOf(entry).includes(text));
  }

  textOf(entry) {
    entry.text ??= `${entry.action ?? ""} ${entry.message_id ?? ""} ${JSON.stringify(entry.payload ?? "")} ${JSON.stringify(entry.error ?? "")}`.toLowerCase();
    return entry.text;
  }

  learn(entries) {
    const actions = this.form.elements.action;
    for (const { action } of entries) {
      if (!action || [...actions.options].some((option) => option.value === action)) continue;
      const next = [...actions.options].slice(1).find((option) => option.value > action);
      actions.insertBefore(new Option(action, action), next ?? null);
    }
  }

  // --- what is shown --------------------------------------------------------------------------------------------

  drawn(entries) {
    return entries.map((entry) => {
      const item = line(entry, this.words, (at, told) => this.unfold(at, told));
      this.entries.set(item, entry);
      return item;
    });
  }

  unfold(item, entry) {
    const open = item.querySelector(".detail");
    item.querySelector(".line").setAttribute("aria-expanded", String(!open));
    if (open) open.remove();
    else item.append(detail(entry, this.messages.partner(entry), this.words));
  }

  isAtEnd() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 40;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  count() {
    const sign = this.box.querySelector("[data-waiting]");
    sign.hidden = !this.isPaused;
    sign.textContent = this.isPaused ? this.words.waiting.replace("{n}", this.waiting.length) : "";
    const isEmpty = this.list.children.length === 0;
    this.box.querySelector("[data-none]").hidden = !isEmpty || this.messages.all.length > 0;
    this.box.querySelector("[data-nothing-fits]").hidden = !isEmpty || this.messages.all.length === 0;
    this.box.querySelector("[data-older]").hidden = !this.hasOlder();
  }

  take(entries) {
    const fresh = this.messages.add(entries);
    this.waiting.push(...fresh);
    if (this.waiting.length > KEPT) this.waiting.splice(0, this.waiting.length - KEPT);
    this.learn(fresh);
    if (this.isDue) return;
    this.isDue = true;
    const draw = () => this.flush();
    if (document.hidden) setTimeout(draw, 500);
    else requestAnimationFrame(draw);
  }

  flush() {
    this.isDue = false;
    if (this.isPaused) return this.count();
    const follows = this.isAtEnd();
    const fresh = this.waiting.filter(this.filter()).slice(-SHOWN);
    this.waiting = [];
    this.list.append(...this.drawn(fresh));
    if (follows) {
      while (this.list.children.length > SHOWN) this.list.firstElementChild.remove();
      this.toEnd();
    }
    return this.count();
  }

  redraw() {
    const fitting = this.messages.all.filter(this.filter()).slice(-SHOWN);
    this.list.replaceChildren(...this.drawn(fitting));
    this.toEnd();
    if (!this.isPaused) this.waiting = [];
    this.count();
  }

  // --- what is older --------------------------------------------------------------------------------------------

  before() {
    const first = this.entries.get(this.list.firstElementChild);
    const end = first ? this.messages.all.indexOf(first) : this.messages.all.length;
    return this.messages.all.slice(0, end).filter(this.filter()).slice(-STEP);
  }

  hasOlder() {
    return Boolean(this.cursor) || (this.list.children.length >= SHOWN && this.before().length > 0);
  }

  async older() {
    if (this.isFetching) return;
    this.isFetching = true;
    try {
      let found = this.before();
      for (let page = 0; !found.length && this.cursor && page < MOST_PAGES; page += 1) {
        if (!(await this.fetchOlder())) break;
        found = this.before();
      }
      const from = this.scroller.scrollHeight - this.scroller.scrollTop;
      this.list.prepend(...this.drawn(found));
      this.scroller.scrollTop = this.scroller.scrollHeight - from;
    } finally {
      this.isFetching = false;
      this.count();
    }
  }

  async history(cursor) {
    const address = new URL(this.words.history, location.href);
    if (cursor) address.searchParams.set("cursor", cursor);
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    return answer.ok ? answer.json() : null;
  }

  async fetchOlder() {
    const page = await this.history(this.cursor);
    if (!page) return false;
    this.cursor = page.next_cursor;
    this.learn(this.messages.addBefore(page.items.reverse()));
    return true;
  }

  // --- from outside ---------------------------------------------------------------------------------------------

  /** What was before the stream, or came while it was lost; what it brings meanwhile waits, for the order's sake. */
  async catchUp() {
    this.held ??= [];
    const page = this.words.history ? await this.history(null).catch(() => null) : null;
    const since = this.held;
    this.held = null;
    this.take(page?.items.reverse() ?? []);
    this.take(since);
    return page;
  }

  hear(entries) {
    if (this.held) this.held.push(...entries);
    else this.take(entries);
  }

  async begin() {
    this.cursor = (await this.catchUp())?.next_cursor ?? null;
    if (this.words.show) requestAnimationFrame(() => requestAnimationFrame(() => this.show(this.words.show)));
    if (this.words.src) this.listen();
  }

  listen() {
    const state = (now) => now === "live" && this.catchUp();
    const event = (_, data) => this.hear(Array.isArray(data) ? data : [data]);
    const close = follow(this.words.src, (this.words.events || "message").split(" "), { event, state });
    window.addEventListener("pagehide", close);
    document.addEventListener("htmx:beforeCleanupElement", (gone) => gone.detail.elt.contains(this.box) && close());
  }

  show(id) {
    const item = [...this.list.children].find((one) => one.dataset.message === id);
    if (!item) return;
    this.unfold(item, this.entries.get(item));
    item.dataset.shown = "yes";
    item.scrollIntoView({ block: "center" });
    item.querySelector(".line").focus({ preventScroll: true });
  }

  save() {
    const kept = this.messages.all.filter(this.filter()).map(({ text: _, ...plain }) => plain);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(kept, null, 2)], { type: "application/json" }));
    link.download = this.words.name || "messages.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
}

export function bring(root) {
  for (const box of root.matches?.("[data-log]") ? [root] : root.querySelectorAll("[data-log]")) {
    if (box.dataset.ready) continue;
    box.dataset.ready = "yes";
    new Log(box).begin();
  }
}
