/** The map with everything that lies on it: legend, tools, scale, popup; it knows nothing of the list. */

import { Marker, Popup } from "maplibre-gl";
import { client, type LegendLayer, type Theme } from "../api/client";
import { element } from "../dom/element";
import type { HomeConfig } from "../lib/home-config";
import { fillText } from "../lib/fill-text";
import { circleAround } from "../lib/geodesy";
import type { Expression } from "../lib/map-filter";
import type { FeatureKey, MapState } from "../lib/map-state";
import type { Versions } from "../lib/tile-address";
import { LayerPanel } from "../map/layer-panel";
import { locateTool } from "../map/locate-tool";
import { MapView } from "../map/map-view";
import { MeasureTool } from "../map/measure-tool";
import type { PickedFeature } from "../map/pick-feature";
import { PrintTool } from "../map/print-tool";
import { scaleLine } from "../map/scale-line";
import { SwipeTool } from "../map/swipe-tool";
import { ToolBar } from "../map/tool-bar";
import type { Near } from "./near-me";
import type { Notices } from "./notices";

export interface StageOptions {
  readonly covered: () => number;
  readonly theme: Theme;
  readonly state: MapState;
  readonly asOf: string | null;
  readonly projects: Expression | null;
}

export interface StageEvents {
  change(state: MapState): void;
  pick(feature: FeatureKey | null): void;
  point(feature: FeatureKey | null): void;
  moved(): void;
  /** The legend shows only these stages of projects; null shows all. */
  hideStages(shown: readonly string[] | null): void;
}

type Box = readonly [number, number, number, number];
const NAME_FIELDS = ["name", "zone_name", "road_code"];

export class MapStage {
  private near = ""; // the circle that is drawn
  private readonly panel: LayerPanel;
  private readonly tools: ToolBar;
  private readonly popup = new Popup({
    closeButton: false,
    closeOnClick: false,
    className: "hover-popup",
    offset: 14,
    maxWidth: "280px",
  });
  private marker: Marker | null = null;
  private years: Record<string, number> = {};

  private constructor(
    private readonly view: MapView,
    private readonly config: HomeConfig,
    private readonly notices: Notices,
    private legend: readonly LegendLayer[],
    private theme: Theme,
    private state: MapState,
    private projects: Expression | null,
    private readonly events: StageEvents,
  ) {
    this.panel = new LayerPanel(config.texts, {
      switchLayer: (layer, on) => this.switchLayer(layer, on),
      hideClasses: (layer, codes) => this.hideClasses(layer, codes),
      setOpacity: (layer, percent) =>
        this.change({ ...this.state, opacity: { ...this.state.opacity, [layer]: percent } }),
    });
    this.tools = new ToolBar(config.texts, config.texts["map.tools"] ?? "");
  }

  static async start(
    area: HTMLElement,
    config: HomeConfig,
    notices: Notices,
    options: StageOptions,
    events: StageEvents,
  ): Promise<MapStage> {
    const container = element("div", { class: "map", id: "map" });
    area.prepend(container);
    const asked = client.legend(options.theme); // beside the style, not after it
    const rules = asked.then((legend) => rulesOf(legend, options.state, options.projects, {}));
    const view = await MapView.start(container, config, options.theme, {
      camera: options.state.camera,
      rules,
      asOf: options.asOf,
      covered: options.covered,
    });
    const stage = new MapStage(
      view,
      config,
      notices,
      await asked,
      options.theme,
      options.state,
      options.projects,
      events,
    );
    stage.furnish(area);
    stage.listen();
    stage.chooseYears();
    view.map.once("idle", () => area.classList.add("map-drawn"));
    return stage;
  }

  // What the page tells the map

  setProjects(projects: Expression | null, stages: readonly string[]): void {
    this.projects = projects;
    const codes = this.legend.find((layer) => layer.layer === "projects")?.classes.map((one) => one.code ?? "") ?? [];
    this.state = {
      ...this.state,
      hidden: { ...this.state.hidden, projects: stages.length ? codes.filter((code) => !stages.includes(code)) : [] },
    };
    this.apply();
  }

  setState(state: MapState, hadCamera: boolean): void {
    this.state = { ...state, hidden: { ...state.hidden, projects: this.state.hidden.projects ?? [] } };
    const { camera } = state;
    if (camera) this.view.map.easeTo({ center: [camera.lon, camera.lat], zoom: camera.zoom, bearing: camera.bearing });
    else if (hadCamera) this.view.fitRegion(this.config.bounds);
    this.apply();
    this.chooseYears();
  }

  setVersions(versions: Versions): void {
    this.view.setVersions(versions);
    this.years = {}; // a newer survey may have come
    this.chooseYears();
  }

  async redraw(theme: Theme, asOf: string | null): Promise<void> {
    if (theme !== this.theme) {
      this.theme = theme;
      this.legend = await client.legend(theme);
      this.apply();
    }
    await this.view.redraw(theme, asOf);
  }

  point(feature: FeatureKey | null): void {
    this.view.light.set("hover", feature);
  }

  select(feature: FeatureKey | null): void {
    this.view.light.set("selected", feature);
    if (feature) this.popup.remove();
  }

  /** Ease to a box unless it is in sight already. */
  show(box: Box): void {
    const seen = this.view.map.getBounds();
    const inside = seen.contains([box[0], box[1]]) && seen.contains([box[2], box[3]]);
    if (!inside || this.view.map.getZoom() < 10) this.view.fit(box);
  }

  fit(box: Box): void {
    this.view.fit(box);
  }

  pin(point: readonly [number, number], label: string): void {
    this.marker?.remove();
    const sign = element("div", { class: "pin", role: "img", "aria-label": label });
    this.marker = new Marker({ element: sign, anchor: "bottom" }).setLngLat([point[0], point[1]]).addTo(this.view.map);
  }

  /** Draw how far around a position is looked, and go there when it is another than before. */
  showNear(near: Near | null, fit: boolean): void {
    const said = near ? `${near.point} ${near.radiusM}` : "";
    if (said === this.near) return;
    this.near = said;
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--ink").trim();
    const ring = near ? circleAround(near.point, near.radiusM) : [];
    const line = { "line-color": colour, "line-width": 1.5, "line-dasharray": [4, 3] };
    this.view.addTool("near", [{ type: "line", filter: ["==", ["geometry-type"], "Polygon"], paint: line }]).setData({
      type: "FeatureCollection",
      features: near
        ? [
            {
              type: "Feature",
              properties: {},
              geometry: { type: "Polygon", coordinates: [ring.map((corner) => [...corner])] },
            },
          ]
        : [],
    });
    if (!near || !fit) return;
    const lons = ring.map((corner) => corner[0]);
    const lats = ring.map((corner) => corner[1]);
    this.view.fit([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]);
  }

  /** What is in sight, in degrees. */
  box(): Box {
    const seen = this.view.map.getBounds();
    return [seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()];
  }

  // What lies on the map

  private furnish(area: HTMLElement): void {
    const { texts, language, region } = this.config;
    const { map } = this.view;
    const upper = element("div", { class: "map-upper" }, this.panel.root);
    const source = element("p", { class: "map-source" }, fillText(texts["map.source"] ?? "", { region }));
    const lower = element("div", { class: "map-lower" }, scaleLine(map, language, texts), source);
    this.tools.add("plus", "map.zoom_in", () => map.zoomIn());
    this.tools.add("minus", "map.zoom_out", () => map.zoomOut());
    this.addCompass();
    this.tools.add("whole", "map.whole", () => this.view.fitRegion(this.config.bounds));
    if ("geolocation" in navigator)
      this.tools.addFirst(
        "locate",
        "map.locate",
        () => void locateTool(this.view, texts, (sentence) => this.notices.say("locate", sentence, { seconds: 8 })),
      );
    this.tools.addTool("measure", "measure.title", () => new MeasureTool(this.view, language, texts));
    this.tools.addTool(
      "compare",
      "swipe.title",
      () => new SwipeTool(this.view, this.config, () => this.theme, this.legend),
    );
    this.tools.addTool(
      "print",
      "print.title",
      () => new PrintTool(this.view, this.config, (layer, code) => this.isPrinted(layer, code)),
    );
    if (document.fullscreenEnabled) this.tools.add("full", "map.full_screen", () => void toggleFullScreen(area));
    this.tools.addMore("map.more_tools");
    area.append(upper, this.tools.root, lower);
    this.renderPanel();
  }

  private addCompass(): void {
    const { map } = this.view;
    const button = this.tools.add("north", "map.north", () => map.resetNorth());
    const turn = (): void => {
      button.hidden = Math.abs(map.getBearing()) < 0.5;
      button.style.setProperty("--bearing", `${-map.getBearing()}deg`);
    };
    button.classList.add("compass");
    map.on("rotate", turn);
    turn();
  }

  private listen(): void {
    const { map } = this.view;
    let zoom = Math.floor(map.getZoom());
    map.on("moveend", () => {
      this.change({ ...this.state, camera: this.view.camera() });
      if (Math.floor(map.getZoom()) !== zoom) this.renderPanel();
      zoom = Math.floor(map.getZoom());
      this.events.moved();
    });
    map.on("idle", () => {
      if (this.view.isLimited()) this.notices.say("limited", this.config.texts["map.limited"]);
      else this.notices.withdraw("limited");
    });
    map.on("error", () =>
      this.notices.say("tiles", this.config.texts["map.tiles_failed"], {
        seconds: 10,
        action: { label: this.config.texts["map.retry"] ?? "", act: () => map.triggerRepaint() },
      }),
    );
    this.view.onPick((feature) => {
      if (!this.tools.isBusy()) this.events.pick(feature);
    });
    if (matchMedia("(hover: hover)").matches) this.view.onPoint((feature, at) => this.onPoint(feature, at));
  }

  private onPoint(feature: PickedFeature | null, at: { x: number; y: number }): void {
    const shown = this.tools.isBusy() ? null : feature;
    this.view.map.getCanvas().style.cursor = shown ? "pointer" : "";
    this.view.light.set("hover", shown);
    this.events.point(shown);
    if (!shown) return void this.popup.remove();
    this.popup
      .setLngLat(this.view.map.unproject([at.x, at.y]))
      .setDOMContent(this.popupContent(shown))
      .addTo(this.view.map);
  }

  private popupContent(feature: PickedFeature): HTMLElement {
    const layer = this.legend.find((one) => one.layer === feature.layer);
    const name = NAME_FIELDS.map((field) => feature.properties[field]).find(Boolean) ?? layer?.title ?? "";
    const code = layer?.field ? (feature.properties[layer.field] ?? layer.missing) : null;
    const label = layer?.classes.find((one) => one.code === code && one.code !== null)?.label;
    return element(
      "div",
      {},
      element("strong", {}, String(name)),
      element("span", {}, [layer?.title, label].filter(Boolean).join(" · ")),
    );
  }

  // The legend

  private isOn(layer: string): boolean {
    return this.state.switched[layer] ?? this.legend.find((one) => one.layer === layer)?.visible ?? false;
  }

  /** Whether a class is on the map; the base needs no legend on paper. */
  private isPrinted(layer: string, code: string | null): boolean {
    const isBase = this.legend.find((one) => one.layer === layer)?.group === "base";
    return !isBase && this.isOn(layer) && !(this.state.hidden[layer] ?? []).includes(code ?? "");
  }

  private switchLayer(layer: string, on: boolean): void {
    const usual = this.legend.find((one) => one.layer === layer)?.visible;
    const switched = { ...this.state.switched, [layer]: on };
    if (on === usual) delete switched[layer];
    this.change({ ...this.state, switched });
    if (on) void this.chooseYear(layer);
  }

  private hideClasses(layer: string, codes: readonly string[]): void {
    if (layer !== "projects") return this.change({ ...this.state, hidden: { ...this.state.hidden, [layer]: codes } });
    const all = this.legend.find((one) => one.layer === layer)?.classes.map((one) => one.code ?? "") ?? [];
    const shown = all.filter((code) => !codes.includes(code));
    if (shown.length === 0) this.switchLayer("projects", false);
    else this.events.hideStages(codes.length ? shown : null);
  }

  private chooseYears(): void {
    for (const { layer } of this.legend) if (this.isOn(layer)) void this.chooseYear(layer);
  }

  /** A layer of several surveys shows the newest. */
  private async chooseYear(layer: string): Promise<void> {
    if (!this.legend.find((one) => one.layer === layer)?.year_field || this.years[layer]) return;
    const newest = (await client.years(layer))[0];
    if (newest === undefined) return;
    this.years = { ...this.years, [layer]: newest };
    this.apply();
  }

  private change(state: MapState): void {
    this.state = state;
    this.apply();
    this.events.change({ ...state, hidden: { ...state.hidden, projects: [] } });
  }

  private apply(): void {
    this.view.setRules(rulesOf(this.legend, this.state, this.projects, this.years));
    this.renderPanel();
  }

  private renderPanel(): void {
    this.panel.render(this.legend, this.state, this.view.map.getZoom());
  }
}

function rulesOf(
  legend: readonly LegendLayer[],
  state: MapState,
  projects: Expression | null,
  years: Readonly<Record<string, number>>,
): Parameters<MapView["setRules"]>[0] {
  return {
    visible: Object.fromEntries(legend.map((layer) => [layer.layer, state.switched[layer.layer] ?? layer.visible])),
    hidden: { ...state.hidden, projects: [] },
    opacity: state.opacity,
    projects,
    years,
  };
}

async function toggleFullScreen(area: HTMLElement): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await area.requestFullscreen();
}
