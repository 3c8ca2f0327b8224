/** The map on the page: starts MapLibre with our style and font, applies rules, and tells what is pointed at and picked. */

import {
  type GeoJSONSource,
  type LayerSpecification,
  Map as GlMap,
  setWorkerUrl,
  type StyleSpecification,
  type VectorTileSource,
} from "maplibre-gl";
import { client, type Theme } from "../api/client";
import type { HomeConfig } from "../lib/home-config";
import type { Camera } from "../lib/map-state";
import { atOrigin, changedLayers, layersOfTiles, type Versions, withVersions } from "../lib/tile-address";
import { FeatureLight } from "./feature-light";
import { layerRules, type Rules } from "./layer-rules";
import { mapImages } from "./map-images";
import { type PickedFeature, pickFeature } from "./pick-feature";

export interface MapChoices {
  /** Pixels at the map's foot that something else covers. */
  readonly covered: () => number;
  readonly camera: Camera | null;
  readonly rules: Promise<Rules>;
  readonly asOf: string | null;
}

/** How a tool draws its shapes: a style layer without id and source. */
export interface ToolLayer {
  readonly type: "fill" | "line" | "circle";
  readonly filter: readonly unknown[];
  readonly paint: Readonly<Record<string, unknown>>;
}

const TOOL_PREFIX = "tool-";
const FIT_PADDING_PX = 24;
const FIT_ZOOM = 15;
const EASE_MS = 600;
const NO_FEATURES = { type: "FeatureCollection" as const, features: [] };

export class MapView {
  readonly light: FeatureLight;
  private rules: Rules;

  private constructor(
    readonly map: GlMap,
    private style: StyleSpecification,
    private theme: Theme,
    private versions: Versions,
    private asOf: string | null,
    private readonly covered: () => number,
    rules: Rules,
  ) {
    this.light = new FeatureLight(map);
    this.rules = rules;
  }

  /** Start the map; it is ready to be used, and draws itself as tiles come. */
  static async start(container: HTMLElement, config: HomeConfig, theme: Theme, choices: MapChoices): Promise<MapView> {
    setWorkerUrl(config.worker);
    const [style, symbols, rules] = await Promise.all([
      client.style(theme, choices.asOf),
      client.symbols(theme),
      choices.rules,
      document.fonts.load(`400 16px "${config.font}"`),
      document.fonts.load(`600 16px "${config.font}"`),
    ]);
    const own = atOwnOrigin(style);
    const map = new GlMap({
      container,
      style: layerRules(own, rules),
      ...place(config, choices),
      attributionControl: false,
      renderWorldCopies: false,
      maxZoom: 20,
      minZoom: 4,
      maxPitch: 0,
      fadeDuration: 150,
      validateStyle: false,
      locale: { "Map.Title": config.texts["map.label"] ?? "" },
    });
    await map.once("style.load");
    await mapImages(map, symbols);
    map.on("styleimagemissing", () => undefined); // classes without symbol name none
    return new MapView(map, own, theme, config.versions, choices.asOf, choices.covered, rules);
  }

  /** Show other layers, classes or projects; only what differs is told to the map. */
  setRules(rules: Rules): void {
    const [before, after] = [layerRules(this.style, this.rules), layerRules(this.style, rules)];
    this.rules = rules;
    after.layers.forEach((layer, index) => this.change(before.layers[index]!, layer));
  }

  /** Ask again for the tiles of layers that were edited. */
  setVersions(versions: Versions): void {
    const changed = new Set(changedLayers(this.versions, versions));
    this.versions = versions;
    if (this.asOf) return;
    for (const [name, source] of Object.entries(this.style.sources)) {
      if (source.type !== "vector" || !source.tiles) continue;
      if (!source.tiles.some((address) => layersOfTiles(address).some((layer) => changed.has(layer)))) continue;
      source.tiles = source.tiles.map((address) => withVersions(address, versions));
      this.map.getSource<VectorTileSource>(name)?.setTiles(source.tiles);
    }
  }

  /** Draw in another theme, or the state recorded by another date. */
  async redraw(theme: Theme, asOf: string | null): Promise<void> {
    if (theme === this.theme && asOf === this.asOf) return;
    const [style, symbols] = await Promise.all([
      client.style(theme, asOf),
      theme === this.theme ? {} : client.symbols(theme),
    ]);
    this.style = atOwnOrigin(style);
    this.theme = theme;
    this.asOf = asOf;
    this.map.setStyle(layerRules(this.style, this.rules), { diff: true, validate: false, transformStyle: keepTools });
    await this.map.once("styledata");
    await mapImages(this.map, symbols);
    this.light.again();
  }

  /** Show the whole region, as the map does when it opens. */
  fitRegion(bounds: readonly [number, number, number, number]): void {
    this.map.fitBounds([...bounds] as [number, number, number, number], {
      padding: paddingAround(FIT_PADDING_PX, this.covered()),
      bearing: 0,
      duration: EASE_MS,
    });
  }

  /** Ease to a box (degrees); a point becomes a neighbourhood. */
  fit(bounds: readonly [number, number, number, number]): void {
    const padding = paddingAround(FIT_PADDING_PX * 2, this.covered());
    this.map.fitBounds([...bounds] as [number, number, number, number], {
      padding,
      maxZoom: FIT_ZOOM,
      duration: EASE_MS,
    });
  }

  camera(): Camera {
    const { lng, lat } = this.map.getCenter();
    return { zoom: this.map.getZoom(), lon: lng, lat, bearing: this.map.getBearing() };
  }

  onPick(listener: (feature: PickedFeature | null, at: { x: number; y: number }) => void): void {
    this.map.on("click", (event) => listener(pickFeature(this.map, event.point), event.point));
    this.map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      const { clientWidth, clientHeight } = this.map.getCanvas();
      const middle = { x: clientWidth / 2, y: clientHeight / 2 };
      listener(pickFeature(this.map, middle, 12), middle);
    });
  }

  onPoint(listener: (feature: PickedFeature | null, at: { x: number; y: number }) => void): void {
    this.map.on("mousemove", (event) => listener(pickFeature(this.map, event.point), event.point));
    this.map.on("mouseout", () => listener(null, { x: 0, y: 0 }));
  }

  /** Whether a limit has cut features from what is seen. */
  isLimited(): boolean {
    const layers = this.style.layers.filter((layer) => layer.id.endsWith("-limited")).map((layer) => layer.id);
    return this.map.queryRenderedFeatures({ layers }).length > 0;
  }

  /** Add a source of a tool's own and the layers that draw it; adding again changes nothing. */
  addTool(name: string, layers: readonly ToolLayer[]): GeoJSONSource {
    const id = TOOL_PREFIX + name;
    if (!this.map.getSource(id)) {
      this.map.addSource(id, { type: "geojson", data: NO_FEATURES });
      layers.forEach((layer, index) =>
        this.map.addLayer({ ...layer, id: `${id}-${index}`, source: id } as unknown as LayerSpecification),
      );
    }
    return this.map.getSource<GeoJSONSource>(id)!;
  }

  /** The date whose record is shown; null for today. */
  shownDate(): string | null {
    return this.asOf;
  }

  /** The style that is drawn now, for a second map beside or below. */
  currentStyle(): StyleSpecification {
    return layerRules(this.style, this.rules);
  }

  private change(before: LayerSpecification, after: LayerSpecification): void {
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    const filterOf = (layer: LayerSpecification): unknown => ("filter" in layer ? layer.filter : undefined);
    if (JSON.stringify(filterOf(before)) !== JSON.stringify(filterOf(after)))
      this.map.setFilter(after.id, (filterOf(after) ?? null) as never, { validate: false });
    this.map.setLayoutProperty(after.id, "visibility", after.layout?.visibility ?? "visible");
    const paints = { ...before.paint, ...after.paint } as Record<string, unknown>;
    for (const property of Object.keys(paints)) {
      const [old, now] = [before.paint, after.paint].map(
        (paint) => (paint as Record<string, unknown> | undefined)?.[property],
      );
      if (JSON.stringify(old) !== JSON.stringify(now))
        this.map.setPaintProperty(after.id, property as never, (now ?? null) as never, { validate: false });
    }
  }
}

function place(config: HomeConfig, { camera, covered }: MapChoices): Record<string, unknown> {
  if (camera) return { center: [camera.lon, camera.lat], zoom: camera.zoom, bearing: camera.bearing };
  return { bounds: config.bounds, fitBoundsOptions: { padding: paddingAround(FIT_PADDING_PX, covered()) } };
}

function paddingAround(around: number, below: number): { top: number; right: number; bottom: number; left: number } {
  return { top: around, right: around, bottom: around + below, left: around };
}

function atOwnOrigin(style: StyleSpecification): StyleSpecification {
  for (const source of Object.values(style.sources)) {
    if (source.type === "vector" && source.tiles)
      source.tiles = source.tiles.map((address) => atOrigin(address, window.location.origin));
  }
  return style;
}

function keepTools(previous: StyleSpecification | undefined, next: StyleSpecification): StyleSpecification {
  const sources = Object.entries(previous?.sources ?? {}).filter(([name]) => name.startsWith(TOOL_PREFIX));
  const layers = (previous?.layers ?? []).filter((layer) => layer.id.startsWith(TOOL_PREFIX));
  return { ...next, sources: { ...next.sources, ...Object.fromEntries(sources) }, layers: [...next.layers, ...layers] };
}
