/** The side panel of one feature, in the place of the list, with a way back. */

import { client, ClientError } from "../api/client";
import { element } from "../dom/element";

export class FeatureCard {
  constructor(
    private readonly root: HTMLElement,
    private readonly list: HTMLElement,
    private readonly texts: Readonly<Record<string, string>>,
    back: () => void,
  ) {
    root.addEventListener("click", (event) => {
      if ((event.target as Element).closest("[data-action='back']")) back();
    });
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") back();
    });
  }

  /** Show a feature; returns its box (degrees), or null when it is not there any more. */
  async show(layer: string, id: number): Promise<readonly [number, number, number, number] | null> {
    let rendered: Document;
    try {
      rendered = await client.feature(layer, id);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.root.replaceChildren(
        element(
          "button",
          { class: "card-back link-button", type: "button", "data-action": "back" },
          `← ${this.texts["card.back"]}`,
        ),
        element("p", { role: "alert" }, this.texts[error.status === 404 ? "card.gone" : "list.failed"]),
      );
      this.reveal();
      return null;
    }
    this.root.replaceChildren(...[...rendered.body.children].map((child) => document.importNode(child, true)));
    this.reveal();
    this.root.querySelector<HTMLElement>("#card-title")?.focus({ preventScroll: true });
    const box = this.root.querySelector<HTMLElement>("[data-bbox]")?.dataset.bbox?.split(",").map(Number);
    return box?.length === 4 && box.every(Number.isFinite) ? (box as [number, number, number, number]) : null;
  }

  hide(): void {
    this.root.hidden = true;
    this.list.classList.remove("behind-card");
    this.root.replaceChildren();
  }

  private reveal(): void {
    this.root.hidden = false;
    this.root.scrollTop = 0;
    this.list.classList.add("behind-card");
  }
}
