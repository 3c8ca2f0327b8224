import assert from "node:assert/strict";
import test from "node:test";
import type { StyleSpecification } from "maplibre-gl";
import { layerRules, type Rules } from "./layer-rules";

const about = (layer: string, extra: object = {}): object => ({ metadata: { "petakarya:layer": layer, ...extra } });
const STYLE = {
  version: 8,
  sources: {},
  layers: [
    { id: "ground", type: "background" },
    {
      id: "roads-line",
      type: "line",
      source: "works",
      filter: ["==", ["geometry-type"], "LineString"],
      ...about("roads", { "petakarya:class": ["get", "condition"] }),
    },
    { id: "projects-symbol", type: "symbol", source: "works", ...about("projects") },
    {
      id: "segments-line",
      type: "line",
      source: "segments",
      paint: { "line-opacity": 0.5 },
      ...about("segments", { "petakarya:year_field": "survey_year" }),
    },
    {
      id: "raster_dem",
      type: "raster",
      source: "raster_dem",
      paint: { "raster-opacity": 0.8 },
      ...about("raster_dem"),
    },
    { id: "segments-limited", type: "line", source: "segments", ...about("limited") },
  ],
} as unknown as StyleSpecification;
const RULES: Rules = { visible: { roads: true, projects: true }, hidden: {}, opacity: {}, projects: null, years: {} };

const layerOf = (rules: Rules, id: string): Record<string, unknown> =>
  layerRules(STYLE, rules).layers.find((layer) => layer.id === id) as unknown as Record<string, unknown>;

test("a source that is off asks for no tiles, not even for its sign of limits", () => {
  assert.deepEqual(layerOf(RULES, "segments-line").layout, { visibility: "none" });
  assert.deepEqual(layerOf(RULES, "segments-limited").layout, { visibility: "none" });
  assert.deepEqual(layerOf({ ...RULES, visible: { segments: true } }, "segments-limited").layout, {
    visibility: "visible",
  });
});

test("hidden classes add to the layer's own filter", () => {
  assert.deepEqual(layerOf({ ...RULES, hidden: { roads: ["good"] } }, "roads-line").filter, [
    "all",
    ["==", ["geometry-type"], "LineString"],
    ["!", ["in", ["get", "condition"], ["literal", ["good"]]]],
  ]);
});

test("the list's filter is the projects' alone", () => {
  const rules = { ...RULES, projects: ["in", ["get", "stage"], ["literal", ["late"]]] };
  assert.deepEqual(layerOf(rules, "projects-symbol").filter, rules.projects);
  assert.deepEqual(layerOf(rules, "roads-line").filter, ["==", ["geometry-type"], "LineString"]);
});

test("opacity multiplies the layer's own", () => {
  assert.deepEqual(layerOf({ ...RULES, opacity: { segments: 50 } }, "segments-line").paint, { "line-opacity": 0.25 });
});

test("of several surveys one year is shown", () => {
  assert.deepEqual(layerOf({ ...RULES, years: { segments: 2026 } }, "segments-line").filter, [
    "==",
    ["get", "survey_year"],
    2026,
  ]);
});

test("the style itself stays as it was", () => {
  const before = JSON.stringify(STYLE);
  layerRules(STYLE, { ...RULES, opacity: { segments: 10 }, hidden: { roads: ["good"] } });
  assert.equal(JSON.stringify(STYLE), before);
});

test("a raster is switched and faded like any layer, and never filtered", () => {
  assert.deepEqual(layerOf(RULES, "raster_dem").layout, { visibility: "none" });
  const shown = layerOf({ ...RULES, visible: { raster_dem: true }, opacity: { raster_dem: 50 } }, "raster_dem");
  assert.deepEqual(shown.layout, { visibility: "visible" });
  assert.deepEqual(shown.paint, { "raster-opacity": 0.4 });
  assert.equal("filter" in shown, false);
});
