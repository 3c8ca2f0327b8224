/** The tools at lower right; a tool with a panel opens it beside the bar, one at a time, and Esc closes it. */

import { element } from "../dom/element";
import { icon } from "../dom/icon";

export interface Tool {
  readonly panel: HTMLElement;
  open(): void;
  close(): void;
}

type IconName = Parameters<typeof icon>[0];

export class ToolBar {
  readonly root: HTMLElement;
  private readonly buttons = element("div", { class: "tool-buttons", role: "group" });
  private readonly panel = element("section", { class: "tool-panel", hidden: true });
  private active: { tool: Tool; button: HTMLButtonElement } | null = null;

  constructor(
    private readonly texts: Readonly<Record<string, string>>,
    label: string,
  ) {
    this.buttons.setAttribute("aria-label", label);
    this.root = element("div", { class: "tools" }, this.panel, this.buttons);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.active && !event.defaultPrevented) this.closeActive();
    });
  }

  /** A button that acts at once. */
  add(name: IconName, text: string, act: () => void): HTMLButtonElement {
    const label = this.texts[text] ?? text;
    const button = element(
      "button",
      { type: "button", class: "map-button", title: label, "aria-label": label, click: act },
      icon(name),
    );
    this.buttons.append(button);
    return button;
  }

  /** The same for what small screens show first. */
  addFirst(name: IconName, text: string, act: () => void): void {
    this.add(name, text, act).classList.add("tool-first");
  }

  /** A button that opens a tool's panel, made when it is first wanted. */
  addTool(name: IconName, text: string, make: () => Tool): void {
    let tool: Tool | null = null;
    const button = this.add(name, text, () => {
      const wasActive = this.active?.button === button;
      this.closeActive();
      if (wasActive) return;
      tool ??= make();
      this.open(tool, button, this.texts[text] ?? text);
    });
    button.setAttribute("aria-expanded", "false");
  }

  /** A button that small screens show in the place of the tools beyond the first. */
  addMore(text: string): void {
    const more = this.add("more", text, () => {
      const open = this.buttons.classList.toggle("tools-open");
      more.setAttribute("aria-expanded", String(open));
    });
    more.classList.add("tools-more");
    more.setAttribute("aria-expanded", "false");
  }

  isBusy(): boolean {
    return this.active !== null;
  }

  closeActive(): void {
    if (!this.active) return;
    const { tool, button } = this.active;
    this.active = null;
    tool.close();
    this.panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }

  private open(tool: Tool, button: HTMLButtonElement, title: string): void {
    this.active = { tool, button };
    button.setAttribute("aria-expanded", "true");
    const close = element(
      "button",
      {
        type: "button",
        class: "panel-close",
        "aria-label": this.texts["panel.close"],
        click: () => this.closeActive(),
      },
      icon("close"),
    );
    this.panel.replaceChildren(
      element("header", { class: "tool-head" }, element("h2", { tabindex: -1 }, title), close),
      tool.panel,
    );
    this.panel.setAttribute("aria-label", title);
    this.panel.hidden = false;
    tool.open();
    this.panel.querySelector<HTMLElement>("h2")?.focus();
  }
}
