// A chart of figures that an address gives as JSON: {"x": [unix seconds], "series": [{"label", "unit", "values"}]}.
const INKS = ["--accent", "--ok", "--warn", "--info", "--bad", "--muted"];
const SVG = "http://www.w3.org/2000/svg";
let library;

function load(src) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    script.addEventListener("load", () => resolve(window.uPlot));
    script.addEventListener("error", reject);
    document.head.append(script);
  });
  return library;
}

function ink(box, name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  box.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

const language = document.documentElement.lang || "en";
const figures = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
const zone = document.documentElement.dataset.zone || undefined;
const moments = new Intl.DateTimeFormat(language, {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zone,
});

function shown(value, unit) {
  return value === null || value === undefined ? "–" : `${figures.format(value)}\u00a0${unit ?? ""}`.trim();
}

function readings(box, series) {
  const list = box.querySelector(".readings");
  list.replaceChildren();
  return series.map((one, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "true");
    const mark = document.createElementNS(SVG, "svg");
    mark.setAttribute("viewBox", "0 0 12 12");
    mark.setAttribute("aria-hidden", "true");
    const dot = document.createElementNS(SVG, "rect");
    for (const [name, value] of [["width", 12], ["height", 4], ["y", 4], ["rx", 2]]) dot.setAttribute(name, value);
    dot.style.fill = `var(${INKS[index % INKS.length]})`;
    mark.append(dot);
    const value = document.createElement("b");
    button.append(mark, one.label, value);
    list.append(button);
    return { button, value };
  });
}

const seconds = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zone });
const hours = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
const days = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: zone });
const years = new Intl.DateTimeFormat(language, { month: "short", year: "numeric", timeZone: zone });

/** Labels of the time axis: hours within days, and the day where it begins or first shows. */
function ticks(marks, step) {
  if (step >= 28 * 86400) return marks.map((mark) => years.format(mark * 1000));
  if (step >= 86400) return marks.map((mark) => days.format(mark * 1000));
  let last = "";
  return marks.map((mark) => {
    const day = days.format(mark * 1000);
    const label = (step < 60 ? seconds : hours).format(mark * 1000) + (day === last ? "" : `\n${day}`);
    last = day;
    return label;
  });
}

function look(box) {
  const font = `12px ${getComputedStyle(box).fontFamily}`;
  return { stroke: ink(box, "--muted"), font, grid: { stroke: ink(box, "--line"), width: 1 }, ticks: { show: false } };
}

/** Pixels from one time to the next: the longest label, hours with seconds, and a gap. */
const TIME_SPACE = 80;

function axes(box, units, hasTime) {
  const shared = look(box);
  const times = (_, marks, __, ___, step) => (hasTime ? ticks(marks, step) : marks.map(() => ""));
  return [
    {
      ...shared, grid: { ...shared.grid, show: !hasTime || units.length > 0 }, values: times, size: hasTime ? 44 : 8,
      space: TIME_SPACE,
    },
    ...units.map((unit, index) => ({
      ...shared, scale: unit, side: index === 0 ? 3 : 1, size: 68, grid: { ...shared.grid, show: index === 0 },
      values: (_, marks) => marks.map((mark) => shown(mark, unit)),
    })),
  ];
}

/** The series by unit; with more than two units each gets a plot of its own on the same time axis. */
function strips(series) {
  const units = [...new Set(series.map((one) => one.unit ?? ""))];
  const numbered = series.map((one, index) => ({ ...one, index }));
  if (units.length <= 2) return [numbered];
  return units.map((unit) => numbered.filter((one) => (one.unit ?? "") === unit));
}

const tallness = (count, isLast) => (count === 1 ? 240 : isLast ? 136 : 104);
let groups = 0;

function strip(box, Plot, data, { series, isLast, count, sync, tell }) {
  const units = [...new Set(series.map((one) => one.unit ?? ""))];
  const plot = box.querySelector(".plot");
  const options = {
    width: Math.max(plot.clientWidth, 200),
    height: tallness(count, isLast),
    legend: { show: false },
    padding: [8, units.length > 1 ? 0 : 28, 0, 0],
    tzDate: (seconds) => (zone ? Plot.tzDate(new Date(seconds * 1000), zone) : new Date(seconds * 1000)),
    cursor: { y: false, points: { size: 7 }, sync: { key: sync } },
    scales: Object.fromEntries(units.map((unit) => [unit, { range: (_, low, high) => reach(Plot, low, high) }])),
    axes: axes(box, units, isLast),
    series: [{}, ...series.map((one) => ({
      label: one.label, scale: one.unit ?? "", stroke: ink(box, INKS[one.index % INKS.length]), width: 1.75, spanGaps: true,
      points: { show: data.x.length < 2 },
    }))],
    hooks: { setCursor: [(drawn) => tell(drawn.cursor.idx)] },
  };
  return new Plot(options, [data.x, ...series.map((one) => one.values)], plot);
}

/** The lowest and highest figure of an axis: flat lines stand in the middle, and nothing hides in a frame of no height. */
function reach(Plot, low, high) {
  if (low === null || high === null) return [0, 1];
  if (low === high) return low === 0 ? [0, 1] : [Math.min(0, low), Math.max(0, high) * 1.2 || 1];
  return Plot.rangeNum(low >= 0 && low < high * 0.5 ? 0 : low, high, 0.1, true);
}

/** The value at a moment, or the last one before it: the sources do not speak at the same times. */
function at(values, index) {
  for (let place = index; place >= 0; place -= 1) if (values[place] !== null && values[place] !== undefined) return values[place];
  return null;
}

function draw(box, Plot, data) {
  const told = readings(box, data.series);
  box.querySelector(".plot").replaceChildren();
  const tell = (index) => told.forEach(({ value }, one) => {
    value.textContent = shown(at(data.series[one].values, index ?? data.x.length - 1), data.series[one].unit);
  });
  const parts = strips(data.series);
  const sync = `chart-${(groups += 1)}`;
  const drawn = parts.map((series, index) =>
    strip(box, Plot, data, { series, isLast: index === parts.length - 1, count: parts.length, sync, tell }));
  tell(null);
  told.forEach(({ button }, index) => button.addEventListener("click", () => {
    const isOn = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOn));
    const place = parts.findIndex((series) => series.some((one) => one.index === index));
    drawn[place].setSeries(parts[place].findIndex((one) => one.index === index) + 1, { show: isOn });
  }));
  return {
    fit(width) {
      drawn.forEach((one, index) => one.setSize({ width, height: tallness(parts.length, index === parts.length - 1) }));
    },
    destroy() {
      drawn.forEach((one) => one.destroy());
    },
  };
}

function cell(name, text, isNumeric) {
  const made = document.createElement(name);
  made.textContent = text;
  if (isNumeric) made.className = "num";
  return made;
}

function tabulate(target, data) {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  head.append(cell("th", target.dataset.time), ...data.series.map((one) => cell("th", `${one.label} ${one.unit ?? ""}`, true)));
  const body = table.createTBody();
  data.x.slice(-500).forEach((x, offset) => {
    const index = Math.max(0, data.x.length - 500) + offset;
    const values = data.series.map((one) => cell("td", shown(one.values[index], ""), true));
    body.insertRow().append(cell("td", moments.format(x * 1000)), ...values);
  });
  target.replaceChildren(table);
}

class Chart {
  constructor(box) {
    this.box = box;
    this.state = box.querySelector("[data-chart-state]");
    this.plot = box.querySelector(".plot");
    const redraw = () => this.redraw();
    document.addEventListener("theme", redraw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    new ResizeObserver(() => this.drawn?.fit(this.width())).observe(this.plot);
    box.addEventListener("refresh", () => this.load());
    const fold = box.querySelector("details");
    fold.addEventListener("toggle", () => this.tabulate());
  }

  width() {
    return Math.max(this.plot.clientWidth, 200);
  }

  async load() {
    try {
      const [Plot, answer] = await Promise.all([
        load(this.box.dataset.uplot),
        fetch(this.box.dataset.src, { headers: { Accept: "application/json" } }),
      ]);
      if (!answer.ok) throw new Error(answer.statusText);
      this.Plot = Plot;
      this.data = await answer.json();
      const isEmpty = this.data.x.length === 0;
      this.state.hidden = !isEmpty;
      this.plot.hidden = isEmpty;
      this.state.textContent = isEmpty ? this.state.dataset.empty : "";
      if (!isEmpty) this.redraw();
    } catch {
      this.state.hidden = false;
      this.state.textContent = this.state.dataset.failed;
    }
  }

  redraw() {
    if (!this.data?.x.length) return;
    this.drawn?.destroy();
    this.drawn = draw(this.box, this.Plot, this.data);
    this.tabulate();
  }

  tabulate() {
    if (this.data && this.box.querySelector("details").open) tabulate(this.box.querySelector(".figures"), this.data);
  }
}

export function bring(root) {
  for (const box of root.matches?.("[data-chart]") ? [root] : root.querySelectorAll("[data-chart]")) {
    if (box.dataset.ready) continue;
    box.dataset.ready = "yes";
    new Chart(box).load();
  }
}
