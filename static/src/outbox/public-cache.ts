/** Keeps the public map for the time without network: the page, its files, and the area that was looked at last. */

import { withKeptAt } from "./kept-pages";
import { KEPT_AT } from "./page-cache";

const PAGES = "public-pages-1";
const DATA = "public-data-1";
const MOST_PAGES = 6;
const MOST_DATA = 500; // answers, most of them tiles of a few kilobytes
const NETWORK_MS = 8_000; // after which a page that was kept is better than a white screen
const DATA_PATHS = /^\/(?:panel(?:\/|$)|tiles\/|rasters\/|style\.json$|plate\.svg$|api\/v1\/(?:legend|symbols)$)/;

/** Whether an answer is kept beside the public map. */
export function isPublicData(path: string): boolean {
  return DATA_PATHS.test(path);
}

/** The map's page from the network; without one as it was kept, which its script then says. */
export async function publicPage(request: Request): Promise<Response> {
  const kept = await keptPage(request);
  const asked = fetch(request).then((response) => {
    if (response.ok) void keepPage(request.url, response.clone()).catch(() => undefined);
    return response;
  });
  try {
    return await (kept ? within(asked) : asked);
  } catch (error) {
    asked.catch(() => undefined);
    if (!kept) throw error;
    if (kept.url !== request.url) return Response.redirect(kept.url); // its list is that of its own address
    return new Response(withKeptAt(await kept.response.text(), kept.response.headers.get(KEPT_AT) ?? ""), {
      headers: kept.response.headers,
    });
  }
}

/** An answer from the network, which is kept; without one the kept one, with the moment it was. */
export async function publicData(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    if (response.ok) void keepAnswer(request, response.clone()).catch(() => undefined);
    return response;
  } catch (error) {
    const kept = await (await caches.open(DATA)).match(request, { ignoreVary: true });
    if (!kept) throw error;
    return kept;
  }
}

/** A built file that the public map needs. */
export async function publicAsset(request: Request): Promise<Response | undefined> {
  return (await caches.open(DATA)).match(request, { ignoreVary: true });
}

/** Keep what a page loaded before this worker could see it: itself first. */
export async function keepPublic(addresses: readonly string[]): Promise<void> {
  const [page, ...others] = addresses;
  if (!page) return;
  await keepPage(page, await fetch(page, { credentials: "omit", headers: { Accept: "text/html" } }));
  const data = await caches.open(DATA);
  await Promise.all(
    others.map(async (address) => {
      if (await data.match(address)) return;
      const response = await fetch(address);
      if (response.ok) await keepAnswer(new Request(address), response);
    }),
  );
}

/** Forget all of it. */
export async function forgetPublic(): Promise<void> {
  await Promise.all([PAGES, DATA].map((name) => caches.delete(name)));
}

async function keptPage(request: Request): Promise<{ url: string; response: Response } | null> {
  const pages = await caches.open(PAGES);
  const newest = (await pages.keys()).at(-1);
  const response = (await pages.match(request.url)) ?? (newest && (await pages.match(newest)));
  if (!response) return null;
  return { url: (await pages.match(request.url)) ? request.url : newest!.url, response };
}

/** A page that shows somebody signed in is nobody else's, and is not kept. */
async function keepPage(address: string, response: Response): Promise<void> {
  const html = await response.text();
  if (!response.ok || !html.includes('href="/login"')) return;
  const pages = await caches.open(PAGES);
  await pages.delete(address);
  await pages.put(address, new Response(html, { headers: stamped(response) }));
  for (const old of (await pages.keys()).slice(0, -MOST_PAGES)) await pages.delete(old);
}

async function keepAnswer(request: Request, response: Response): Promise<void> {
  const data = await caches.open(DATA);
  const body = response.status === 204 ? null : await response.arrayBuffer();
  await data.put(request.url, new Response(body, { status: response.status, headers: stamped(response) }));
  const keys = await data.keys();
  const spare = keys.length - MOST_DATA;
  const tiles = spare > 0 ? keys.filter((one) => !new URL(one.url).pathname.startsWith("/static/")) : [];
  for (const old of tiles.slice(0, Math.max(0, spare))) await data.delete(old);
}

function stamped(response: Response): Headers {
  const headers = new Headers(response.headers);
  for (const name of ["Content-Encoding", "Content-Length", "Set-Cookie", "Vary"]) headers.delete(name);
  headers.set(KEPT_AT, new Date().toISOString());
  return headers;
}

function within(promise: Promise<Response>): Promise<Response> {
  return Promise.race([
    promise,
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error("slow")), NETWORK_MS)),
  ]);
}
