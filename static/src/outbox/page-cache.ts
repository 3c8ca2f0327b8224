/** Keeps pages and their files for the time without network: of one account at a time, and never the outbox itself. */

import { accountIn, assetsIn, isKeptPage, OUTBOX_PAGE } from "./kept-pages";

const FORMAT = 1; // counts when kept things are no longer read as they were written
const PREFIX = "petakarya-";
const PAGES = `${PREFIX}pages-${FORMAT}-`;
const ASSETS = `${PREFIX}assets-${FORMAT}`;
const MOST_PAGES = 40;

export const KEPT_AT = "X-Kept-At";

/** Keep a page that has just come from the network; one that is nobody's is not kept. */
export async function keepPage(path: string, response: Response): Promise<void> {
  const html = await response.text();
  const account = accountIn(html);
  if (!account) return;
  await forgetPages(account);
  const pages = await caches.open(PAGES + account);
  const headers = new Headers(response.headers);
  for (const name of ["Content-Encoding", "Content-Length", "Set-Cookie"]) headers.delete(name);
  headers.set(KEPT_AT, new Date().toISOString());
  await keepAssets(assetsIn(html, path));
  await pages.delete(path);
  await pages.put(path, new Response(html, { headers }));
  for (const request of (await pages.keys()).slice(0, -MOST_PAGES)) {
    if (new URL(request.url).pathname !== OUTBOX_PAGE) await pages.delete(request);
  }
}

/** The page as it was kept. */
export async function keptPage(path: string): Promise<Response | undefined> {
  const names = await pageCaches();
  return names[0] ? (await caches.open(names[0])).match(path) : undefined;
}

/** Paths of the pages that open without network. */
export async function keptPaths(): Promise<readonly string[]> {
  const names = await pageCaches();
  const requests = names[0] ? await (await caches.open(names[0])).keys() : [];
  return requests.map((request) => new URL(request.url).pathname).filter(isKeptPage);
}

/** Forget the pages of every account but one; without one, of all. The outbox stays. */
export async function forgetPages(except: string | null): Promise<void> {
  for (const name of await pageCaches()) {
    if (name !== PAGES + except) await caches.delete(name);
  }
}

/** Remove what other versions have kept in another form, and files that no kept page uses any more. */
export async function tidy(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && !name.startsWith(PAGES) && name !== ASSETS) await caches.delete(name);
  }
  const assets = await caches.open(ASSETS);
  const used = await assetsInUse(assets);
  for (const request of await assets.keys()) {
    if (!used.has(new URL(request.url).pathname)) await assets.delete(request);
  }
}

/** A built file: its name carries a hash of what it holds, so a kept one is as good as a new one. */
export async function asset(request: Request): Promise<Response> {
  return (await (await caches.open(ASSETS)).match(request)) ?? fetch(request);
}

async function keepAssets(paths: readonly string[]): Promise<void> {
  const cache = await caches.open(ASSETS);
  const seen = new Set<string>();
  const waiting = [...paths];
  for (let path = waiting.pop(); path; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    let response = await cache.match(path);
    if (!response) {
      response = await fetch(path);
      if (!response.ok) throw new Error(path);
      await cache.put(path, response.clone());
    }
    waiting.push(...(await namedIn(path, response)));
  }
}

async function assetsInUse(cache: Cache): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  const waiting: string[] = [];
  for (const path of await keptPaths()) {
    const page = await keptPage(path);
    if (page) waiting.push(...assetsIn(await page.text(), path));
  }
  for (let path = waiting.pop(); path; path = waiting.pop()) {
    if (used.has(path)) continue;
    used.add(path);
    const response = await cache.match(path);
    if (response) waiting.push(...(await namedIn(path, response)));
  }
  return used;
}

async function namedIn(path: string, response: Response): Promise<readonly string[]> {
  return /\.(js|mjs|css)$/.test(path) ? assetsIn(await response.text(), path) : [];
}

async function pageCaches(): Promise<readonly string[]> {
  return (await caches.keys()).filter((name) => name.startsWith(PAGES));
}
