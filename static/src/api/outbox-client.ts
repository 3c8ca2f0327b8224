/** Sends changes to the server, from pages and from the service worker. Never throws: no answer is one of status 0. */

export interface Answer {
  /** HTTP status; 0 when there was no answer, 401 also when a page to sign in came instead. */
  readonly status: number;
  readonly body: unknown;
}

const TIMEOUT_MS = 30_000;
const PHOTO_TIMEOUT_MS = 10 * 60_000; // a photo of several megabytes where the network is thin

let token = "";

export const outboxClient = {
  /** The account that is signed in; its token goes with every later change. */
  async session(): Promise<Answer> {
    const answer = await ask("/outbox/session", { cache: "no-store" });
    if (answer.status === 200) token = String((answer.body as { csrf_token?: unknown } | null)?.csrf_token ?? "");
    return answer;
  },

  createUpdate(projectCode: string, body: object, key: string): Promise<Answer> {
    return post(`/api/v1/projects/${encodeURIComponent(projectCode)}/updates`, body, key);
  },

  putPhoto(update: string, photo: string, form: FormData): Promise<Answer> {
    const address = `/api/v1/updates/${update}/photos/${photo}`;
    return ask(address, { method: "PUT", body: form, headers: { "X-CSRFToken": token } }, PHOTO_TIMEOUT_MS);
  },

  submitUpdate(update: string, key: string): Promise<Answer> {
    return post(`/api/v1/updates/${update}/submit`, {}, key);
  },
};

function post(address: string, body: object, key: string): Promise<Answer> {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key, "X-CSRFToken": token };
  return ask(address, { method: "POST", body: JSON.stringify(body), headers });
}

async function ask(address: string, init: RequestInit, timeoutMs = TIMEOUT_MS): Promise<Answer> {
  try {
    const response = await fetch(address, {
      ...init,
      credentials: "same-origin",
      headers: { ...init.headers, Accept: "application/json" },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const isJson = /json/.test(response.headers.get("Content-Type") ?? "");
    if (response.redirected || (response.ok && !isJson)) return { status: 401, body: null };
    return { status: response.status, body: isJson ? await response.json() : null };
  } catch {
    return { status: 0, body: null };
  }
}
