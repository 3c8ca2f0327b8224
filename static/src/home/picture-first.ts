/** Waits for the map's picture: what the visitor sees first must not share a slow connection with the map's library. */

const GREATEST_WAIT_MS = 4_000;

export async function pictureFirst(picture: HTMLImageElement | null): Promise<void> {
  if (!picture || picture.complete) return;
  await new Promise<void>((resolve) => {
    picture.addEventListener("load", () => resolve(), { once: true });
    picture.addEventListener("error", () => resolve(), { once: true });
    window.setTimeout(resolve, GREATEST_WAIT_MS);
  });
}
