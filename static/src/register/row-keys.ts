/** Moves the focus between the rows of a table; the links do the rest, so that it works without this too. */

const STEPS: Readonly<Record<string, number>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
const TYPING = "input, select, textarea, summary, [contenteditable]";

export class RowKeys {
  private readonly links: HTMLAnchorElement[];

  constructor(table: HTMLTableElement) {
    this.links = [...table.querySelectorAll<HTMLAnchorElement>("[data-part=row-link]")];
  }

  listen(): void {
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  private onKey(event: KeyboardEvent): void {
    const target = event.target as Element;
    if (event.ctrlKey || event.metaKey || event.altKey || target.matches(TYPING)) return;
    if (event.key === "/") {
      event.preventDefault();
      document.getElementById("search-input")?.focus();
      return;
    }
    const step = STEPS[event.key];
    const current = this.links.indexOf(document.activeElement as HTMLAnchorElement);
    // Arrows scroll the page until a row has been chosen by j or k, or by the tab key.
    if (step === undefined || (current < 0 && event.key.startsWith("Arrow"))) return;
    const next = current < 0 ? 0 : Math.min(Math.max(current + step, 0), this.links.length - 1);
    event.preventDefault();
    this.links[next]?.focus();
    this.links[next]?.scrollIntoView({ block: "nearest" });
  }
}
