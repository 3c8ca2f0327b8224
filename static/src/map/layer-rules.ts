/** Applies what the legend and the list say to the style: which layers are on, which classes, how strong, which projects. */

import type { FilterSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import { allOf, classFilter, type Expression } from "../lib/map-filter";

export interface Rules {
  readonly visible: Readonly<Record<string, boolean>>;
  readonly hidden: Readonly<Record<string, readonly string[]>>;
  /** Percent by layer. */
  readonly opacity: Readonly<Record<string, number>>;
  /** Filter of the projects, from the list. */
  readonly projects: Expression | null;
  /** Year shown, by layer that has several surveys. */
  readonly years: Readonly<Record<string, number>>;
}

type Metadata = Readonly<Record<string, unknown>> | undefined;
const OPACITY: Readonly<Record<string, readonly string[]>> = {
  fill: ["fill-opacity"],
  line: ["line-opacity"],
  symbol: ["icon-opacity", "text-opacity"],
  circle: ["circle-opacity", "circle-stroke-opacity"],
  raster: ["raster-opacity"],
};
const NEVER_FADED = new Set(["halo"]);

/** A copy of the style as the server made it, with the rules applied; the same style and rules give the same result. */
export function layerRules(style: StyleSpecification, rules: Rules): StyleSpecification {
  const seen = sourcesSeen(style, rules);
  return {
    ...style,
    layers: style.layers.map((layer) =>
      isLimitSign(layer) ? showIf(layer, seen.has(sourceOf(layer))) : apply(layer, rules),
    ),
  };
}

/** Sources of which something is on: of the others no tile is asked for. */
function sourcesSeen(style: StyleSpecification, rules: Rules): ReadonlySet<string> {
  return new Set(style.layers.filter((layer) => rules.visible[layerOf(layer)]).map(sourceOf));
}

function isLimitSign(layer: LayerSpecification): boolean {
  return layerOf(layer) === "limited";
}

function showIf(layer: LayerSpecification, on: boolean): LayerSpecification {
  return { ...layer, layout: { ...layer.layout, visibility: on ? "visible" : "none" } } as LayerSpecification;
}

function layerOf(layer: LayerSpecification): string {
  return String((layer.metadata as Metadata)?.["petakarya:layer"] ?? "");
}

function sourceOf(layer: LayerSpecification): string {
  return "source" in layer ? String(layer.source) : "";
}

function apply(layer: LayerSpecification, rules: Rules): LayerSpecification {
  const metadata = layer.metadata as Metadata;
  const id = metadata?.["petakarya:layer"];
  if (typeof id !== "string" || id === "ground") return layer;
  const copy = structuredClone(layer) as LayerSpecification & {
    filter?: FilterSpecification;
    paint?: Record<string, unknown>;
  };
  copy.layout = { ...copy.layout, visibility: rules.visible[id] ? "visible" : "none" } as never;
  const yearField = metadata?.["petakarya:year_field"];
  const filter = allOf([
    copy.filter as Expression | undefined,
    classFilter((metadata?.["petakarya:class"] ?? ["literal", ""]) as Expression, rules.hidden[id] ?? []),
    id === "projects" ? rules.projects : null,
    typeof yearField === "string" && rules.years[id] ? ["==", ["get", yearField], rules.years[id]] : null,
  ]);
  if (filter) copy.filter = filter as FilterSpecification;
  const percent = rules.opacity[id] ?? 100;
  if (percent < 100 && !NEVER_FADED.has(String(metadata?.["petakarya:part"]))) fade(copy, percent / 100);
  return copy;
}

function fade(layer: { type: string; paint?: Record<string, unknown> }, share: number): void {
  for (const property of OPACITY[layer.type] ?? []) {
    const own = layer.paint?.[property] ?? 1;
    layer.paint = { ...layer.paint, [property]: typeof own === "number" ? own * share : ["*", own, share] };
  }
}
