// A text file chosen from disk fills a text field: data-fill-from names the field.
document.addEventListener("change", async (event) => {
  const picker = event.target;
  if (!picker.matches?.("input[type=file][data-fill]") || !picker.files.length) return;
  document.getElementById(picker.dataset.fill).value = await picker.files[0].text();
});
