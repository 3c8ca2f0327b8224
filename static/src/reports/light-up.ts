/** An area under the pointer lights up in the map and in every table, whichever of them it is in. */

const LIT = "is-lit";

export function lightUpTogether(page: HTMLElement): void {
  const byKey = new Map<string, Element[]>();
  for (const one of page.querySelectorAll("[data-key]")) {
    const key = one.getAttribute("data-key") ?? "";
    byKey.set(key, [...(byKey.get(key) ?? []), one]);
  }
  const light = (event: Event, isLit: boolean): void => {
    const target = event.target instanceof Element ? event.target.closest("[data-key]") : null;
    for (const one of byKey.get(target?.getAttribute("data-key") ?? "") ?? []) one.classList.toggle(LIT, isLit);
  };
  for (const name of ["pointerover", "focusin"]) page.addEventListener(name, (event) => light(event, true));
  for (const name of ["pointerout", "focusout"]) page.addEventListener(name, (event) => light(event, false));
}
