/** Copies the short address of a page, and hands it to the phone's own way of sharing where there is one. */

import { element } from "./dom/element";

interface Words {
  readonly copy: string;
  readonly copied: string;
  readonly failed: string;
  readonly share: string;
}

for (const section of document.querySelectorAll<HTMLElement>("[data-share]")) offerSharing(section);

export function offerSharing(section: HTMLElement): void {
  const link = section.querySelector<HTMLInputElement>("input");
  const buttons = section.querySelector("[data-share-buttons]");
  const status = section.querySelector("[data-share-status]");
  if (!link || !buttons || !status) return;
  const words = JSON.parse(section.dataset.words ?? "{}") as Words;
  const content = { title: section.dataset.title ?? "", text: section.dataset.text ?? "", url: link.value };

  async function copy(field: HTMLInputElement): Promise<void> {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      say(words.copied);
    } catch {
      say(words.failed); // no right, or no secure connection: the link is selected already
    }
  }

  async function share(): Promise<void> {
    try {
      await navigator.share(content);
    } catch {
      // the visitor thought better of it
    }
  }

  function say(sentence: string): void {
    if (status) status.textContent = sentence;
  }

  const offered: HTMLElement[] = [];
  if ("share" in navigator)
    offered.push(element("button", { class: "button", type: "button", click: () => void share() }, words.share));
  offered.push(
    element("button", { class: "button button-quiet", type: "button", click: () => void copy(link) }, words.copy),
  );
  buttons.prepend(...offered.flatMap((button) => [button, " "]));
}
