/** What pages and the service worker say to each other. */

/** Of the browser's Background Sync. */
export const SYNC_TAG = "petakarya-outbox";

export interface WorkerMessage {
  /** Paths of pages to keep for the time without network. */
  readonly keep: readonly string[];
  /** Addresses of the public map to keep: the page itself, then what it loaded. */
  readonly keepPublic?: readonly string[];
}
