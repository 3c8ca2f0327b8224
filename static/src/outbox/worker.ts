/** Installs the service worker, and asks it to keep pages and to send when no page is open. */

import { isKeptPage, OUTBOX_PAGE } from "./kept-pages";
import { keptPage } from "./page-cache";
import { SYNC_TAG, type WorkerMessage } from "./worker-message";

/** Whether this browser, at this address, can keep an outbox; if not, the form is sent as any form is. */
export function canKeepOutbox(): boolean {
  return isSecureContext && "indexedDB" in window && "locks" in navigator && "BroadcastChannel" in window;
}

export function installWorker(): void {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" }).catch(() => undefined);
}

/** Keep these pages, and the outbox, for the time without network, unless they are kept already. */
export async function keepPages(paths: readonly string[]): Promise<void> {
  if (!("serviceWorker" in navigator) || !navigator.onLine) return;
  const missing: string[] = [];
  for (const path of [OUTBOX_PAGE, ...paths]) {
    if (isKeptPage(path) && !(await keptPage(path))) missing.push(path);
  }
  if (!missing.length) return;
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage({ keep: missing } satisfies WorkerMessage);
}

interface SyncManager {
  register(tag: string): Promise<void>;
}

/** Ask to be woken when the network is back; browsers that cannot do so send when a page is open. */
export async function askForSync(): Promise<void> {
  if (!("serviceWorker" in navigator) || !(await navigator.serviceWorker.getRegistration())) return;
  const registration = (await navigator.serviceWorker.ready) as { sync?: SyncManager };
  await registration.sync?.register(SYNC_TAG).catch(() => undefined);
}
