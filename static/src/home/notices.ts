/** Sentences over the map: one line each, the newest of a kind replaces the one before. */

import { element } from "../dom/element";

export class Notices {
  readonly root = element("div", { class: "notices", role: "status" });

  /** Say a sentence until it is withdrawn, or for some seconds. */
  say(
    kind: string,
    sentence: string | undefined,
    options: { seconds?: number; action?: { label: string; act: () => void } } = {},
  ): void {
    this.withdraw(kind);
    if (!sentence) return;
    const { action } = options;
    const button = action
      ? element("button", { type: "button", class: "link-button", click: action.act }, action.label)
      : null;
    this.root.append(element("p", { class: "notice", "data-kind": kind }, `${sentence} `, button));
    if (options.seconds) window.setTimeout(() => this.withdraw(kind), options.seconds * 1000);
  }

  withdraw(kind: string): void {
    this.root.querySelector(`[data-kind="${kind}"]`)?.remove();
  }
}
