import assert from "node:assert/strict";
import test from "node:test";
import type { Answer } from "../api/outbox-client";
import { newUpdate } from "./new-update";
import { type Outcome, sendOutbox, type Server, type Store } from "./sender";
import type { OutboxPhoto, OutboxUpdate } from "./types";

const OK: Answer = { status: 201, body: {} };
const NO_NETWORK: Answer = { status: 0, body: null };

class Memory implements Store {
  readonly kept = new Map<string, OutboxUpdate>();
  readonly pictures = new Map<string, OutboxPhoto>();

  async updates(): Promise<readonly OutboxUpdate[]> {
    return [...this.kept.values()];
  }

  async photos(update: string): Promise<readonly OutboxPhoto[]> {
    return [...this.pictures.values()].filter((one) => one.update === update);
  }

  async changeUpdate(id: string, change: Partial<OutboxUpdate>): Promise<void> {
    this.kept.set(id, { ...this.kept.get(id)!, ...change });
  }

  async changePhoto(id: string, change: Partial<OutboxPhoto>): Promise<void> {
    this.pictures.set(id, { ...this.pictures.get(id)!, ...change });
  }
}

/** Answers as the real one does, unless told otherwise for a request; notes what it was asked. */
class Fake implements Server {
  readonly asked: string[] = [];
  readonly answers = new Map<string, Answer[]>();

  constructor(private readonly account = "7") {}

  session(): Promise<Answer> {
    return this.answer("session", { status: 200, body: { account: this.account } });
  }

  create(update: OutboxUpdate, key: string): Promise<Answer> {
    return this.answer(`create ${update.client_id} ${key}`, OK);
  }

  putPhoto(photo: OutboxPhoto): Promise<Answer> {
    return this.answer(`photo ${photo.client_id}`, { status: 201, body: { hash: photo.hash, bytes: photo.bytes } });
  }

  submit(update: OutboxUpdate, key: string): Promise<Answer> {
    return this.answer(`submit ${update.client_id} ${key}`, OK);
  }

  private async answer(request: string, usual: Answer): Promise<Answer> {
    this.asked.push(request);
    return this.answers.get(request)?.shift() ?? usual;
  }
}

function outbox(...ids: readonly string[]): Memory {
  const store = new Memory();
  for (const [place, id] of ids.entries()) {
    store.kept.set(id, {
      ...newUpdate({ client_id: id, account: "7", project_code: "P", project_name: "Jalan", now: 1000 + place }),
      state: "waiting",
      submit: true,
    });
    for (const name of [`${id}a`, `${id}b`]) {
      store.pictures.set(name, {
        client_id: name,
        update: id,
        taken_at: "2026-11-24T02:00:00.000Z",
        position: null,
        caption: "",
        content: new Blob([name]),
        name: `${name}.jpg`,
        bytes: name.length,
        hash: `hash of ${name}`,
        shrunk_from: null,
        receipt: null,
        problem: null,
        added_at: place,
      });
    }
  }
  return store;
}

function send(store: Memory, server: Fake, { now = 5_000, force = false } = {}): Promise<Outcome> {
  return sendOutbox({ store, server, now: () => now, chance: () => 0.5, force, changed: () => undefined });
}

const content = (store: Memory): boolean[] => [...store.pictures.values()].map((one) => one.content !== null);

test("text, photos one by one, submission; bytes go after their receipts", async () => {
  const store = outbox("u");
  const server = new Fake();
  assert.deepEqual(await send(store, server), { sent: 1, waiting: 0, signedOut: false });
  assert.deepEqual(server.asked, ["session", "create u u.1", "photo ua", "photo ub", "submit u u.submit.1"]);
  assert.equal(store.kept.get("u")!.state, "sent");
  assert.equal(store.kept.get("u")!.sending, false);
  assert.deepEqual(content(store), [false, false]);
  await send(store, server);
  assert.equal(server.asked.length, 5);
});

test("a draft is not handed in", async () => {
  const store = outbox("u");
  await store.changeUpdate("u", { submit: false });
  const server = new Fake();
  await send(store, server);
  assert.equal(server.asked.at(-1), "photo ub");
  assert.equal(store.kept.get("u")!.state, "sent");
});

test("what is being written stays", async () => {
  const store = outbox("u");
  await store.changeUpdate("u", { state: "writing" });
  const server = new Fake();
  assert.deepEqual(await send(store, server, { force: true }), { sent: 0, waiting: 0, signedOut: false });
  assert.deepEqual(server.asked, []);
});

test("interrupted after the first photo, it goes on with the second", async () => {
  const store = outbox("u");
  const server = new Fake();
  server.answers.set("photo ub", [NO_NETWORK]);
  assert.deepEqual(await send(store, server), { sent: 0, waiting: 1, signedOut: false });
  assert.deepEqual(content(store), [false, true]);
  const update = store.kept.get("u")!;
  assert.deepEqual([update.state, update.attempts, update.next_at, update.sending], ["waiting", 1, 10_000, false]);
  server.asked.length = 0;
  await send(store, server, { now: 9_999 });
  assert.deepEqual(server.asked, []);
  await send(store, server, { now: 10_000 });
  assert.deepEqual(server.asked, ["session", "photo ub", "submit u u.submit.1"]);
  assert.deepEqual(content(store), [false, false]);
});

test("an answer that was lost is asked for again with the same key", async () => {
  const store = outbox("u");
  const server = new Fake();
  server.answers.set("create u u.1", [NO_NETWORK]);
  await send(store, server);
  await send(store, server, { force: true });
  assert.equal(server.asked.filter((one) => one === "create u u.1").length, 2);
});

for (const [what, body] of [
  ["of other bytes", { hash: "another", bytes: 2 }],
  ["of another length", { hash: "hash of ua", bytes: 1 }],
  ["that is none", { ok: true }],
] as const) {
  test(`a receipt ${what} deletes nothing`, async () => {
    const store = outbox("u");
    const server = new Fake();
    server.answers.set("photo ua", [{ status: 200, body }]);
    assert.equal((await send(store, server)).waiting, 1);
    assert.deepEqual(content(store), [true, true]);
  });
}

test("an ended session keeps everything and stops", async () => {
  const store = outbox("u", "v");
  const server = new Fake();
  server.answers.set("photo ua", [{ status: 401, body: null }]);
  assert.deepEqual(await send(store, server), { sent: 0, waiting: 2, signedOut: true });
  assert.deepEqual(content(store), [true, true, true, true]);
  assert.ok(!server.asked.includes("create v v.1"));
  server.answers.set("session", [{ status: 401, body: null }]);
  assert.equal((await send(store, server)).signedOut, true);
});

test("another account's updates stay where they are", async () => {
  const store = outbox("u");
  const server = new Fake("8");
  assert.deepEqual(await send(store, server), { sent: 0, waiting: 0, signedOut: false });
  assert.deepEqual(server.asked, ["session"]);
  assert.equal(store.kept.get("u")!.state, "waiting");
});

test("what is refused is kept with the server's sentence; the next one is sent", async () => {
  const store = outbox("u", "v");
  const server = new Fake();
  server.answers.set("create u u.1", [{ status: 422, body: { detail: "Turun.", errors: { day: "?" } } }]);
  assert.deepEqual(await send(store, server), { sent: 1, waiting: 0, signedOut: false });
  const refused = store.kept.get("u")!;
  assert.deepEqual(refused.problem, { status: 422, sentence: "Turun.", fields: { day: "?" } });
  assert.equal(refused.state, "refused");
  assert.deepEqual(content(store), [true, true, false, false]);
  await store.changeUpdate("u", { state: "waiting", revision: 2 });
  await send(store, server);
  assert.ok(server.asked.includes("create u u.2"));
});

test("a photo that is refused holds up the submission, not the other photos", async () => {
  const store = outbox("u");
  const server = new Fake();
  server.answers.set("photo ua", [{ status: 413, body: { detail: "Terlalu besar." } }]);
  await send(store, server);
  assert.deepEqual(content(store), [true, false]);
  assert.equal(store.kept.get("u")!.state, "refused");
  assert.equal(store.pictures.get("ua")!.problem!.sentence, "Terlalu besar.");
  assert.ok(!server.asked.some((one) => one.startsWith("submit")));
});

test("a server that is down is asked once, not once per update", async () => {
  const store = outbox("u", "v");
  const server = new Fake();
  server.answers.set("session", [NO_NETWORK]);
  assert.equal((await send(store, server)).waiting, 2);
  assert.deepEqual(server.asked, ["session"]);
});

test("a text that arrived without its answer and was changed since is corrected at the server", async () => {
  const store = outbox("u");
  const server = new Fake();
  server.answers.set("create u u.1", [{ status: 409, body: { detail: "Lain.", current: { client_id: "u" } } }]);
  await send(store, server);
  const refused = store.kept.get("u")!;
  assert.deepEqual([refused.state, refused.received, refused.problem?.sentence], ["refused", true, "Lain."]);
  assert.deepEqual(content(store), [true, true]);
  await store.changeUpdate("u", { state: "waiting", revision: 2 });
  server.asked.length = 0;
  await send(store, server);
  assert.deepEqual(server.asked, ["session", "photo ua", "photo ub", "submit u u.submit.2"]);
});
