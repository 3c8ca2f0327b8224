/** Loads a stylesheet that only scripts need; resolves when it applies. */

export async function loadStyles(address: string): Promise<void> {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  await new Promise<void>((resolve, reject) => {
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => reject(new Error(`cannot load ${address}`)));
    document.head.append(link);
  });
}
