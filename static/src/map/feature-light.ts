/** Lights features: the one pointed at, and the one selected. A feature may be drawn in two layers of a tile: shape and anchor. */

import type { Map as GlMap, StyleSpecification } from "maplibre-gl";
import type { FeatureKey } from "../lib/map-state";

type Light = "hover" | "selected";

export class FeatureLight {
  private readonly lit: Record<Light, FeatureKey | null> = { hover: null, selected: null };

  constructor(private readonly map: GlMap) {}

  /** Light one feature and put out the one before; null only puts out. */
  set(light: Light, feature: FeatureKey | null): void {
    const before = this.lit[light];
    if (before?.layer === feature?.layer && before?.id === feature?.id) return;
    if (before) this.write(before, light, false);
    this.lit[light] = feature;
    if (feature) this.write(feature, light, true);
  }

  /** Light again after the style has been replaced. */
  again(): void {
    for (const light of ["hover", "selected"] as const) {
      const feature = this.lit[light];
      if (feature) this.write(feature, light, true);
    }
  }

  private write(feature: FeatureKey, light: Light, on: boolean): void {
    for (const [source, sourceLayer] of tileLayers(this.map.getStyle(), feature.layer)) {
      this.map.setFeatureState({ source, sourceLayer, id: feature.id }, { [light]: on });
    }
  }
}

function tileLayers(style: StyleSpecification | undefined, layer: string): [string, string][] {
  const found = new Map<string, [string, string]>();
  for (const one of style?.layers ?? []) {
    const metadata = one.metadata as Record<string, unknown> | undefined;
    if (metadata?.["petakarya:layer"] !== layer || !("source" in one) || !("source-layer" in one)) continue;
    const name = String(one["source-layer"]);
    found.set(name, [String(one.source), name]);
  }
  return [...found.values()];
}
