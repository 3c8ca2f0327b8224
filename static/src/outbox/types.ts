/** What waits on the phone: updates and their photos, and what the server has said about them. */

export interface Position {
  readonly lon: number;
  readonly lat: number;
  /** Radius (metres) that the phone is sure of. */
  readonly accuracy_m: number;
  /** When the phone knew it, ISO 8601. */
  readonly at: string;
}

/** Why the server did not take something, in its own words. */
export interface Problem {
  readonly status: number;
  readonly sentence: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Proof that the server keeps a photo: SHA-256 (hex) and length of the bytes that it received. */
export interface Receipt {
  readonly hash: string;
  readonly bytes: number;
}

/** A form's fields as they stand on the page. */
export type Entries = readonly (readonly [string, string])[];

/** `writing`: not handed over yet; `waiting`: to be sent; `refused`: somebody must look at it; `sent`: the server has all of it. */
export type UpdateState = "writing" | "waiting" | "refused" | "sent";

export interface OutboxUpdate {
  readonly client_id: string;
  /** Id of the account that wrote it; only it sends it. */
  readonly account: string;
  readonly project_code: string;
  readonly project_name: string;
  readonly entries: Entries;
  readonly position: Position | null;
  readonly written_at: string;
  /** Whether it is to be handed to the reviewer, or stays a draft. */
  readonly submit: boolean;
  readonly state: UpdateState;
  /** Counts corrections, so that each has an idempotency key of its own. */
  readonly revision: number;
  /** The server has the text. */
  readonly received: boolean;
  readonly submitted: boolean;
  readonly problem: Problem | null;
  /** Somebody is at it, as long as the sender's lock is held. */
  readonly sending: boolean;
  readonly attempts: number;
  /** Earliest next attempt, milliseconds since 1970. */
  readonly next_at: number;
  readonly created_at: number;
  readonly sent_at: number | null;
}

export interface OutboxPhoto {
  readonly client_id: string;
  readonly update: string;
  readonly taken_at: string;
  /** Null: unknown, or the picture was not taken on this page just now. */
  readonly position: Position | null;
  readonly caption: string;
  /** Before, during or after the works; an outbox of an earlier version has none: during. */
  readonly moment?: string;
  /** Id of the spot from which it was taken, as text; empty: none. */
  readonly viewpoint?: string;
  /** The picture itself; null once the server has given its receipt. */
  readonly content: Blob | null;
  readonly name: string;
  readonly bytes: number;
  readonly hash: string;
  /** Width and height (pixels) before it was made smaller; null: kept as taken. */
  readonly shrunk_from: readonly [number, number] | null;
  readonly receipt: Receipt | null;
  readonly problem: Problem | null;
  readonly added_at: number;
}
