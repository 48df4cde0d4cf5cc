// A list of choices that a search field narrows: data-choices holds the field and the entries.
function narrow(box) {
  const asked = box.querySelector("[data-choices-search]").value.trim().toLowerCase();
  let shown = 0;
  for (const entry of box.querySelectorAll("[data-choice]")) {
    entry.hidden = !entry.dataset.choice.toLowerCase().includes(asked);
    shown += entry.hidden ? 0 : 1;
  }
  for (const group of box.querySelectorAll("[data-choice-group]")) group.hidden = !group.querySelector("[data-choice]:not([hidden])");
  box.querySelector("[data-choices-none]").hidden = shown > 0;
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-choices-search]")) narrow(event.target.closest("[data-choices]"));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("[data-choices-search]")) return;
  event.preventDefault();
  event.target.closest("[data-choices]").querySelector("[data-choice]:not([hidden]) a, a[data-choice]:not([hidden])")?.click();
});
