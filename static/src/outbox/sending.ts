/** Lets one sender work at a time, whichever page or worker it lives in, and tells the others what changed. */

import type { OutboxDatabase } from "./database";
import { type Outcome, sendOutbox } from "./sender";
import { server } from "./server";

const LOCK = "petakarya-outbox-sender";
const CHANNEL = "petakarya-outbox";
const EVERY_MS = 15_000;

export interface Notice {
  readonly kind: "changed" | "outcome";
  readonly outcome?: Outcome;
}

/** Tells every page and the worker, this one too. */
export class OutboxChannel {
  private readonly channel = new BroadcastChannel(CHANNEL);
  private readonly listeners: ((notice: Notice) => void)[] = [];

  constructor() {
    this.channel.onmessage = (event: MessageEvent<Notice>) => this.tellHere(event.data);
  }

  listen(listener: (notice: Notice) => void): void {
    this.listeners.push(listener);
  }

  tell(notice: Notice): void {
    this.channel.postMessage(notice);
    this.tellHere(notice);
  }

  private tellHere(notice: Notice): void {
    for (const listener of this.listeners) listener(notice);
  }
}

/** Send what is due, unless somebody is sending already; null then. */
export function sendOnce(database: OutboxDatabase, channel: OutboxChannel, force: boolean): Promise<Outcome | null> {
  return navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (!lock) return null;
    const outcome = await sendOutbox({
      store: database,
      server,
      now: Date.now,
      chance: Math.random,
      force,
      changed: () => channel.tell({ kind: "changed" }),
    });
    await database.forgetSent(Date.now());
    channel.tell({ kind: "outcome", outcome });
    return outcome;
  });
}

/** Do something that no sender may see half done; false when one is at work. */
export function whileNobodySends(act: () => Promise<void>): Promise<boolean> {
  return navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (lock) await act();
    return lock !== null;
  });
}

export async function isSending(): Promise<boolean> {
  return ((await navigator.locks.query()).held ?? []).some((lock) => lock.name === LOCK);
}

/** Try when the network returns, when somebody looks at the page, and now and then. */
export function keepSending(send: (force: boolean) => void): void {
  window.addEventListener("online", () => send(true));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") send(true);
  });
  window.setInterval(() => {
    if (navigator.onLine) send(false);
  }, EVERY_MS);
  send(true);
}
