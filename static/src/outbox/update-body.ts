/** Turns a form's fields into what the API takes: `position.lon` and `items.<id>` are put together, empty fields left out. */

import type { Entries, OutboxUpdate, Position } from "./types";

/** Of the page alone, or told apart from the fields. */
const NOT_SENT = new Set(["csrf_token", "request_key", "submit", "client_id", "version", "written_at", "photos"]);

export interface UpdateBody {
  client_id: string;
  written_at: string;
  submit: false;
  position?: Position;
  items?: { item_id: number; installed: string }[];
  [field: string]: unknown;
}

/** The request that creates an update. It is handed to the reviewer later, when its photos are there. */
export function updateBody(update: OutboxUpdate): UpdateBody {
  const body: UpdateBody = { client_id: update.client_id, written_at: update.written_at, submit: false };
  const items: { item_id: number; installed: string }[] = [];
  for (const [name, value] of keptEntries(update.entries)) {
    if (!value.trim()) continue;
    if (name.startsWith("items.")) items.push({ item_id: Number(name.slice("items.".length)), installed: value });
    else body[name] = value;
  }
  if (items.length) body.items = items;
  if (update.position) body.position = update.position;
  return body;
}

/** The fields that people fill in. */
export function keptEntries(entries: Entries): Entries {
  return entries.filter(([name]) => !NOT_SENT.has(name) && !name.startsWith("position.") && !name.startsWith("pick."));
}

/** Whether somebody has written anything beyond what the page began with. */
export function isChanged(entries: Entries, initial: Entries): boolean {
  return JSON.stringify(keptEntries(entries)) !== JSON.stringify(keptEntries(initial));
}
