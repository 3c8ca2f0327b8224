/** The map's part of the address: position, layers, classes, opacity and the selected feature, in the hash. */

export interface MapState {
  readonly camera: Camera | null;
  /** Layers switched on or off against the legend's own choice. */
  readonly switched: Readonly<Record<string, boolean>>;
  /** Classes hidden, by layer. */
  readonly hidden: Readonly<Record<string, readonly string[]>>;
  /** Opacity in percent, by layer; 100 is left out. */
  readonly opacity: Readonly<Record<string, number>>;
  readonly feature: FeatureKey | null;
  readonly inView: boolean;
}

export interface Camera {
  readonly zoom: number;
  readonly lon: number;
  readonly lat: number;
  readonly bearing: number;
}

export interface FeatureKey {
  readonly layer: string;
  readonly id: number;
}

export const EMPTY_STATE: MapState = {
  camera: null,
  switched: {},
  hidden: {},
  opacity: {},
  feature: null,
  inView: false,
};

/** Read the hash of an address; what cannot be read is left out. */
export function parseHash(hash: string): MapState {
  const [position = "", ...rest] = hash.replace(/^#/, "").split("&");
  const parameters = new Map(rest.map((part) => splitOnce(part, "=")));
  const switched: Record<string, boolean> = {};
  for (const layer of names(parameters.get("on"))) switched[layer] = true;
  for (const layer of names(parameters.get("off"))) switched[layer] = false;
  return {
    camera: parseCamera(position),
    switched,
    hidden: Object.fromEntries(
      pairs(parameters.get("hide")).map(([layer, codes]) => [layer, codes.split("~").filter(Boolean)]),
    ),
    opacity: Object.fromEntries(
      pairs(parameters.get("opacity"))
        .map(([layer, percent]) => [layer, Number(percent)] as const)
        .filter(([, percent]) => percent >= 0 && percent < 100),
    ),
    feature: parseFeature(parameters.get("show")),
    inView: parameters.has("inview"),
  };
}

/** Write the hash of an address, with its `#`; empty when there is nothing to say. */
export function formatHash(state: MapState): string {
  const parts = [state.camera ? formatCamera(state.camera) : ""];
  const on = Object.keys(state.switched).filter((layer) => state.switched[layer]);
  const off = Object.keys(state.switched).filter((layer) => !state.switched[layer]);
  if (on.length) parts.push(`on=${on.join(",")}`);
  if (off.length) parts.push(`off=${off.join(",")}`);
  const hidden = Object.entries(state.hidden).filter(([, codes]) => codes.length);
  if (hidden.length) parts.push(`hide=${hidden.map(([layer, codes]) => `${layer}:${codes.join("~")}`).join(",")}`);
  const opacity = Object.entries(state.opacity).filter(([, percent]) => percent < 100);
  if (opacity.length) parts.push(`opacity=${opacity.map(([layer, percent]) => `${layer}:${percent}`).join(",")}`);
  if (state.feature) parts.push(`show=${state.feature.layer}/${state.feature.id}`);
  if (state.inView) parts.push("inview");
  const text = parts.join("&");
  return text ? `#${text}` : "";
}

function parseCamera(text: string): Camera | null {
  const numbers = text.split("/").map(Number);
  if (numbers.length < 3 || text.trim() === "" || numbers.some((value) => !Number.isFinite(value))) return null;
  const [zoom = 0, lat = 0, lon = 0, bearing = 0] = numbers;
  return zoom >= 0 && zoom <= 24 && Math.abs(lat) <= 85 && Math.abs(lon) <= 180 ? { zoom, lat, lon, bearing } : null;
}

function formatCamera({ zoom, lat, lon, bearing }: Camera): string {
  const decimals = Math.max(2, Math.ceil((zoom * Math.LN2 + Math.log(512 / 360 / 0.5)) / Math.LN10));
  const turned = Math.round(bearing) % 360;
  return [zoom.toFixed(2), lat.toFixed(decimals), lon.toFixed(decimals), ...(turned ? [String(turned)] : [])].join("/");
}

function parseFeature(text: string | undefined): FeatureKey | null {
  const match = /^([a-z_]+)\/(\d{1,15})$/.exec(text ?? "");
  return match ? { layer: match[1]!, id: Number(match[2]) } : null;
}

function names(text: string | undefined): string[] {
  return (text ?? "").split(",").filter((name) => /^[a-z][a-z0-9_]*$/.test(name));
}

function pairs(text: string | undefined): [string, string][] {
  return (text ?? "")
    .split(",")
    .map((part) => splitOnce(part, ":"))
    .filter(([name]) => /^[a-z][a-z0-9_]*$/.test(name));
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), decoded(text.slice(at + 1))];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return ""; // a broken percent sign: someone cut the address
  }
}
