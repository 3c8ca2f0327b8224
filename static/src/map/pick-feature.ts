/** Finds the feature under a point of the map: symbols before lines, lines before areas. */

import type { Map as GlMap, MapGeoJSONFeature, PointLike } from "maplibre-gl";
import type { FeatureKey } from "../lib/map-state";

export interface PickedFeature extends FeatureKey {
  readonly properties: Readonly<Record<string, unknown>>;
}

const TOLERANCE_PX = 5;
const RANK: Readonly<Record<string, number>> = { symbol: 0, line: 1, casing: 1, edge: 2, fill: 3, label: 4 };
const POINTED_AT = new Set([
  "projects",
  "roads",
  "road_segments",
  "bridges",
  "parks",
  "facilities",
  "plan_zones",
  "urban_areas",
  "buildings",
]);

export function pickFeature(map: GlMap, at: { x: number; y: number }, tolerance = TOLERANCE_PX): PickedFeature | null {
  const box: [PointLike, PointLike] = [
    [at.x - tolerance, at.y - tolerance],
    [at.x + tolerance, at.y + tolerance],
  ];
  const found = map
    .queryRenderedFeatures(box)
    .filter((feature) => POINTED_AT.has(layerOf(feature)) && feature.id !== undefined);
  const best = found.sort((one, other) => rank(one) - rank(other))[0];
  return best ? { layer: layerOf(best), id: Number(best.id), properties: best.properties } : null;
}

function layerOf(feature: MapGeoJSONFeature): string {
  return String((feature.layer.metadata as Record<string, unknown> | undefined)?.["petakarya:layer"] ?? "");
}

function rank(feature: MapGeoJSONFeature): number {
  const part = (feature.layer.metadata as Record<string, unknown> | undefined)?.["petakarya:part"];
  return RANK[String(part)] ?? 5;
}
