/** On every page for staff: how many updates wait on this phone; sends them, and says when the page itself is an old one. */

import { fillText } from "./lib/fill-text";
import { OutboxDatabase } from "./outbox/database";
import { keptNote } from "./outbox/kept-note";
import { readOutboxPage } from "./outbox/outbox-texts";
import { forgetPages } from "./outbox/page-cache";
import { keepSending, OutboxChannel, sendOnce } from "./outbox/sending";
import { countUnsent } from "./outbox/summary";
import { canKeepOutbox, keepPages } from "./outbox/worker";

const MOST_PAGES = 20; // of one's own packages that are kept ahead of a day without network

const badge = document.querySelector<HTMLElement>('[data-part="outbox-badge"]');
const { account, keptAt, language } = readOutboxPage();
if (badge && account && canKeepOutbox()) void start(badge, account);

async function start(badge: HTMLElement, account: string): Promise<void> {
  const database = new OutboxDatabase();
  const channel = new OutboxChannel();
  const count = async (): Promise<number> => {
    const unsent = countUnsent(await database.updates(), account);
    badge.hidden = unsent === 0;
    badge.textContent = fillText(badge.dataset.text ?? "", { n: unsent });
    return unsent;
  };
  channel.listen(() => void count());
  document.addEventListener("submit", (event) => {
    if (new URL((event.target as HTMLFormElement).action).pathname === "/logout") void forgetPages(null);
  });
  if (!keptAt) await forgetPages(account); // of whoever used this phone before
  const unsent = await count();
  const hasOwnSender = document.querySelector('[data-part="outbox"]') !== null;
  if (hasOwnSender) return;
  keptNote(badge.dataset.kept ?? "", keptAt, language);
  if (unsent > 0) keepSending((force) => void sendOnce(database, channel, force).catch(() => undefined));
  if (location.pathname === "/work" && navigator.serviceWorker?.controller) await keepPages(ownPages());
}

/** The pages that `/work` leads to on which updates are written. */
function ownPages(): readonly string[] {
  const links = document.querySelectorAll<HTMLAnchorElement>('main a[href$="/updates/new"]');
  return ["/work", ...[...links].slice(0, MOST_PAGES).map((link) => link.pathname)];
}
