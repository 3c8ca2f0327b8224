/** An update that somebody begins to write. */

import type { OutboxUpdate } from "./types";

interface Beginning {
  readonly client_id: string;
  readonly account: string;
  readonly project_code: string;
  readonly project_name: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function newUpdate({ now, ...beginning }: Beginning): OutboxUpdate {
  return {
    ...beginning,
    entries: [],
    position: null,
    written_at: new Date(now).toISOString(),
    submit: false,
    state: "writing",
    revision: 1,
    received: false,
    submitted: false,
    problem: null,
    sending: false,
    attempts: 0,
    next_at: 0,
    created_at: now,
    sent_at: null,
  };
}
