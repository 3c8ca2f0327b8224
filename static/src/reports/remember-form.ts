/** Keeps what was last chosen for a report in this browser, and fills it in when its page is opened without choices. */

const PREFIX = "petakarya.report.";
const NOT_REMEMBERED = new Set(["as_of", "compare_as_of"]); // a moment that was asked for once is not asked for again

export function rememberForm(form: HTMLFormElement, report: string): void {
  const key = PREFIX + report;
  form.addEventListener("submit", () => write(key, chosen(form)));
  if (location.search !== "" || !fill(form, read(key))) return;
  const note = form.querySelector<HTMLElement>("[data-part=remembered]");
  if (note) note.hidden = false;
}

function chosen(form: HTMLFormElement): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value !== "" && !NOT_REMEMBERED.has(name)) values[name] = value;
  }
  return values;
}

/** Fills in what was kept; tells whether anything differs from what the page shows. */
function fill(form: HTMLFormElement, values: Readonly<Record<string, string>>): boolean {
  let changed = false;
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLSelectElement) {
      const isOffered = [...field.options].some((option) => option.value === value);
      if (!isOffered || field.value === value) continue;
    } else if (!(field instanceof HTMLInputElement) || field.value === value) {
      continue;
    }
    field.value = value;
    changed = true;
  }
  return changed;
}

function read(key: string): Record<string, string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "{}");
    if (typeof kept !== "object" || kept === null) return {};
    return Object.fromEntries(Object.entries(kept).filter(([, value]) => typeof value === "string")) as Record<
      string,
      string
    >;
  } catch {
    return {}; // storage is forbidden, or holds something else
  }
}

function write(key: string, values: Readonly<Record<string, string>>): void {
  try {
    localStorage.setItem(key, JSON.stringify(values));
  } catch {
    // a browser that keeps nothing still shows the report
  }
}
