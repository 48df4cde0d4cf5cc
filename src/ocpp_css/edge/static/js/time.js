// Relative times stay true while the page stands open.
const STEPS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const words = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "auto" });

export function relative(moment, now = Date.now()) {
  const seconds = (moment - now) / 1000;
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return words.format(Math.trunc(seconds / size), unit);
}

export function refreshTimes(root = document) {
  for (const one of root.querySelectorAll("time[data-relative]")) {
    const moment = Date.parse(one.dateTime);
    if (Math.abs(moment - Date.now()) < 30 * 86400000) {
      const text = relative(moment);
      if (one.textContent !== text) one.textContent = text;
    }
  }
}

setInterval(() => {
  if (!document.hidden) refreshTimes();
}, 15000);
document.addEventListener("visibilitychange", () => document.hidden || refreshTimes());
