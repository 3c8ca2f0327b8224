/** The only place that talks to the server. Whatever goes wrong comes out as one type of error. */

import type { StyleSpecification } from "maplibre-gl";
import type { Versions } from "../lib/tile-address";

export type Theme = "light" | "dark";

export interface LegendClass {
  readonly code: string | null;
  readonly label: string;
  readonly swatch: string;
}

export interface LegendLayer {
  readonly layer: string;
  readonly title: string;
  readonly description: string;
  readonly group: "base" | "works" | "plan" | "raster";
  readonly geometry: string;
  readonly visible: boolean;
  readonly zooms: readonly [number, number];
  readonly field: string | null;
  readonly missing: string | null;
  readonly year_field: string | null;
  readonly classes: readonly LegendClass[];
}

export interface SearchResult {
  readonly kind: string;
  readonly kind_label: string;
  readonly layer: string | null;
  readonly id: number | null;
  readonly label: string;
  readonly place: string | null;
  readonly point: readonly [number, number] | null;
  readonly bbox: readonly [number, number, number, number] | null;
  readonly href: string | null;
}

/** How many features of a kind a text finds; `more`: they were not counted to the end. */
export interface SearchGroup {
  readonly kind: string;
  readonly kind_label: string;
  readonly count: number;
  readonly more: boolean;
}

export interface SearchAnswer {
  readonly results: readonly SearchResult[];
  readonly groups: readonly SearchGroup[];
}

export class ClientError extends Error {
  override readonly name = "ClientError";

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 20_000;
const language = (): string => document.documentElement.lang;

export const client = {
  /** The left column for a filter, as a document whose parts carry `data-part`. */
  async panel(query: URLSearchParams, signal?: AbortSignal): Promise<Document> {
    return html(`/panel?${withLanguage(query)}`, signal);
  },

  async feature(layer: string, id: number): Promise<Document> {
    const asOf = new URLSearchParams(location.search).get("as_of");
    return html(`/panel/${layer}/${id}?${withLanguage(new URLSearchParams(asOf ? { as_of: asOf } : {}))}`);
  },

  async ids(query: URLSearchParams, signal?: AbortSignal): Promise<readonly number[]> {
    return (await json<{ ids: number[] }>(`/panel/ids?${query}`, signal)).ids;
  },

  /** The survey years of a layer, the newest first. */
  async years(layer: string): Promise<readonly number[]> {
    return (await json<{ years: number[] }>(`/panel/years/${layer}`)).years;
  },

  async style(theme: Theme, asOf: string | null): Promise<StyleSpecification> {
    const query = withLanguage(new URLSearchParams({ theme }));
    if (asOf) query.set("as_of", asOf);
    return json(`/style.json?${query}`);
  },

  async legend(theme: Theme): Promise<readonly LegendLayer[]> {
    return (await json<{ layers: LegendLayer[] }>(`/api/v1/legend?${withLanguage(new URLSearchParams({ theme }))}`))
      .layers;
  },

  /** The images that the style names, as SVG text by id. */
  async symbols(theme: Theme): Promise<Readonly<Record<string, string>>> {
    return json(`/api/v1/symbols?theme=${theme}`);
  },

  async versions(): Promise<Versions> {
    return json("/api/v1/versions");
  },

  async search(text: string, signal: AbortSignal): Promise<SearchAnswer> {
    const query = withLanguage(new URLSearchParams({ q: text, limit: "8" }));
    return json<SearchAnswer>(`/api/v1/search?${query}`, signal);
  },
};

function withLanguage(query: URLSearchParams): URLSearchParams {
  const copy = new URLSearchParams(query);
  copy.set("lang", language());
  return copy;
}

async function html(address: string, signal?: AbortSignal): Promise<Document> {
  const response = await ask(address, "text/html", signal);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

async function json<Content>(address: string, signal?: AbortSignal): Promise<Content> {
  const response = await ask(address, "application/json", signal);
  return (await response.json()) as Content;
}

async function ask(address: string, accept: string, signal?: AbortSignal): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(address, {
      headers: { Accept: accept },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const kept = response.headers.get("X-Kept-At"); // by the service worker: it is not from the network
    if (kept) window.dispatchEvent(new CustomEvent("kept", { detail: kept }));
    if (!response.ok) throw new ClientError(response.status, `${address}: ${response.status}`);
    return response;
  } catch (error) {
    if (error instanceof ClientError || signal?.aborted) throw error;
    throw new ClientError(0, `${address}: ${String(error)}`);
  }
}
