/** The sentences and the account that a page gives its script. */

export type Texts = Readonly<Record<string, string>>;

export interface OutboxPage {
  readonly texts: Texts;
  /** Id of the account that the page was made for; null: nobody is signed in. */
  readonly account: string | null;
  readonly language: string;
  /** When a kept page was kept, ISO 8601; null: it has just come from the server. */
  readonly keptAt: string | null;
}

export function readOutboxPage(): OutboxPage {
  const root = document.documentElement;
  return {
    texts: JSON.parse(document.getElementById("outbox-texts")?.textContent ?? "{}") as Texts,
    account: document.querySelector<HTMLMetaElement>('meta[name="account"]')?.content ?? null,
    language: root.lang,
    keptAt: root.dataset.keptAt ?? null,
  };
}

/** A moment as people write it: 24 Nov 2026 09.15. */
export function formatMoment(moment: string | number, language: string): string {
  return new Date(moment).toLocaleString(language === "en" ? "en-GB" : "id", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** A day (ISO 8601) as people write it: 24 Nov 2026. */
export function formatDay(day: string, language: string): string {
  return new Date(`${day}T12:00:00`).toLocaleDateString(language === "en" ? "en-GB" : "id", {
    day: "numeric",
    month: "short",
    year: "numeric",
  });
}
