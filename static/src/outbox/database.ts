/** Keeps the outbox in IndexedDB; every write is on disk before its promise resolves. */

import { DATABASE, stepsAfter, VERSION } from "./schema";
import type { Store } from "./sender";
import type { OutboxPhoto, OutboxUpdate } from "./types";

type StoreName = "updates" | "photos";

const KEPT_AFTER_SENT_MS = 14 * 86_400_000;

export class OutboxDatabase implements Store {
  private opened: Promise<IDBDatabase> | null = null;

  async updates(): Promise<readonly OutboxUpdate[]> {
    return this.read("updates", (store) => store.getAll() as IDBRequest<OutboxUpdate[]>);
  }

  async update(id: string): Promise<OutboxUpdate | null> {
    return (await this.read("updates", (store) => store.get(id) as IDBRequest<OutboxUpdate | undefined>)) ?? null;
  }

  async photos(update: string): Promise<readonly OutboxPhoto[]> {
    const found = await this.read(
      "photos",
      (store) => store.index("update").getAll(update) as IDBRequest<OutboxPhoto[]>,
    );
    return found.sort((one, other) => one.added_at - other.added_at);
  }

  /** Keep what is being written; false when it has been handed over meanwhile, in another tab: then nothing is changed. */
  async putUpdate(update: OutboxUpdate): Promise<boolean> {
    let isWritable = true;
    await this.write(["updates"], (stores) => {
      const found = stores("updates").get(update.client_id) as IDBRequest<OutboxUpdate | undefined>;
      found.onsuccess = () => {
        isWritable = !found.result || found.result.state === "writing" || found.result.state === "refused";
        if (isWritable) stores("updates").put(update);
      };
    });
    return isWritable;
  }

  async addPhoto(photo: OutboxPhoto): Promise<void> {
    await this.write(["photos"], (stores) => stores("photos").put(photo));
  }

  async changeUpdate(id: string, change: Partial<OutboxUpdate>): Promise<void> {
    await this.change("updates", id, change);
  }

  async changePhoto(id: string, change: Partial<OutboxPhoto>): Promise<void> {
    await this.change("photos", id, change);
  }

  /** Remove a photo that somebody does not want to send after all. */
  async removePhoto(id: string): Promise<void> {
    await this.write(["photos"], (stores) => stores("photos").delete(id));
  }

  /** Remove an update that somebody threw away, or whose receipts are all there, with its photos. */
  async removeUpdate(id: string): Promise<void> {
    await this.write(["updates", "photos"], (stores) => {
      stores("updates").delete(id);
      const cursors = stores("photos").index("update").openKeyCursor(id);
      cursors.onsuccess = () => {
        if (!cursors.result) return;
        stores("photos").delete(cursors.result.primaryKey);
        cursors.result.continue();
      };
    });
  }

  /** Forget what was sent a fortnight ago; whatever still has bytes stays. */
  async forgetSent(now: number): Promise<void> {
    for (const update of await this.updates()) {
      if (update.state !== "sent" || now - (update.sent_at ?? now) < KEPT_AFTER_SENT_MS) continue;
      if ((await this.photos(update.client_id)).every((photo) => photo.content === null)) {
        await this.removeUpdate(update.client_id);
      }
    }
  }

  private async change(name: StoreName, id: string, change: object): Promise<void> {
    await this.write([name], (stores) => {
      const found = stores(name).get(id) as IDBRequest<object | undefined>;
      found.onsuccess = () => {
        if (found.result) stores(name).put({ ...found.result, ...change });
      };
    });
  }

  private async read<Result>(name: StoreName, ask: (store: IDBObjectStore) => IDBRequest<Result>): Promise<Result> {
    const database = await this.open();
    return new Promise((resolve, reject) => {
      const request = ask(database.transaction(name).objectStore(name));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error(name));
    });
  }

  private async write(
    names: readonly StoreName[],
    act: (stores: (name: StoreName) => IDBObjectStore) => void,
  ): Promise<void> {
    const database = await this.open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction([...names], "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error(names.join()));
      act((name) => transaction.objectStore(name));
    });
  }

  private open(): Promise<IDBDatabase> {
    this.opened ??= openDatabase(VERSION)
      .catch((error: unknown) => {
        // A newer script has been here: its schema holds all of ours.
        if (error instanceof DOMException && error.name === "VersionError") return openDatabase(undefined);
        throw error;
      })
      .then((database) => {
        // Another page brings a newer schema: let it, and open again at the next use.
        database.onversionchange = () => {
          database.close();
          this.opened = null;
        };
        database.onclose = () => (this.opened = null);
        return database;
      })
      .catch((error: unknown) => {
        this.opened = null;
        throw error;
      });
    return this.opened;
  }
}

function openDatabase(version: number | undefined): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, version);
    request.onupgradeneeded = (event) => {
      for (const step of stepsAfter(event.oldVersion)) step(request.result);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error(DATABASE));
  });
}
