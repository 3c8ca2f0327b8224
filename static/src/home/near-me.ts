/** Where the visitor is, or the address says: rounded, and kept nowhere but in the address. */

const DECIMALS = 3; // of degrees, about 110 m
const TIMEOUT_MS = 15_000;
const USUAL_RADIUS_KM = 5;

export interface Near {
  readonly point: readonly [number, number];
  readonly radiusM: number;
}

/** Ask the browser for the position; `latitude,longitude` rounded, null when it is refused or not known. */
export async function whereAmI(): Promise<string | null> {
  try {
    const { coords } = await new Promise<GeolocationPosition>((resolve, reject) => {
      navigator.geolocation.getCurrentPosition(resolve, reject, { timeout: TIMEOUT_MS, maximumAge: 60_000 });
    });
    return `${coords.latitude.toFixed(DECIMALS)},${coords.longitude.toFixed(DECIMALS)}`;
  } catch {
    return null;
  }
}

/** The circle that an address asks for; null for none. */
export function readNear(query: URLSearchParams): Near | null {
  const [lat, lon] = (query.get("near") ?? "").split(",").map(Number);
  if (lat === undefined || lon === undefined || !Number.isFinite(lat) || !Number.isFinite(lon)) return null;
  return { point: [lon, lat], radiusM: 1000 * (Number(query.get("radius")) || USUAL_RADIUS_KM) };
}
