/** Which pages open without network, and which files they need. */

const KEPT = /^\/(?:outbox|work|packages\/.+\/updates\/new)$/;
const ASSET = /["'(=]((?:\.{1,2}\/|\/static\/)[\w./-]+\.(?:js|mjs|css|woff2|svg|png))/g;
const ACCOUNT = /<meta name="account" content="([^"]+)"/;

export const OUTBOX_PAGE = "/outbox";

/** Whether a page is kept for the time without network. Others hold figures that would be taken for today's. */
export function isKeptPage(path: string): boolean {
  return KEPT.test(path);
}

/** Paths of the built files that a page, a script or a style sheet of the given path names. */
export function assetsIn(text: string, path: string): readonly string[] {
  const found = [...text.matchAll(ASSET)].map((match) => new URL(match[1]!, `http://page${path}`).pathname);
  return [...new Set(found.filter((one) => one.startsWith("/static/")))];
}

/** Id of the account that a page was made for; null: it is nobody's, and is not kept. */
export function accountIn(html: string): string | null {
  return ACCOUNT.exec(html)?.[1] ?? null;
}

/** The page with the moment it was kept at, so that its script says so. */
export function withKeptAt(html: string, keptAt: string): string {
  return html.replace("<html", `<html data-kept-at="${keptAt.replace(/[^\w:.+-]/g, "")}"`);
}
