/** Lets only one of several menus be open: opening another, a click beside it, or Escape closes it. */
export function closeOneAnother(menus: Iterable<HTMLDetailsElement>): void {
  const all = [...menus];
  const closeBut = (kept: Node | null) => {
    for (const menu of all) if (!kept || !menu.contains(kept)) menu.open = false;
  };
  document.addEventListener("click", (event) => closeBut(event.target as Node));
  document.addEventListener("keydown", (event) => {
    const open = all.find((menu) => menu.open);
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary")?.focus();
  });
}
