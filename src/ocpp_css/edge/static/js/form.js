// A form made from a JSON schema, and its JSON beside it: each follows the other.
const KIND = "[data-kind]";

function parts(node) {
  const found = [];
  const walk = (element) => {
    for (const child of element.children) {
      if (child.matches("template")) continue;
      if (child.matches(KIND)) found.push(child);
      else walk(child);
    }
  };
  walk(node);
  return found;
}

const rowsOf = (node) => node.querySelector(":scope > .rows");
const inputOf = (node) => node.querySelector("[data-value]");
const itemOf = (row) => parts(row)[0];
const extras = new WeakMap();

function read(node) {
  switch (node.dataset.kind) {
    case "object": {
      const value = { ...extras.get(node) };
      for (const part of parts(node)) {
        const found = read(part);
        if (found !== undefined) value[part.dataset.name] = found;
      }
      return value;
    }
    case "array": {
      const items = [...rowsOf(node).children].map((row) => read(itemOf(row))).filter((item) => item !== undefined);
      if (node.hasAttribute("data-single")) return items[0];
      return items.length || node.hasAttribute("data-required") ? items : undefined;
    }
    default:
      return readValue(node.dataset.kind, inputOf(node).value);
  }
}

function readValue(kind, text) {
  if (text === "") return undefined;
  switch (kind) {
    case "integer":
    case "number":
      return Number.isNaN(Number(text)) ? text : Number(text);
    case "boolean":
      return text === "true";
    case "moment": {
      const moment = new Date(text);
      return Number.isNaN(moment.getTime()) ? text : moment.toISOString();
    }
    case "json":
      try {
        return JSON.parse(text);
      } catch {
        return text;
      }
    default:
      return text;
  }
}

function write(node, value) {
  switch (node.dataset.kind) {
    case "object": {
      const given = value && typeof value === "object" && !Array.isArray(value) ? value : {};
      const known = parts(node);
      const names = new Set(known.map((part) => part.dataset.name));
      extras.set(node, Object.fromEntries(Object.entries(given).filter(([name]) => !names.has(name))));
      for (const part of known) write(part, given[part.dataset.name]);
      return;
    }
    case "array": {
      rowsOf(node).replaceChildren();
      const items = node.hasAttribute("data-single") ? (value === undefined ? [] : [value]) : Array.isArray(value) ? value : [];
      for (const item of items) write(itemOf(addRow(node)), item);
      return;
    }
    default:
      inputOf(node).value = shownValue(node.dataset.kind, value);
  }
}

function shownValue(kind, value) {
  if (value === undefined || value === null) return "";
  if (kind === "json") return JSON.stringify(value, null, 2);
  if (kind !== "moment") return String(value);
  const moment = new Date(value);
  if (Number.isNaN(moment.getTime())) return "";
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

function addRow(node) {
  const rows = rowsOf(node);
  rows.append(node.querySelector(":scope > template").content.cloneNode(true));
  connect(rows.lastElementChild);
  countRows(node);
  return rows.lastElementChild;
}

function countRows(node) {
  const count = rowsOf(node).children.length;
  const most = node.hasAttribute("data-single") ? 1 : Number(node.dataset.max || Infinity);
  node.querySelector(":scope > .head [data-add]").hidden = count >= most;
}

let lastId = 0;
function connect(root) {
  const fields = root.matches?.(".field[data-kind]") ? [root] : [];
  for (const field of [...fields, ...root.querySelectorAll(".field[data-kind]")]) {
    const told = [...field.querySelectorAll(".help, .error")];
    for (const one of told) one.id ||= `told-${(lastId += 1)}`;
    inputOf(field).setAttribute("aria-describedby", told.map((one) => one.id).join(" "));
  }
}

function tell(field, message) {
  const error = field.querySelector(".error");
  if (!error) return;
  error.textContent = message;
  if (message) reveal(field);
  if (message) inputOf(field)?.setAttribute("aria-invalid", "true");
  else inputOf(field)?.removeAttribute("aria-invalid");
}

/** Open the folds around a field. */
function reveal(field) {
  for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
}

function steps(path) {
  return path.replace(/^\$/, "").split(/[./[\]]+/).filter(Boolean);
}

function place(root, path) {
  let node = root;
  for (const step of steps(path)) {
    let next;
    if (node.dataset.kind === "array") {
      const row = rowsOf(node).children[node.hasAttribute("data-single") ? 0 : Number(step)];
      next = row && itemOf(row);
      if (next && node.hasAttribute("data-single")) next = parts(next).find((part) => part.dataset.name === step);
    } else {
      next = parts(node).find((part) => part.dataset.name === step);
    }
    if (!next) return node;
    node = next;
  }
  return node;
}

function bringForm(box) {
  const root = box.querySelector(":scope > .fields > [data-kind]");
  const json = box.querySelector("[data-json]");
  const jsonField = json.closest(".field");
  const toJson = () => {
    json.value = JSON.stringify(read(root), null, 2);
    jsonField.querySelector(".error").textContent = "";
  };
  const toFields = () => {
    try {
      write(root, JSON.parse(json.value || "{}"));
      for (const field of root.querySelectorAll("details:not([open]) [data-value]")) if (field.value !== "") reveal(field);
      jsonField.querySelector(".error").textContent = "";
    } catch (error) {
      jsonField.querySelector(".error").textContent = error.message;
    }
  };
  const check = (field) => {
    const input = inputOf(field);
    tell(field, input.checkValidity() ? "" : input.validationMessage);
    return input.checkValidity();
  };
  const showErrors = (errors) => {
    for (const { path, message } of errors) {
      const node = place(root, path);
      if (node.matches(".field")) tell(node, message);
      else jsonField.querySelector(".error").textContent = `${path}: ${message}`;
    }
  };
  connect(root);
  for (const node of root.querySelectorAll('[data-kind="array"]')) countRows(node);
  toFields();
  root.addEventListener("input", (event) => {
    tell(event.target.closest(".field"), "");
    toJson();
  });
  root.addEventListener("focusout", (event) => {
    const field = event.target.closest(".field[data-kind]");
    if (field && event.target.value !== "") check(field);
  });
  root.addEventListener("click", (event) => {
    const add = event.target.closest("[data-add]");
    const remove = event.target.closest("[data-remove]");
    if (add) addRow(add.closest('[data-kind="array"]')).querySelector("input, select, textarea, button")?.focus();
    if (remove) {
      const node = remove.closest('[data-kind="array"]');
      remove.closest(".entry").remove();
      countRows(node);
      node.querySelector(":scope > .head [data-add]").focus();
    }
    if (add || remove) toJson();
  });
  json.addEventListener("input", toFields);
  const form = box.closest("form");
  if (form) {
    form.noValidate = true;
    form.addEventListener("schema-errors", (event) => {
      showErrors(event.detail.errors);
      root.querySelector("[aria-invalid]")?.focus();
    });
    form.addEventListener("submit", (event) => {
      const bad = [...root.querySelectorAll(".field[data-kind]")].filter((field) => !check(field));
      if (bad.length === 0 && !jsonField.querySelector(".error").textContent) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      (bad.length ? inputOf(bad[0]) : json).focus();
    }, { capture: true });
  }
  showErrors(JSON.parse(box.dataset.errors || "[]"));
}

export function bring(root) {
  const boxes = root.matches?.("[data-schema-form]") ? [root] : root.querySelectorAll("[data-schema-form]");
  for (const box of boxes) {
    if (box.dataset.ready) continue;
    box.dataset.ready = "yes";
    bringForm(box);
  }
}
