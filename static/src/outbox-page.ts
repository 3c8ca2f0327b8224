/** The script of the page that shows everything in the outbox, and the pages that open without network. */

import { element } from "./dom/element";
import { OutboxDatabase } from "./outbox/database";
import { keptNote } from "./outbox/kept-note";
import { OutboxList } from "./outbox/outbox-list";
import { readOutboxPage } from "./outbox/outbox-texts";
import { keptPaths } from "./outbox/page-cache";
import { keepSending, OutboxChannel, sendOnce } from "./outbox/sending";
import { canKeepOutbox, installWorker, keepPages } from "./outbox/worker";

const root = document.querySelector<HTMLElement>('[data-part="outbox"]');
const pages = document.querySelector<HTMLElement>('[data-part="kept-pages"]');
const page = readOutboxPage();
if (root && page.account && canKeepOutbox()) void start(root);

async function start(root: HTMLElement): Promise<void> {
  const database = new OutboxDatabase();
  const channel = new OutboxChannel();
  const send = (force: boolean): void => {
    sendOnce(database, channel, force).catch(() => list.say(page.texts["outbox.broken"] ?? ""));
  };
  const list = new OutboxList(root, page, database, channel, {
    send: () => send(true),
    edit: (update) => location.assign(`${formAddress(update.project_code)}#${update.client_id}`),
  });
  keptNote(page.texts["outbox.kept_page"] ?? "", page.keptAt, page.language);
  if (page.keptAt && location.pathname !== "/outbox") list.say(page.texts["outbox.page_missing"] ?? "");
  installWorker();
  await list.draw();
  keepSending(send);
  await showKeptPages();
  await keepPages([]);
}

function formAddress(code: string): string {
  return `/packages/${code.split("/").map(encodeURIComponent).join("/")}/updates/new`;
}

async function showKeptPages(): Promise<void> {
  const codes = (await keptPaths()).flatMap((path) => /^\/packages\/(.+)\/updates\/new$/.exec(path)?.[1] ?? []);
  if (!pages || !codes.length) return;
  pages.replaceChildren(
    ...codes.map((code) =>
      element("li", {}, element("a", { href: `/packages/${code}/updates/new` }, decodeURIComponent(code))),
    ),
  );
  pages.closest<HTMLElement>("[hidden]")?.removeAttribute("hidden");
}
