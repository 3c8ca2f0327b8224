/** The outbox's database in the browser. Its schema only ever grows: each step keeps what the steps before it hold. */

export const DATABASE = "petakarya-outbox";

type Step = (database: IDBDatabase) => void;

/** Step n leads from version n - 1 to version n. Steps are appended; one that has been released is never changed. */
export const STEPS: readonly Step[] = [
  (database) => {
    database.createObjectStore("updates", { keyPath: "client_id" });
    database.createObjectStore("photos", { keyPath: "client_id" }).createIndex("update", "update");
  },
];

export const VERSION = STEPS.length;

/** Steps that lead from an older version (0: none) to this script's. */
export function stepsAfter(version: number): readonly Step[] {
  return STEPS.slice(version);
}
