/** Opens the update page without network, and sends what waits when the network is back and no page is open. */

import { OutboxDatabase } from "./outbox/database";
import { forgetPublic, isPublicData, keepPublic, publicAsset, publicData, publicPage } from "./outbox/public-cache";
import { isKeptPage, OUTBOX_PAGE, withKeptAt } from "./outbox/kept-pages";
import { asset, forgetPages, keepPage, KEPT_AT, keptPage, tidy } from "./outbox/page-cache";
import { OutboxChannel, sendOnce } from "./outbox/sending";
import { SYNC_TAG, type WorkerMessage } from "./outbox/worker-message";

interface ExtendableEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}
interface WorkerMessageEvent extends ExtendableEvent {
  readonly data: WorkerMessage;
}
interface Worker {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(name: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(name: "fetch", listener: (event: FetchEvent) => void): void;
  addEventListener(name: "sync", listener: (event: SyncEvent) => void): void;
  addEventListener(name: "message", listener: (event: WorkerMessageEvent) => void): void;
}

const NETWORK_MS = 8_000; // after which a page that was kept is better than a white screen
const worker = self as unknown as Worker;
const database = new OutboxDatabase();
const channel = new OutboxChannel();

worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));

worker.addEventListener("activate", (event) => event.waitUntil(tidy().then(() => worker.clients.claim())));

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.method === "POST" && pathname === "/logout")
    event.waitUntil(Promise.all([forgetPages(null), forgetPublic()]));
  if (request.method !== "GET") return;
  if (pathname.startsWith("/static/")) event.respondWith(publicAsset(request).then((kept) => kept ?? asset(request)));
  else if (request.mode === "navigate" && pathname === "/") event.respondWith(publicPage(request));
  else if (isPublicData(pathname)) event.respondWith(publicData(request));
  else if (request.mode === "navigate" && isKeptPage(pathname)) event.respondWith(page(event, pathname));
});

worker.addEventListener("sync", (event) => {
  if (event.tag === SYNC_TAG) event.waitUntil(sendInBackground());
});

worker.addEventListener("message", (event) => {
  event.waitUntil(Promise.all([keepPages(event.data.keep), keepPublic(event.data.keepPublic ?? [])]));
});

/** The page from the network; without one, as it was kept, with the moment it was. */
async function page(event: FetchEvent, path: string): Promise<Response> {
  const kept = await keptPage(path);
  const fromNetwork = fetch(event.request).then((response) => {
    if (response.ok) event.waitUntil(keepPage(path, response.clone()).catch(() => undefined));
    return response;
  });
  try {
    const response = await (kept ? within(NETWORK_MS, fromNetwork) : fromNetwork);
    if (response.status < 500 || !kept) return response;
  } catch (error) {
    fromNetwork.catch(() => undefined);
    const instead = kept ?? (await keptPage(OUTBOX_PAGE)); // which lists the pages that do open
    if (!instead) throw error;
    return marked(instead);
  }
  return marked(kept);
}

async function marked(kept: Response): Promise<Response> {
  const html = withKeptAt(await kept.text(), kept.headers.get(KEPT_AT) ?? "");
  return new Response(html, { headers: kept.headers });
}

function within<Result>(milliseconds: number, promise: Promise<Result>): Promise<Result> {
  return Promise.race([
    promise,
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error("slow")), milliseconds)),
  ]);
}

async function keepPages(paths: readonly string[]): Promise<void> {
  for (const path of paths.filter(isKeptPage)) {
    const response = await fetch(path, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (response.ok && !response.redirected) await keepPage(path, response);
  }
  await tidy();
}

/** Fails when something still waits, so that the browser wakes us again. */
async function sendInBackground(): Promise<void> {
  const outcome = await sendOnce(database, channel, true);
  if (outcome && outcome.waiting > 0 && !outcome.signedOut) throw new Error("still waiting");
}
