/** Prints the map to scale on A4: a second map of the paper's size becomes a picture, with legend, scale bar, north and date. */

import { Map as GlMap } from "maplibre-gl";
import { client, type LegendLayer } from "../api/client";
import { element } from "../dom/element";
import { parseSvg } from "../dom/parse-svg";
import type { HomeConfig } from "../lib/home-config";
import { fillText } from "../lib/fill-text";
import { formatBarLength, scaleBar, scaleOfZoom, zoomOfScale } from "../lib/scale";
import { mapImages } from "./map-images";
import type { MapView } from "./map-view";
import type { Tool } from "./tool-bar";

const SCALES = [2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000];
const PX_PER_MM = 96 / 25.4;
const PAPER_MM = { landscape: [277, 146], portrait: [190, 205] } as const; // the map on A4 with margins, heading and legend
const RATIO = 2;
const PATIENCE_MS = 20_000;

type Orientation = keyof typeof PAPER_MM;

export class PrintTool implements Tool {
  readonly panel: HTMLElement;
  private readonly scale: HTMLSelectElement;
  private readonly orientation: HTMLSelectElement;
  private readonly heading: HTMLInputElement;
  private readonly status = element("p", { class: "quiet", role: "status" });

  constructor(
    private readonly view: MapView,
    private readonly config: HomeConfig,
    private readonly isShown: (layer: string, code: string | null) => boolean,
  ) {
    const text = (name: string): string => config.texts[name] ?? "";
    const number = new Intl.NumberFormat(config.language);
    this.scale = element(
      "select",
      {},
      ...SCALES.map((scale) => element("option", { value: scale }, `1 : ${number.format(scale)}`)),
    );
    this.orientation = element(
      "select",
      {},
      element("option", { value: "landscape" }, text("print.landscape")),
      element("option", { value: "portrait" }, text("print.portrait")),
    );
    this.heading = element("input", { type: "text", value: config.region, maxlength: 120 });
    const field = (label: string, input: HTMLElement): HTMLElement =>
      element("label", { class: "field" }, element("span", {}, text(label)), input);
    const go = element("button", { type: "submit", class: "button" }, text("print.go"));
    this.panel = element(
      "form",
      {
        class: "tool-body",
        submit: (event) => {
          event.preventDefault();
          void this.print();
        },
      },
      field("print.heading", this.heading),
      field("print.scale", this.scale),
      field("print.orientation", this.orientation),
      go,
      this.status,
    );
  }

  /** Offer the scale nearest to the one on the screen. */
  open(): void {
    const now = scaleOfZoom(this.view.map.getZoom(), this.view.map.getCenter().lat);
    const nearest = SCALES.reduce((best, scale) =>
      Math.abs(Math.log(scale / now)) < Math.abs(Math.log(best / now)) ? scale : best,
    );
    this.scale.value = String(nearest);
    this.status.textContent = "";
  }

  close(): void {
    document.getElementById("print-sheet")?.remove();
  }

  private async print(): Promise<void> {
    this.status.textContent = this.config.texts["print.working"] ?? "";
    const orientation = this.orientation.value as Orientation;
    const picture = await this.draw(orientation, Number(this.scale.value));
    this.close();
    const legend = await client.legend("light"); // paper is light, whatever the screen is
    const sheet = this.sheet(orientation, Number(this.scale.value), picture, legend);
    document.body.append(sheet);
    await sheet.querySelector("img")!.decode();
    this.status.textContent = "";
    window.print();
  }

  private async draw(orientation: Orientation, scale: number): Promise<string> {
    const [width, height] = PAPER_MM[orientation].map((mm) => mm * PX_PER_MM) as [number, number];
    const holder = element("div", { class: "print-map" });
    holder.style.width = `${width}px`;
    holder.style.height = `${height}px`;
    document.body.append(holder);
    const center = this.view.map.getCenter();
    const [style, symbols] = await Promise.all([this.lightStyle(), client.symbols("light")]);
    const map = new GlMap({
      container: holder,
      style,
      center,
      zoom: zoomOfScale(scale, center.lat),
      interactive: false,
      attributionControl: false,
      fadeDuration: 0,
      pixelRatio: RATIO,
      validateStyle: false,
      canvasContextAttributes: { preserveDrawingBuffer: true },
    });
    try {
      await map.once("style.load");
      await mapImages(map, symbols);
      await Promise.race([map.once("idle"), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
      return map.getCanvas().toDataURL("image/png");
    } finally {
      map.remove();
      holder.remove();
    }
  }

  /** Paper is light, whatever the screen is: light colours under the filters and switches that are set. */
  private async lightStyle(): Promise<ReturnType<MapView["currentStyle"]>> {
    const shown = this.view.currentStyle();
    const light = await client.style("light", this.view.shownDate());
    const settings = new Map(shown.layers.map((layer) => [layer.id, layer]));
    light.sources = shown.sources;
    light.layers = light.layers.map((layer) => {
      const now = settings.get(layer.id);
      const filter = now && "filter" in now ? { filter: now.filter } : {};
      return {
        ...layer,
        ...filter,
        layout: { ...layer.layout, visibility: now?.layout?.visibility ?? "visible" },
      } as typeof layer;
    });
    return light;
  }

  private sheet(orientation: Orientation, scale: number, picture: string, legend: readonly LegendLayer[]): HTMLElement {
    const { texts, language, region } = this.config;
    const latitude = this.view.map.getCenter().lat;
    const bar = scaleBar(zoomOfScale(scale, latitude), latitude, 180);
    const line = element("span", { class: "print-bar" }, formatBarLength(bar.lengthM));
    line.style.width = `${bar.widthPx}px`;
    const day = new Date().toLocaleDateString(language, { day: "numeric", month: "long", year: "numeric" });
    const classes = legend.flatMap((layer) =>
      layer.classes
        .filter((one) => this.isShown(layer.layer, one.code))
        .map((one) => element("li", {}, parseSvg(one.swatch), layer.classes.length > 1 ? one.label : layer.title)),
    );
    return element(
      "section",
      { class: `print-sheet print-${orientation}`, id: "print-sheet" },
      element(
        "header",
        {},
        element("h1", {}, this.heading.value),
        element("p", {}, `${texts["print.scale"]} 1 : ${new Intl.NumberFormat(language).format(scale)}`),
      ),
      element("img", { src: picture, alt: texts["map.label"] ?? "" }),
      element(
        "div",
        { class: "print-foot" },
        line,
        element("span", { class: "print-north", "aria-hidden": "true" }, language === "en" ? "N ↑" : "U ↑"),
        element("ul", {}, ...classes),
      ),
      element(
        "p",
        { class: "print-source" },
        [
          fillText(texts["map.source"] ?? "", { region }),
          fillText(texts["print.printed"] ?? "", { date: day }),
          this.config.demonstration ? texts["print.demonstration"] : "",
        ]
          .filter(Boolean)
          .join(" · "),
      ),
    );
  }
}
