// One stream for the page: its events become DOM events `live:<name>` on the body, at most four a second each.
const PAUSE_MS = 250;
const LONGEST_WAIT_MS = 30000;
const REST_AFTER_MS = 10000;

function show(state) {
  const sign = document.querySelector("[data-live-state]");
  if (!sign || sign.dataset.state === state) return;
  sign.dataset.state = state;
  sign.querySelector("span").textContent = sign.dataset[state];
}

function teller(target) {
  const waiting = new Map();
  return (name, data) => {
    if (waiting.has(name)) {
      waiting.get(name).push(data);
      return;
    }
    waiting.set(name, [data]);
    setTimeout(() => {
      const items = waiting.get(name);
      waiting.delete(name);
      target.dispatchEvent(new CustomEvent(`live:${name}`, { bubbles: true, detail: { items } }));
      if (name !== "any") target.dispatchEvent(new CustomEvent("live:any", { bubbles: true, detail: { name, items } }));
    }, PAUSE_MS);
  };
}

export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Open a stream that heals itself; gives a function that closes it. */
export function follow(href, names, { event, state = () => {}, after = "", seen = () => {} }) {
  let source;
  let wait = 1000;
  let last = after;
  let timer;
  const open = () => {
    const address = new URL(href, location.href);
    if (last) address.searchParams.set("last_event_id", last);
    source = new EventSource(address);
    state("connecting");
    source.addEventListener("open", () => {
      wait = 1000;
      state("live");
    });
    source.addEventListener("error", () => {
      state("lost");
      if (source.readyState === EventSource.CLOSED) {
        timer = setTimeout(open, wait + Math.random() * 500);
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      }
    });
    for (const name of names) {
      source.addEventListener(name, (message) => {
        last = message.lastEventId || last;
        seen(last);
        event(name, parsed(message.data));
      });
    }
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

export function listen(body) {
  if (!body.dataset.live) return;
  const tell = teller(body);
  const names = body.dataset.liveEvents.split(" ");
  let last = body.dataset.liveAfter ?? "";
  let close = null;
  const open = () => {
    close ??= follow(body.dataset.live, names, { event: tell, state: show, after: last, seen: (id) => (last = id) });
  };
  const leave = () => {
    close?.();
    close = null;
  };
  // A browser opens few connections to one host: pages that nobody looks at leave theirs to others.
  let resting;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(resting);
    if (document.hidden) resting = setTimeout(leave, REST_AFTER_MS);
    else open();
  });
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  open();
}
