/** Scales of the map: metres per pixel, the length of a scale bar, the zoom of a printed scale. */

const EQUATOR_M = 40_075_016.686;
const TILE_PX = 512;
const CSS_PX_PER_M = 96 / 0.0254;

export interface ScaleBar {
  readonly lengthM: number;
  readonly widthPx: number;
}

/** Metres on the ground along a pixel of the map. */
export function metresPerPixel(zoom: number, latitude: number): number {
  return (EQUATOR_M * Math.cos((latitude * Math.PI) / 180)) / (TILE_PX * 2 ** zoom);
}

/** The longest bar of a round length (1, 2 or 5 times a power of ten) that fits. */
export function scaleBar(zoom: number, latitude: number, greatestPx: number): ScaleBar {
  const perPixel = metresPerPixel(zoom, latitude);
  const greatest = perPixel * greatestPx;
  const power = 10 ** Math.floor(Math.log10(greatest));
  const lengthM = [5, 2, 1].map((factor) => factor * power).find((length) => length <= greatest) ?? power;
  return { lengthM, widthPx: lengthM / perPixel };
}

/** The zoom at which the map, printed at 96 pixels an inch, has the scale 1 : denominator. */
export function zoomOfScale(denominator: number, latitude: number): number {
  return Math.log2((EQUATOR_M * Math.cos((latitude * Math.PI) / 180) * CSS_PX_PER_M) / (TILE_PX * denominator));
}

/** The scale's denominator at a zoom, printed at 96 pixels an inch. */
export function scaleOfZoom(zoom: number, latitude: number): number {
  return metresPerPixel(zoom, latitude) * CSS_PX_PER_M;
}

/** A length as a scale bar says it. */
export function formatBarLength(lengthM: number): string {
  return lengthM >= 1000 ? `${lengthM / 1000} km` : `${lengthM} m`;
}
