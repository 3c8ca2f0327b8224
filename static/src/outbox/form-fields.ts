/** Reads a form's fields, and puts kept ones back. */

import type { Entries } from "./types";

/** What people fill in; hidden fields and files are the page's own. */
export function readFields(form: HTMLFormElement): Entries {
  const hidden = new Set([...form.querySelectorAll<HTMLInputElement>("input[type=hidden]")].map((field) => field.name));
  return [...new FormData(form)].filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && !hidden.has(entry[0]),
  );
}

export function fillFields(form: HTMLFormElement, entries: Entries): void {
  for (const field of form.elements) {
    if (field instanceof HTMLInputElement && (field.type === "radio" || field.type === "checkbox")) {
      field.checked = entries.some(([name, value]) => name === field.name && value === field.value);
    } else if (isText(field)) {
      const found = entries.find(([name]) => name === field.name);
      if (found) field.value = found[1];
      if (found?.[1]) field.closest("details")?.setAttribute("open", "");
    }
  }
}

/** Put the server's sentences beside the fields they speak of. */
export function showProblems(form: HTMLFormElement, problems: Readonly<Record<string, string>>): void {
  for (const old of form.querySelectorAll("[data-from-outbox]")) old.remove();
  for (const field of form.elements) {
    if (!(field instanceof HTMLElement) || !("name" in field)) continue;
    const sentence = problems[String(field.name)];
    if (!sentence || field.getAttribute("aria-invalid") === "true") continue;
    const id = `outbox-error-${field.id || String(field.name)}`;
    const said = document.createElement("p");
    said.className = "field-error";
    said.id = id;
    said.dataset.fromOutbox = "";
    said.textContent = sentence;
    (field.closest(".field, fieldset") ?? field).append(said);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${id}`.trim());
    if (field instanceof HTMLInputElement && field.type === "radio") break;
  }
}

type TextField = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function isText(field: Element): field is TextField {
  if (field instanceof HTMLInputElement) return field.type !== "hidden" && field.type !== "file";
  return field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement;
}
