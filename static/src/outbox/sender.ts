/** Sends what waits: the text, then photo by photo, then the wish to be reviewed. Bytes go only after their receipt. */

import type { Answer } from "../api/outbox-client";
import { problemOf, receiptOf, verdict } from "./answer";
import { backoff } from "./backoff";
import type { OutboxPhoto, OutboxUpdate } from "./types";

/** What keeps the outbox; every change is on disk when its promise resolves. */
export interface Store {
  updates(): Promise<readonly OutboxUpdate[]>;
  photos(update: string): Promise<readonly OutboxPhoto[]>;
  changeUpdate(id: string, change: Partial<OutboxUpdate>): Promise<void>;
  changePhoto(id: string, change: Partial<OutboxPhoto>): Promise<void>;
}

/** Who is asked. */
export interface Server {
  /** The account that is signed in, and from then on the token that changes are sent with. */
  session(): Promise<Answer>;
  create(update: OutboxUpdate, key: string): Promise<Answer>;
  putPhoto(photo: OutboxPhoto): Promise<Answer>;
  submit(update: OutboxUpdate, key: string): Promise<Answer>;
}

export interface Outcome {
  readonly sent: number;
  /** Own updates that still wait, and will be tried again by themselves. */
  readonly waiting: number;
  /** Nobody, or somebody else, is signed in. */
  readonly signedOut: boolean;
}

interface Options {
  readonly store: Store;
  readonly server: Server;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly chance: () => number;
  /** Try also what is to wait for a while longer. */
  readonly force: boolean;
  /** Called after each step, so that what is on the screen follows. */
  readonly changed: () => void;
}

const NOT_TAKEN = ""; // the page says in its own words that the server gave none
const SESSION_MS = 10 * 60_000;

type Step = "done" | "later" | "sign_in" | "refused";

/** Send every update that is due, the oldest first. */
export async function sendOutbox(options: Options): Promise<Outcome> {
  const { store, server, now, force } = options;
  const tried = new Set<string>();
  let account: string | null = null;
  let askedAt = -Infinity;
  let sent = 0;
  for (;;) {
    const due = (await store.updates())
      .filter((one) => one.state === "waiting" && !tried.has(one.client_id) && (force || one.next_at <= now()))
      .sort((one, other) => one.created_at - other.created_at)[0];
    if (!due) break;
    tried.add(due.client_id);
    if (now() - askedAt > SESSION_MS) {
      const answer = await server.session();
      const meaning = verdict(answer.status);
      if (meaning === "later") {
        await postpone(options, due);
        break;
      }
      if (meaning !== "taken") return { sent, waiting: await countWaiting(store, null), signedOut: true };
      account = String((answer.body as { account?: unknown }).account);
      askedAt = now();
    }
    if (due.account !== account) continue;
    await store.changeUpdate(due.client_id, { sending: true });
    options.changed();
    const step = await sendUpdate(options, due);
    if (step === "done") sent += 1;
    if (step === "later") await postpone(options, due);
    else await store.changeUpdate(due.client_id, { sending: false });
    options.changed();
    if (step === "sign_in") return { sent, waiting: await countWaiting(store, account), signedOut: true };
  }
  return { sent, waiting: await countWaiting(store, account), signedOut: false };
}

async function sendUpdate(options: Options, update: OutboxUpdate): Promise<Step> {
  const { store, server, now } = options;
  const id = update.client_id;
  if (!update.received) {
    const answer = await server.create(update, `${id}.${update.revision}`);
    const step = await heed(options, id, answer);
    // An earlier text of it has arrived, its answer has not: from now on it is corrected at the server.
    if (isThere(answer, id)) await store.changeUpdate(id, { received: true });
    if (step !== "done") return step;
    await store.changeUpdate(id, { received: true, problem: null });
  }
  let refused = false;
  for (const photo of await store.photos(id)) {
    if (photo.receipt) continue;
    const step = await sendPhoto(options, photo);
    options.changed();
    if (step === "refused") refused = true;
    else if (step !== "done") return step;
  }
  if (refused) {
    await store.changeUpdate(id, { state: "refused" });
    return "refused";
  }
  if (update.submit && !update.submitted) {
    const step = await heed(options, id, await server.submit(update, `${id}.submit.${update.revision}`));
    if (step !== "done") return step;
    await store.changeUpdate(id, { submitted: true });
  }
  await store.changeUpdate(id, { state: "sent", sent_at: now(), problem: null, attempts: 0 });
  return "done";
}

/** Send one photo; what the server says it has received must be what we have, or we keep ours. */
async function sendPhoto({ store, server }: Options, photo: OutboxPhoto): Promise<Step> {
  const answer = await server.putPhoto(photo);
  const meaning = verdict(answer.status);
  if (meaning === "refused") {
    await store.changePhoto(photo.client_id, { problem: problemOf(answer, NOT_TAKEN) });
    return "refused";
  }
  if (meaning !== "taken") return meaning;
  const receipt = receiptOf(answer.body);
  if (!receipt || receipt.hash !== photo.hash || receipt.bytes !== photo.bytes) return "later";
  await store.changePhoto(photo.client_id, { receipt, content: null, problem: null });
  return "done";
}

/** Whether a conflict is one with this very update. */
function isThere({ status, body }: Answer, id: string): boolean {
  const { current } = (body ?? {}) as { current?: { client_id?: unknown } };
  return status === 409 && current?.client_id === id;
}

async function heed({ store }: Options, id: string, answer: Answer): Promise<Step> {
  const meaning = verdict(answer.status);
  if (meaning === "refused") await store.changeUpdate(id, { state: "refused", problem: problemOf(answer, NOT_TAKEN) });
  return meaning === "taken" ? "done" : meaning;
}

async function postpone({ store, now, chance }: Options, update: OutboxUpdate): Promise<void> {
  const attempts = update.attempts + 1;
  await store.changeUpdate(update.client_id, {
    sending: false,
    attempts,
    next_at: now() + backoff(attempts, chance()),
  });
}

async function countWaiting(store: Store, account: string | null): Promise<number> {
  const waiting = (await store.updates()).filter((one) => one.state === "waiting");
  return waiting.filter((one) => account === null || one.account === account).length;
}
