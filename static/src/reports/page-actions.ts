/** Offers to copy the page's address and to print it, once scripts run. */

export function offerActions(page: HTMLElement): void {
  const row = page.querySelector<HTMLElement>("[data-part=actions]");
  if (!row) return;
  row.hidden = false;
  const copy = row.querySelector<HTMLButtonElement>("[data-part=copy]");
  copy?.addEventListener("click", () => void copyAddress(copy));
  if (!("clipboard" in navigator)) copy?.remove();
  row.querySelector<HTMLButtonElement>("[data-part=print]")?.addEventListener("click", () => window.print());
}

async function copyAddress(button: HTMLButtonElement): Promise<void> {
  const before = button.textContent;
  await navigator.clipboard.writeText(location.href);
  button.textContent = button.dataset["done"] ?? before;
  setTimeout(() => (button.textContent = before), 2000);
}
