/** Coordinates as people read them: decimal degrees, degrees-minutes-seconds, UTM, TM-3. */

import type { Position } from "./geodesy";

export type CoordinateUnit = "decimal" | "dms" | "utm" | "tm3";

export const COORDINATE_UNITS: readonly CoordinateUnit[] = ["decimal", "dms", "utm", "tm3"];

interface Transverse {
  readonly centralMeridian: number;
  readonly scale: number;
  readonly falseEastingM: number;
  readonly falseNorthingM: number;
}

const SEMI_MAJOR_M = 6_378_137;
const FLATTENING = 1 / 298.257223563;
const N = FLATTENING / (2 - FLATTENING);
const RECTIFYING_M = (SEMI_MAJOR_M / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64);
const KRUEGER = [
  N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3 + (41 / 180) * N ** 4,
  (13 / 48) * N ** 2 - (3 / 5) * N ** 3 + (557 / 1440) * N ** 4,
  (61 / 240) * N ** 3 - (103 / 140) * N ** 4,
  (49_561 / 161_280) * N ** 4,
];

/** A position as text in a unit; the language decides between decimal comma and point. */
export function formatCoordinates([lon, lat]: Position, unit: CoordinateUnit, language: string): string {
  switch (unit) {
    case "decimal":
      return `${decimal(lat, 5, language)}  ${decimal(lon, 5, language)}`;
    case "dms":
      return `${dms(lat, language === "en" ? ["N", "S"] : ["LU", "LS"], language)}  ${dms(lon, language === "en" ? ["E", "W"] : ["BT", "BB"], language)}`;
    case "utm": {
      const [east, north] = projectTransverse([lon, lat], utmOf(lon, lat));
      return `UTM ${utmZone(lon)}${lat < 0 ? "S" : "N"}  ${metres(east)} mE  ${metres(north)} mN`;
    }
    case "tm3": {
      const [east, north] = projectTransverse([lon, lat], tm3Of(lon));
      return `TM-3 ${tm3Zone(lon)}  ${metres(east)} mE  ${metres(north)} mN`;
    }
  }
}

/** Easting and northing (metres) in a transverse Mercator projection, by Krüger's series. */
export function projectTransverse([lon, lat]: Position, zone: Transverse): [number, number] {
  const eccentricity = Math.sqrt(FLATTENING * (2 - FLATTENING));
  const sine = Math.sin((lat * Math.PI) / 180);
  const difference = ((lon - zone.centralMeridian) * Math.PI) / 180;
  const t = Math.sinh(Math.atanh(sine) - eccentricity * Math.atanh(eccentricity * sine));
  const xi = Math.atan2(t, Math.cos(difference));
  const eta = Math.asinh(Math.sin(difference) / Math.hypot(t, Math.cos(difference)));
  let [east, north] = [eta, xi];
  KRUEGER.forEach((coefficient, index) => {
    const order = 2 * (index + 1);
    east += coefficient * Math.cos(order * xi) * Math.sinh(order * eta);
    north += coefficient * Math.sin(order * xi) * Math.cosh(order * eta);
  });
  const factor = zone.scale * RECTIFYING_M;
  return [zone.falseEastingM + factor * east, zone.falseNorthingM + factor * north];
}

export function tm3Of(lon: number): Transverse {
  return {
    centralMeridian: Math.floor(lon / 3) * 3 + 1.5,
    scale: 0.9999,
    falseEastingM: 200_000,
    falseNorthingM: 1_500_000,
  };
}

/** Name of the TM-3 zone: the UTM zone and its half, such as 48.1. */
function tm3Zone(lon: number): string {
  return `${utmZone(lon)}.${Math.floor(lon / 3) % 2 === 0 ? 1 : 2}`;
}

function utmOf(lon: number, lat: number): Transverse {
  return {
    centralMeridian: utmZone(lon) * 6 - 183,
    scale: 0.9996,
    falseEastingM: 500_000,
    falseNorthingM: lat < 0 ? 10_000_000 : 0,
  };
}

function utmZone(lon: number): number {
  return Math.floor((lon + 180) / 6) + 1;
}

function decimal(value: number, decimals: number, language: string): string {
  return value
    .toLocaleString(language === "en" ? "en" : "id", {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    })
    .replace("-", "−");
}

function metres(value: number): string {
  return Math.round(value).toString();
}

function dms(value: number, [positive, negative]: [string, string], language: string): string {
  const tenths = Math.round(Math.abs(value) * 36_000);
  const seconds = (tenths % 600) / 10;
  const text = seconds.toFixed(1).padStart(4, "0");
  return `${Math.floor(tenths / 36_000)}°${String(Math.floor(tenths / 600) % 60).padStart(2, "0")}′${language === "en" ? text : text.replace(".", ",")}″ ${value < 0 ? negative : positive}`;
}
