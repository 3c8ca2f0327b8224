/** The map on which places are drawn: clicks become shapes, the server lays them on the ruas, the form sends them. */

import type { GeoJSONSource, MapMouseEvent } from "maplibre-gl";
import { client, type Theme } from "../api/client";
import { element } from "../dom/element";
import { loadStyles } from "../home/load-styles";
import { fillText } from "../lib/fill-text";
import { formatLength } from "../lib/format-measure";
import type { HomeConfig } from "../lib/home-config";
import { MapView, type ToolLayer } from "../map/map-view";
import {
  type Drawing,
  drawingOf,
  canFinish,
  fieldOf,
  finished,
  type Shape,
  sketchOf,
  undone,
  withPoint,
  withShape,
} from "./drawing";
import { type Answer, askPreview, type KeptPlace } from "../api/locations-client";

export interface LocationsConfig extends HomeConfig {
  readonly preview: string;
  readonly kind: string;
  readonly box: readonly [number, number, number, number] | null;
  readonly places: Readonly<Record<string, readonly KeptPlace[]>>;
  readonly words: Readonly<Record<string, string>>;
}

const SHAPES: readonly Shape[] = ["line", "point", "polygon"];
const KIND_COLOURS: Readonly<Record<string, string>> = {
  planned: "--quiet-ink",
  contracted: "--accent",
  built: "--ink",
};

export class DrawPage {
  private drawing: Drawing;
  private asked = 0;
  private readonly list = element("ul", { class: "draw-list", "aria-live": "polite" });
  private readonly finishButton: HTMLButtonElement;
  private readonly field: HTMLInputElement;
  private readonly snap: HTMLInputElement;

  private constructor(
    private readonly view: MapView,
    private readonly config: LocationsConfig,
    private readonly form: HTMLFormElement,
  ) {
    this.field = form.elements.namedItem("drawn") as HTMLInputElement;
    this.snap = form.elements.namedItem("snap") as HTMLInputElement;
    this.drawing = drawingOf(this.field.value);
    this.finishButton = this.button("finish", () => this.set(finished(this.drawing)));
  }

  static async start(area: HTMLElement, form: HTMLFormElement, config: LocationsConfig): Promise<DrawPage> {
    await loadStyles(config.mapStyles);
    const container = element("div", { class: "map" });
    const theme: Theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const legend = await client.legend(theme);
    area.replaceChildren(container);
    const view = await MapView.start(container, config, theme, {
      camera: null,
      asOf: null,
      covered: () => 0,
      rules: Promise.resolve({
        visible: Object.fromEntries(
          legend.map((layer) => [
            layer.layer,
            layer.layer !== "projects" && (layer.visible || layer.layer === "roads"),
          ]),
        ),
        hidden: {},
        opacity: {},
        projects: null,
        years: {},
      }),
    });
    const page = new DrawPage(view, config, form);
    area.append(page.panel());
    page.listen();
    page.showRecorded();
    page.set(page.drawing);
    if (config.box) view.fit(config.box);
    view.map.once("idle", () => area.classList.add("map-drawn"));
    return page;
  }

  private panel(): HTMLElement {
    const { words } = this.config;
    const choices = SHAPES.map((shape) =>
      element(
        "label",
        {},
        element("input", {
          type: "radio",
          name: "draw-shape",
          value: shape,
          checked: shape === this.drawing.shape,
          change: () => this.set(withShape(this.drawing, shape)),
        }),
        words[shape],
      ),
    );
    return element(
      "div",
      { class: "draw-panel" },
      element("p", { class: "quiet" }, words["help"]),
      element("div", { class: "draw-shapes", role: "radiogroup", "aria-label": words["shape"] }, ...choices),
      element(
        "div",
        { class: "draw-buttons" },
        this.button("add_centre", () => this.addCentre()),
        this.button("undo", () => this.set(undone(this.drawing))),
        this.finishButton,
        this.button("clear", () => this.set({ ...this.drawing, done: [], points: [] })),
      ),
      element("p", {}, element("strong", {}, words["drawn"])),
      this.list,
    );
  }

  private button(word: string, act: () => void): HTMLButtonElement {
    return element("button", { type: "button", class: "button button-quiet", click: act }, this.config.words[word]);
  }

  private listen(): void {
    this.view.map.on("click", (event: MapMouseEvent) =>
      this.set(withPoint(this.drawing, [event.lngLat.lng, event.lngLat.lat])),
    );
    this.view.map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.addCentre();
      if (event.key === "Backspace") this.set(undone(this.drawing));
    });
    this.view.map.getCanvas().classList.add("measuring");
    this.snap.addEventListener("change", () => void this.ask());
    this.form.addEventListener("change", (event) => {
      if ((event.target as HTMLInputElement).name === "keep") void this.ask();
    });
  }

  private addCentre(): void {
    const { lng, lat } = this.view.map.getCenter();
    this.set(withPoint(this.drawing, [lng, lat]));
  }

  private set(drawing: Drawing): void {
    const changed = drawing.done !== this.drawing.done || this.asked === 0;
    this.drawing = drawing;
    this.field.value = fieldOf(drawing);
    this.finishButton.disabled = drawing.shape === "point" || !canFinish(drawing);
    this.source("sketch", "--accent", [2, 1]).setData(collection([...drawing.done, ...sketchOf(drawing)]));
    if (changed) void this.ask();
  }

  /** Ask how it would be kept; only the answer to the latest question counts. */
  private async ask(): Promise<void> {
    const { done } = this.drawing;
    const turn = ++this.asked;
    if (!done.length) return this.tell([this.config.words["nothing"] ?? ""], []);
    this.tell([this.config.words["asking"] ?? ""], []);
    const keep = [...this.form.querySelectorAll<HTMLInputElement>('input[name="keep"]:checked')].map((box) =>
      Number(box.value),
    );
    const places = done.map((geometry) => ({ geometry, snap: this.snap.checked }));
    const answer = await askPreview(this.config.preview, { kind: this.config.kind, keep, places });
    if (turn === this.asked) this.show(answer);
  }

  private show(answer: Answer): void {
    if ("failed" in answer) return this.tell([], [this.config.words["failed"] ?? ""]);
    if ("errors" in answer) return this.tell([], Object.values(answer.errors));
    const { preview } = answer;
    const made = (preview.places[this.config.kind] ?? []).filter((place) => place.id === null);
    const far = preview.distances.filter((one) => one.exceeds).map((one) => one.sentence);
    this.tell(
      made.map((place) => this.described(place)),
      far,
      made.map((place) => place.geometry),
    );
  }

  private tell(lines: readonly string[], wrong: readonly string[], kept: readonly GeoJSON.Geometry[] = []): void {
    this.source("snapped", "--accent").setData(collection(kept));
    this.list.replaceChildren(
      ...lines.map((line) => element("li", {}, line)),
      ...wrong.map((line) => element("li", { class: "field-error" }, line)),
    );
  }

  private described(place: KeptPlace): string {
    const { words, language } = this.config;
    const length = formatLength(place.length_m, language);
    if (place.road_code)
      return fillText(words["on_road"] ?? "", {
        road: place.road_code,
        start: place.start ?? "",
        end: place.end ?? "",
        length,
      });
    const shape = { Point: "point", LineString: "line", Polygon: "polygon" }[place.geometry.type as string];
    return fillText(words["free"] ?? "", { shape: words[shape ?? "line"] ?? "", length });
  }

  private showRecorded(): void {
    for (const [kind, colour] of Object.entries(KIND_COLOURS))
      this.source(kind, colour).setData(collection((this.config.places[kind] ?? []).map((place) => place.geometry)));
  }

  private source(name: string, token: string, dashes?: readonly number[]): GeoJSONSource {
    return this.view.addTool(name, layersIn(colourOf(token), dashes));
  }
}

function layersIn(colour: string, dashes?: readonly number[]): readonly ToolLayer[] {
  const line = { "line-color": colour, "line-width": dashes ? 2.5 : 4, ...(dashes && { "line-dasharray": dashes }) };
  const ofType = (...types: readonly string[]) => ["in", ["geometry-type"], ["literal", types]];
  return [
    {
      type: "fill",
      filter: ofType("Polygon", "MultiPolygon"),
      paint: { "fill-color": colour, "fill-opacity": 0.15 },
    },
    { type: "line", filter: ["!", ofType("Point", "MultiPoint")], paint: line },
    {
      type: "circle",
      filter: ofType("Point", "MultiPoint"),
      paint: {
        "circle-radius": 6,
        "circle-color": "#ffffff",
        "circle-stroke-color": colour,
        "circle-stroke-width": 3,
      },
    },
  ];
}

function colourOf(token: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(token).trim();
}

function collection(geometries: readonly GeoJSON.Geometry[]): GeoJSON.FeatureCollection {
  return {
    type: "FeatureCollection",
    features: geometries.map((geometry) => ({ type: "Feature", properties: {}, geometry })),
  };
}
