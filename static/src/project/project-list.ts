/** The left column: figures, filters, list and months, exchanged part by part with what the server renders. */

import { client } from "../api/client";

export interface ProjectListEvents {
  /** The visitor changed the filter; the query is that of the new address. */
  filter(query: URLSearchParams): void;
  /** A row is pointed at, or no longer. */
  point(id: number | null): void;
  pick(id: number): void;
  inView(on: boolean): void;
  /** The visitor wants works around where he is, within so many kilometres. */
  nearMe(radius: string): void;
  /** Parts were rendered anew. */
  shown(): void;
}

const TYPING_MS = 150;

export class ProjectList {
  private running: AbortController | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly texts: Readonly<Record<string, string>>,
    private readonly events: ProjectListEvents,
  ) {
    root.addEventListener("change", (event) => this.onChange(event));
    root.addEventListener("submit", (event) => this.onSubmit(event));
    root.addEventListener("click", (event) => this.onClick(event));
    root.addEventListener("pointerover", (event) => this.events.point(rowId(event.target)));
    root.addEventListener("pointerleave", () => this.events.point(null));
    root.addEventListener("focusin", (event) => this.events.point(rowId(event.target)));
    root.addEventListener("focusout", () => this.events.point(null));
    this.prepare(false);
  }

  /** Show what the server renders for a filter; the newest request wins. */
  async show(query: URLSearchParams, inView: boolean): Promise<void> {
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    const late = window.setTimeout(() => this.root.setAttribute("aria-busy", "true"), TYPING_MS);
    try {
      this.exchange(await client.panel(query, running.signal));
      this.prepare(inView);
      this.events.shown();
    } catch (error) {
      if (!running.signal.aborted) this.fail();
    } finally {
      window.clearTimeout(late);
      if (this.running === running) this.root.removeAttribute("aria-busy");
    }
  }

  /** Mark the row of a feature that is pointed at on the map. */
  mark(id: number | null): void {
    for (const row of this.root.querySelectorAll(".work-marked")) row.classList.remove("work-marked");
    if (id !== null) this.row(id)?.classList.add("work-marked");
  }

  /** Put the focus on a project's row, where the visitor came from. */
  focus(id: number | null): void {
    const link = id === null ? null : this.row(id)?.querySelector("a");
    (link ?? this.root.querySelector<HTMLElement>(".works a"))?.focus();
  }

  private row(id: number): HTMLElement | null {
    return this.root.querySelector(`.work[data-id="${id}"]`);
  }

  private exchange(rendered: Document): void {
    const focused = document.activeElement?.id;
    const open = this.root.querySelector("#filters-toggle")?.getAttribute("aria-expanded") === "true";
    const folds = [...this.root.querySelectorAll<HTMLDetailsElement>("details[open][id]")].map((one) => one.id);
    for (const part of rendered.querySelectorAll<HTMLElement>("[data-part]")) {
      this.root.querySelector(`[data-part="${part.dataset.part}"]`)?.replaceWith(document.importNode(part, true));
    }
    if (open) this.unfold(true);
    for (const id of folds) this.root.querySelector<HTMLDetailsElement>(`details#${id}`)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  /** What only scripts need is shown, what only their absence needs is hidden. */
  private prepare(inView: boolean): void {
    const reveal = (selector: string, hidden: boolean): void => {
      const found = this.root.querySelector<HTMLElement>(selector);
      if (found) found.hidden = hidden;
    };
    reveal("#filters-apply", true);
    reveal("#filters-toggle", false);
    reveal("#list-in-view", false);
    reveal(".as-of-go", true);
    reveal("#near-me", !("geolocation" in navigator));
    reveal("#near-note", !("geolocation" in navigator));
    const box = this.root.querySelector<HTMLInputElement>("#in-view");
    if (box) box.checked = inView;
    const figures = this.root.querySelector<HTMLElement>(".figures");
    if (figures && figures.scrollWidth > figures.clientWidth) figures.tabIndex = 0; // the keyboard scrolls what the finger does
  }

  private fail(): void {
    const list = this.root.querySelector("#list");
    const sentence = document.createElement("p");
    sentence.className = "empty";
    sentence.setAttribute("role", "alert");
    sentence.textContent = this.texts["list.failed"] ?? "";
    list?.replaceChildren(sentence);
  }

  private onChange(event: Event): void {
    const target = event.target as HTMLInputElement;
    if (["play-speed", "near-place", "near-radius"].includes(target.id)) return;
    if (target.id === "in-view") return this.events.inView(target.checked);
    this.events.filter(this.query());
  }

  private onSubmit(event: Event): void {
    if ((event.target as HTMLFormElement).closest("#near")) return; // the server finds the place
    event.preventDefault();
    this.events.filter(this.query());
  }

  private onClick(event: Event): void {
    const target = event.target as Element;
    if ((event as MouseEvent).ctrlKey || (event as MouseEvent).metaKey || (event as MouseEvent).shiftKey) return;
    const toggle = target.closest("#filters-toggle");
    if (toggle) return this.unfold(toggle.getAttribute("aria-expanded") !== "true");
    if (target.closest("#near-me"))
      return this.events.nearMe(this.root.querySelector<HTMLSelectElement>("#near-radius")?.value ?? "");
    const id = rowId(target);
    if (id !== null && target.closest("a")) {
      event.preventDefault();
      return this.events.pick(id);
    }
    const link = target.closest<HTMLAnchorElement>("a[href^='/?'], a[href='/']");
    if (!link) return;
    event.preventDefault();
    const query = new URL(link.href).searchParams;
    if (link.id === "list-next") void this.append(query);
    else this.events.filter(query);
  }

  /** Add the next part of the list below this one. */
  private async append(query: URLSearchParams): Promise<void> {
    try {
      const rendered = await client.panel(query);
      const rows = [...rendered.querySelectorAll(".works > li")].map((row) => document.importNode(row, true));
      this.root.querySelector(".works")?.append(...rows);
      const next = rendered.querySelector(".list-next");
      this.root.querySelector(".list-next")?.replaceWith(...(next ? [document.importNode(next, true)] : []));
      rows[0]?.querySelector("a")?.focus();
    } catch {
      this.fail();
    }
  }

  private unfold(open: boolean): void {
    this.root.querySelector("#filters-toggle")?.setAttribute("aria-expanded", String(open));
    this.root.querySelector("#filters-body")?.classList.toggle("filters-open", open);
  }

  /** The filter as the forms say it now; empty fields are left out. */
  private query(): URLSearchParams {
    const query = new URLSearchParams();
    const form = new FormData(this.root.querySelector<HTMLFormElement>("#filters")!);
    const usual = this.root.querySelector<HTMLElement>("#filter-sort")?.dataset.usual;
    for (const [name, value] of form)
      if (typeof value === "string" && value && !(name === "sort" && value === usual)) query.append(name, value);
    const asOf = this.root.querySelector<HTMLInputElement>("#as-of")?.value;
    if (asOf) query.set("as_of", asOf);
    return query;
  }
}

function rowId(target: EventTarget | null): number | null {
  const row = target instanceof Element ? target.closest<HTMLElement>(".work") : null;
  return row ? Number(row.dataset.id) : null;
}
