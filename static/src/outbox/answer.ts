/** What an answer of the server means for what waits. */

import type { Answer } from "../api/outbox-client";
import type { Problem, Receipt } from "./types";

/** `later`: try again by itself; `sign_in`: when somebody has signed in; `refused`: somebody must change it first. */
export type Verdict = "taken" | "later" | "sign_in" | "refused";

const PASSING = new Set([0, 408, 425, 429]);

export function verdict(status: number): Verdict {
  if (status >= 200 && status < 300) return "taken";
  if (status === 401) return "sign_in";
  return PASSING.has(status) || status >= 500 ? "later" : "refused";
}

/** The server's sentence (RFC 9457), with those for each field; `fallback` when it said nothing. */
export function problemOf({ status, body }: Answer, fallback: string): Problem {
  const { detail, errors } = isObject(body) ? body : {};
  const fields = isObject(errors) ? Object.entries(errors).filter(([, text]) => typeof text === "string") : [];
  return {
    status,
    sentence: typeof detail === "string" && detail ? detail : fallback,
    fields: Object.fromEntries(fields) as Record<string, string>,
  };
}

export function receiptOf(body: unknown): Receipt | null {
  if (!isObject(body) || typeof body.hash !== "string" || typeof body.bytes !== "number") return null;
  return { hash: body.hash, bytes: body.bytes };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
