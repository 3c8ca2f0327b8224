/** Addresses of tiles: which layers they carry, and the version that makes them new. */

export type Versions = Readonly<Record<string, number>>;

/** The layers that an address template names. */
export function layersOfTiles(address: string): string[] {
  return (/\/tiles\/([a-z_,]+)\//.exec(address)?.[1] ?? "").split(",").filter(Boolean);
}

/** The same address with the sum of its layers' versions; an address of the past has none and stays. */
export function withVersions(address: string, versions: Versions): string {
  const sum = layersOfTiles(address).reduce((total, layer) => total + (versions[layer] ?? 0), 0);
  return address.replace(/([?&]v=)\d+/, `$1${sum}`);
}

/** The same address at the page's own origin, whatever host the server believes to be. */
export function atOrigin(address: string, origin: string): string {
  return address.replace(/^https?:\/\/[^/]+/, origin);
}

/** The layers whose version differs. */
export function changedLayers(before: Versions, after: Versions): string[] {
  return Object.keys(after).filter((layer) => after[layer] !== before[layer]);
}
