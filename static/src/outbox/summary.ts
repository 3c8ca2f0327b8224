/** What the list says of an update: in which state it is, and how much of it has arrived. */

import type { OutboxPhoto, OutboxUpdate } from "./types";

export type Shown = "writing" | "waiting" | "sending" | "refused" | "sent";

export interface Summary {
  readonly shown: Shown;
  readonly photos: number;
  /** Photos whose receipt is here. */
  readonly arrived: number;
  /** Bytes that are still on the phone. */
  readonly bytes: number;
}

/** `sending` counts only while a sender is at work: one that was killed has left its mark behind. */
export function summarise(update: OutboxUpdate, photos: readonly OutboxPhoto[], senderAtWork: boolean): Summary {
  const waiting = photos.filter((photo) => !photo.receipt);
  return {
    shown: update.state === "waiting" && update.sending && senderAtWork ? "sending" : update.state,
    photos: photos.length,
    arrived: photos.length - waiting.length,
    bytes: waiting.reduce((sum, photo) => sum + photo.bytes, 0),
  };
}

/** How many of an account's updates are not at the server yet. */
export function countUnsent(updates: readonly OutboxUpdate[], account: string | null): number {
  return updates.filter((one) => one.account === account && (one.state === "waiting" || one.state === "refused"))
    .length;
}
