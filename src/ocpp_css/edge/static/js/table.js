// Column choice, selection with bulk actions; the list itself is the server's.
const chosen = (table) => [...table.querySelectorAll('tbody [name="id"]')];

function stored(id) {
  try {
    return JSON.parse(localStorage.getItem(`columns:${id}`));
  } catch {
    return null;
  }
}

function applyColumns(box) {
  const hidden = new Set(stored(box.id) ?? (box.dataset.hidden || "").split(" ").filter(Boolean));
  for (const cell of box.querySelectorAll("thead [data-column]")) {
    const index = cell.cellIndex;
    cell.hidden = hidden.has(cell.dataset.column);
    for (const row of box.querySelectorAll("tbody tr")) if (row.cells[index] && row.cells.length > 1) row.cells[index].hidden = cell.hidden;
  }
  for (const one of box.querySelectorAll("[data-choose-column]")) one.checked = !hidden.has(one.value);
}

function applySelection(box) {
  const all = chosen(box);
  const count = all.filter((one) => one.checked).length;
  const bar = box.querySelector(".bulk");
  const head = box.querySelector("[data-select-all]");
  if (!bar || !head) return;
  bar.hidden = count === 0;
  const label = bar.querySelector("[data-count]");
  label.textContent = label.dataset.count.replace("{n}", count);
  head.checked = count > 0 && count === all.length;
  head.indeterminate = count > 0 && count < all.length;
}

document.addEventListener("change", (event) => {
  const box = event.target.closest("[data-table]");
  if (!box) return;
  if (event.target.matches("[data-choose-column]")) {
    const off = [...box.querySelectorAll("[data-choose-column]")].filter((one) => !one.checked).map((one) => one.value);
    localStorage.setItem(`columns:${box.id}`, JSON.stringify(off));
    applyColumns(box);
  }
  if (event.target.matches("[data-select-all]")) for (const one of chosen(box)) one.checked = event.target.checked;
  applySelection(box);
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-select-none]")) return;
  const box = event.target.closest("[data-table]");
  for (const one of chosen(box)) one.checked = false;
  applySelection(box);
});

// A list that is refreshed while rows are selected keeps the selection.
const kept = new Map();
document.addEventListener("htmx:beforeSwap", (event) => {
  const box = event.detail.target.closest?.("[data-table]");
  if (box && event.detail.requestConfig.verb === "get") kept.set(box.id, new Set(chosen(box).filter((one) => one.checked).map((one) => one.value)));
});

export function bring(root) {
  const boxes = root.matches?.("[data-table]") ? [root] : [...root.querySelectorAll("[data-table]")];
  if (!boxes.length && root.closest?.("[data-table]")) boxes.push(root.closest("[data-table]"));
  for (const box of boxes) {
    for (const one of chosen(box)) one.checked ||= kept.get(box.id)?.has(one.value) ?? false;
    kept.delete(box.id);
    applyColumns(box);
    applySelection(box);
  }
}
