/** When to try again: soon at first, then ever later, so that a phone without network does not empty its battery. */

const FIRST_MS = 5_000;
const FACTOR = 3;
const LONGEST_MS = 15 * 60_000;
const SPREAD = 0.2; // so that all phones of a site do not come back in the same second

/** Milliseconds to wait after the given number of failed attempts; `chance` from 0 to 1. */
export function backoff(attempts: number, chance: number): number {
  const plain = Math.min(LONGEST_MS, FIRST_MS * FACTOR ** Math.max(0, attempts - 1));
  return Math.round(plain * (1 - SPREAD + 2 * SPREAD * chance));
}
