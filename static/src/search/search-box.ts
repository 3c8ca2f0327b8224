/** The search box with suggestions: an ARIA combobox with a list below; arrows choose, Enter takes, Esc closes. */

import { client, type SearchAnswer, type SearchResult } from "../api/client";
import { element } from "../dom/element";
import { fillText } from "../lib/fill-text";

export interface SearchEvents {
  pick(result: SearchResult): void;
  /** Enter without a chosen suggestion: the list is filtered by the text. */
  filter(text: string): void;
}

const TYPING_MS = 160;
const SHORTEST = 2;

export class SearchBox {
  private readonly list = element("div", { class: "suggestions", id: "suggestions", role: "listbox", hidden: true });
  private readonly status = element("p", { class: "visually-hidden", role: "status" });
  private readonly empty = element("p", { class: "suggestions suggestions-empty", hidden: true });
  private results: readonly SearchResult[] = [];
  private chosen = -1;
  private timer = 0;
  private running: AbortController | null = null;

  constructor(
    form: HTMLFormElement,
    private readonly input: HTMLInputElement,
    private readonly texts: Readonly<Record<string, string>>,
    private readonly events: SearchEvents,
  ) {
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": "suggestions",
    }))
      input.setAttribute(name, value);
    this.list.setAttribute("aria-label", form.querySelector("label")?.textContent ?? "");
    form.append(this.list, this.empty, this.status);
    input.addEventListener("input", () => this.onInput());
    input.addEventListener("keydown", (event) => this.onKey(event));
    input.addEventListener("blur", () => window.setTimeout(() => this.close(), 150));
    form.addEventListener("submit", (event) => this.onSubmit(event));
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus in the box
    this.list.addEventListener("click", (event) => this.onClick(event));
  }

  /** Show the text that the address says. */
  set(text: string): void {
    if (document.activeElement !== this.input) this.input.value = text;
  }

  private onInput(): void {
    window.clearTimeout(this.timer);
    const text = this.input.value.trim();
    if (text.length < SHORTEST) {
      this.close();
      if (text === "") this.events.filter("");
      return;
    }
    this.timer = window.setTimeout(() => void this.ask(text), TYPING_MS);
  }

  private async ask(text: string): Promise<void> {
    this.running?.abort();
    this.running = new AbortController();
    const { signal } = this.running;
    try {
      const answer = await client.search(text, signal);
      if (!signal.aborted) this.show(answer, this.texts["search.none"], text);
    } catch {
      if (!signal.aborted) this.show({ results: [], groups: [] }, this.texts["search.failed"], text);
    }
  }

  private show({ results: found, groups }: SearchAnswer, sentence = "", text = ""): void {
    const kinds = [...new Set(found.map((one) => one.kind))];
    const results = kinds.flatMap((kind) => found.filter((one) => one.kind === kind));
    this.results = results;
    this.list.replaceChildren(
      ...kinds.map((kind) => {
        const label = results.find((one) => one.kind === kind)!.kind_label;
        const group = groups.find((one) => one.kind === kind);
        const count = group ? ` ${group.count}${group.more ? "+" : ""}` : "";
        return element(
          "div",
          { role: "group", "aria-label": label + count },
          element("p", { class: "suggestion-group", "aria-hidden": "true" }, label, element("span", {}, count.trim())),
          ...results.flatMap((one, index) => (one.kind === kind ? [this.option(one, index)] : [])),
        );
      }),
    );
    if (results.length && results[0]!.kind !== "coordinate") this.offerAll(text);
    this.list.hidden = results.length === 0;
    this.empty.hidden = results.length > 0;
    this.empty.textContent = results.length ? "" : sentence;
    this.status.textContent = results.length
      ? fillText(this.texts["search.results"] ?? "", { n: results.length })
      : sentence;
    this.input.setAttribute("aria-expanded", String(results.length > 0));
    this.choose(-1);
  }

  /** The last suggestion opens the page with all results. */
  private offerAll(text: string): void {
    const label = fillText(this.texts["search.all"] ?? "", { q: text });
    const all: SearchResult = {
      ...{ kind: "all", kind_label: "", layer: null, id: null, label, place: null, point: null, bbox: null },
      href: `/search?${new URLSearchParams({ q: text })}`,
    };
    this.results = [...this.results, all];
    const group = element("div", { role: "group", "aria-label": label }, this.option(all, this.results.length - 1));
    group.classList.add("suggestion-all");
    this.list.append(group);
  }

  private option(result: SearchResult, index: number): HTMLElement {
    return element(
      "div",
      { role: "option", id: `suggestion-${index}`, class: "suggestion", "aria-selected": "false", "data-index": index },
      element("span", { class: "suggestion-label" }, result.label),
      element("span", { class: "suggestion-kind" }, result.place ?? ""),
    );
  }

  private choose(index: number): void {
    this.chosen = index;
    const options = this.list.querySelectorAll('[role="option"]');
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    if (index < 0) this.input.removeAttribute("aria-activedescendant");
    else {
      this.input.setAttribute("aria-activedescendant", `suggestion-${index}`);
      options[index]?.scrollIntoView({ block: "nearest" });
    }
  }

  private onKey(event: KeyboardEvent): void {
    const count = this.list.hidden ? 0 : this.results.length;
    if (event.key === "Escape" && (count || !this.empty.hidden)) {
      this.close();
      event.preventDefault();
    } else if (count && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.choose(((this.chosen + 1 + step + count + 1) % (count + 1)) - 1);
      event.preventDefault();
    }
  }

  private onSubmit(event: Event): void {
    event.preventDefault();
    window.clearTimeout(this.timer);
    this.running?.abort();
    const result = this.results[this.chosen];
    this.close();
    if (result) this.take(result);
    else this.events.filter(this.input.value.trim());
  }

  private onClick(event: Event): void {
    const option = (event.target as Element).closest<HTMLElement>("[data-index]");
    const result = option ? this.results[Number(option.dataset.index)] : undefined;
    this.close();
    if (result) this.take(result);
  }

  private take(result: SearchResult): void {
    if (result.kind === "all") return location.assign(result.href!);
    this.input.value = result.label;
    this.events.pick(result);
  }

  private close(): void {
    this.list.hidden = true;
    this.empty.hidden = true;
    this.results = [];
    this.input.setAttribute("aria-expanded", "false");
    this.choose(-1);
  }
}
