/** After the map is drawn once, the service worker keeps the page and what it loaded, so that it opens without network. */

const LATER_MS = 1_500;

export function keepMap(): void {
  if (!("serviceWorker" in navigator) || !navigator.onLine) return;
  window.setTimeout(() => void keep().catch(() => undefined), LATER_MS);
}

async function keep(): Promise<void> {
  await navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" });
  const { active } = await navigator.serviceWorker.ready;
  const page = location.href.replace(/#.*/, "");
  active?.postMessage({ keep: [], keepPublic: [page, ...loaded()] });
}

/** Addresses of our own that this page has loaded: files, style, tiles. */
function loaded(): string[] {
  const found = performance.getEntriesByType("resource").map((one) => one.name);
  const own = found.filter((one) => one.startsWith(location.origin + "/"));
  return [
    ...new Set(
      own.filter((one) => /\/(static|tiles|panel|style\.json|plate\.svg|api\/v1\/(legend|symbols))/.test(one)),
    ),
  ];
}
