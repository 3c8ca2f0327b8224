/** Asks the server how drawn places would be kept: laid on the ruas, with STA, length and distances. */

export interface KeptPlace {
  readonly id: number | null;
  readonly road_code: string | null;
  readonly start: string | null;
  readonly end: string | null;
  readonly length_m: number;
  readonly geometry: GeoJSON.Geometry;
}

export interface Preview {
  readonly places: Readonly<Record<string, readonly KeptPlace[]>>;
  readonly distances: readonly { readonly exceeds: boolean; readonly sentence: string }[];
}

export interface Asked {
  readonly kind: string;
  readonly keep: readonly number[];
  readonly places: readonly { readonly geometry: GeoJSON.Geometry; readonly snap: boolean }[];
}

/** What the server said: a preview, or sentences by field such as `places.0.snap`. */
export type Answer =
  { readonly preview: Preview } | { readonly errors: Readonly<Record<string, string>> } | { readonly failed: true };

const TIMEOUT_MS = 20_000;

export async function askPreview(address: string, asked: Asked): Promise<Answer> {
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
      body: JSON.stringify(asked),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return { preview: (await response.json()) as Preview };
    const problem = (await response.json()) as { errors?: Record<string, string>; detail?: string };
    return { errors: problem.errors ?? { "": problem.detail ?? "" } };
  } catch {
    return { failed: true };
  }
}
