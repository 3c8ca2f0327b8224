/** Measures length and area on the ellipsoid: points by click, or by a button at the middle of the map. */

import type { MapMouseEvent } from "maplibre-gl";
import { element } from "../dom/element";
import { areaM2, lengthM, type Position } from "../lib/geodesy";
import { formatArea, formatLength } from "../lib/format-measure";
import type { MapView } from "./map-view";
import type { Tool } from "./tool-bar";

export class MeasureTool implements Tool {
  readonly panel: HTMLElement;
  private readonly lengthOutput = element("output", {});
  private readonly areaOutput = element("output", {});
  private points: Position[] = [];
  private readonly onClick = (event: MapMouseEvent): void => this.add([event.lngLat.lng, event.lngLat.lat]);
  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key === "Backspace" && !(event.target instanceof HTMLInputElement)) this.undo();
  };

  constructor(
    private readonly view: MapView,
    private readonly language: string,
    texts: Readonly<Record<string, string>>,
  ) {
    const button = (text: string, act: () => void): HTMLElement =>
      element("button", { type: "button", class: "button button-quiet", click: act }, texts[text]);
    this.panel = element(
      "div",
      { class: "tool-body" },
      element("p", { class: "quiet" }, texts["measure.help"]),
      element(
        "dl",
        { class: "measured", "aria-live": "polite" },
        element("div", {}, element("dt", {}, texts["measure.length"]), element("dd", {}, this.lengthOutput)),
        element("div", {}, element("dt", {}, texts["measure.area"]), element("dd", {}, this.areaOutput)),
      ),
      element(
        "p",
        { class: "tool-actions" },
        button("measure.add_centre", () => this.addCentre()),
        button("measure.undo", () => this.undo()),
        button("measure.clear", () => this.clear()),
      ),
    );
  }

  open(): void {
    this.view.map.on("click", this.onClick);
    document.addEventListener("keydown", this.onKey);
    this.view.map.getCanvas().classList.add("measuring");
    this.show();
  }

  close(): void {
    this.view.map.off("click", this.onClick);
    document.removeEventListener("keydown", this.onKey);
    this.view.map.getCanvas().classList.remove("measuring");
    this.clear();
  }

  private add(point: Position): void {
    this.points = [...this.points, point];
    this.show();
  }

  private addCentre(): void {
    const { lng, lat } = this.view.map.getCenter();
    this.add([lng, lat]);
  }

  private undo(): void {
    this.points = this.points.slice(0, -1);
    this.show();
  }

  private clear(): void {
    this.points = [];
    this.show();
  }

  private show(): void {
    this.lengthOutput.textContent = formatLength(lengthM(this.points), this.language);
    this.areaOutput.textContent = formatArea(areaM2(this.points), this.language);
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();
    const source = this.view.addTool("measure", [
      {
        type: "fill",
        filter: ["==", ["geometry-type"], "Polygon"],
        paint: { "fill-color": colour, "fill-opacity": 0.12 },
      },
      {
        type: "line",
        filter: ["==", ["geometry-type"], "LineString"],
        paint: { "line-color": colour, "line-width": 2.5, "line-dasharray": [2, 1] },
      },
      {
        type: "circle",
        filter: ["==", ["geometry-type"], "Point"],
        paint: {
          "circle-radius": 5,
          "circle-color": "#ffffff",
          "circle-stroke-color": colour,
          "circle-stroke-width": 2,
        },
      },
    ]);
    source.setData({ type: "FeatureCollection", features: shapesOf(this.points) });
  }
}

function shapesOf(points: readonly Position[]): GeoJSON.Feature[] {
  const positions = points.map((point) => [...point]);
  const shapes: GeoJSON.Geometry[] = positions.map((coordinates) => ({ type: "Point", coordinates }));
  if (points.length >= 2) shapes.unshift({ type: "LineString", coordinates: positions });
  if (points.length >= 3) shapes.unshift({ type: "Polygon", coordinates: [[...positions, positions[0]!]] });
  return shapes.map((geometry) => ({ type: "Feature", properties: {}, geometry }));
}
