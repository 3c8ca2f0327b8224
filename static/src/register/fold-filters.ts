/** Lets a button show and hide a form's fields; on a phone they are hidden at first, and without scripts they all show. */
export function foldFilters(button: HTMLButtonElement): void {
  const form = button.form;
  if (!form) return;
  const fold = (folded: boolean) => {
    form.classList.toggle("is-folded", folded);
    button.setAttribute("aria-expanded", String(!folded));
  };
  button.hidden = false;
  button.addEventListener("click", () => fold(!form.classList.contains("is-folded")));
  fold(true);
}
