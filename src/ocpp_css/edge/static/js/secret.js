// A password made in this browser: data-secret is a field with a button that fills it anew.
const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
const LENGTH = 24;

function secret() {
  const most = 256 - (256 % LETTERS.length);
  let text = "";
  while (text.length < LENGTH) {
    for (const octet of crypto.getRandomValues(new Uint8Array(LENGTH))) if (octet < most) text += LETTERS[octet % LETTERS.length];
  }
  return text.slice(0, LENGTH);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-secret-new]");
  if (!button) return;
  const field = document.getElementById(button.dataset.secretNew);
  field.value = secret();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

export function bring(root) {
  for (const field of root.querySelectorAll("[data-secret]")) if (!field.value) field.value = secret();
}
