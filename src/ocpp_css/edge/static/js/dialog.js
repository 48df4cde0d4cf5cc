// A native dialog that asks once before something dangerous is done.
const asking = () => document.getElementById("confirm");

function ask(text, { action, isDangerous, then }) {
  const dialog = asking();
  dialog.querySelector("[data-text]").textContent = text;
  const yes = dialog.querySelector("[data-yes]");
  yes.textContent = action || dialog.dataset.yes;
  yes.classList.toggle("danger", isDangerous);
  dialog.returnValue = "";
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && then(), { once: true });
  dialog.showModal();
}

document.addEventListener("htmx:confirm", (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  const source = event.detail.elt;
  const chosen = source.closest("[data-table]")?.querySelectorAll('[name="id"]:checked').length ?? 0;
  ask(event.detail.question.replace("{n}", chosen), {
    action: source.dataset.confirmAction,
    isDangerous: source.matches(".danger, [data-dangerous]"),
    then: () => event.detail.issueRequest(true),
  });
});

document.addEventListener("submit", (event) => {
  const text = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (!text || event.target.dataset.asked) return;
  event.preventDefault();
  ask(text, {
    action: event.submitter?.textContent.trim(),
    isDangerous: Boolean(event.submitter?.matches(".danger")),
    then: () => {
      event.target.dataset.asked = "yes";
      event.target.requestSubmit(event.submitter);
      delete event.target.dataset.asked;
    },
  });
});
