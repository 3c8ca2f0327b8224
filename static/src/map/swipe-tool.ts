/** Compares two maps under one divider: today and an earlier date, or with and without a layer. */

import { Map as GlMap, type StyleSpecification } from "maplibre-gl";
import { client, type LegendLayer, type Theme } from "../api/client";
import { element } from "../dom/element";
import { atOrigin } from "../lib/tile-address";
import type { HomeConfig } from "../lib/home-config";
import { mapImages } from "./map-images";
import type { MapView } from "./map-view";
import type { Tool } from "./tool-bar";

const STEP = 0.05; // of the width, by an arrow key

export class SwipeTool implements Tool {
  readonly panel: HTMLElement;
  private readonly date: HTMLInputElement;
  private readonly layer: HTMLSelectElement;
  private readonly holder: HTMLElement;
  private readonly handle: HTMLElement;
  private other: GlMap | null = null;
  private share = 0.5;
  private readonly follow = (): void => {
    const { map } = this.view;
    this.other?.jumpTo({ center: map.getCenter(), zoom: map.getZoom(), bearing: map.getBearing() });
  };

  constructor(
    private readonly view: MapView,
    config: HomeConfig,
    private readonly theme: () => Theme,
    legend: readonly LegendLayer[],
  ) {
    const text = (name: string): string => config.texts[name] ?? "";
    const today = new Date().toISOString().slice(0, 10);
    const yearAgo = new Date(Date.now() - 365 * 86_400_000).toISOString().slice(0, 10);
    this.date = element("input", { type: "date", value: yearAgo, max: today, change: () => void this.redraw() });
    this.layer = element(
      "select",
      { change: () => void this.redraw() },
      element("option", { value: "" }, text("swipe.none")),
      ...legend.filter((one) => one.group !== "base").map((one) => element("option", { value: one.layer }, one.title)),
    );
    this.panel = element(
      "div",
      { class: "tool-body" },
      element("p", { class: "quiet" }, text("swipe.help")),
      element("label", { class: "field" }, element("span", {}, text("swipe.date")), this.date),
      element("label", { class: "field" }, element("span", {}, text("swipe.layer")), this.layer),
    );
    this.holder = element("div", { class: "swipe-map" });
    this.handle = element("div", {
      class: "swipe-handle",
      role: "slider",
      tabindex: 0,
      "aria-label": text("swipe.handle"),
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      keydown: (event) => this.onKey(event as KeyboardEvent),
      pointerdown: (event) => this.onPointer(event as PointerEvent),
    });
  }

  open(): void {
    this.view.map.getContainer().append(this.holder, this.handle);
    this.move(0.5);
    this.view.map.on("move", this.follow);
    void this.redraw();
  }

  close(): void {
    this.view.map.off("move", this.follow);
    this.other?.remove();
    this.other = null;
    this.holder.remove();
    this.handle.remove();
  }

  private async redraw(): Promise<void> {
    const [style, symbols] = await Promise.all([this.otherStyle(), client.symbols(this.theme())]);
    this.other?.remove();
    const { map } = this.view;
    this.other = new GlMap({
      container: this.holder,
      style,
      center: map.getCenter(),
      zoom: map.getZoom(),
      bearing: map.getBearing(),
      interactive: false,
      attributionControl: false,
      validateStyle: false,
    });
    this.other.getCanvas().setAttribute("tabindex", "-1");
    await this.other.once("style.load");
    await mapImages(this.other, symbols);
    this.follow();
  }

  /** The same map with the past's tiles, and without the layer chosen. */
  private async otherStyle(): Promise<StyleSpecification> {
    const shown = structuredClone(this.view.currentStyle());
    if (this.date.value) {
      const past = await client.style(this.theme(), this.date.value);
      for (const source of Object.values(past.sources)) {
        if (source.type === "vector" && source.tiles)
          source.tiles = source.tiles.map((address) => atOrigin(address, window.location.origin));
      }
      shown.sources = past.sources;
    }
    const without = this.layer.value;
    shown.layers = shown.layers.filter(
      (layer) => (layer.metadata as Record<string, unknown> | undefined)?.["petakarya:layer"] !== without || !without,
    );
    return shown;
  }

  private move(share: number): void {
    this.share = Math.min(1, Math.max(0, share));
    const percent = `${(this.share * 100).toFixed(2)}%`;
    this.holder.style.clipPath = `inset(0 0 0 ${percent})`;
    this.handle.style.left = percent;
    this.handle.setAttribute("aria-valuenow", String(Math.round(this.share * 100)));
  }

  private onKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (step === undefined) return;
    this.move(this.share + step);
    event.preventDefault();
    event.stopPropagation();
  }

  private onPointer(event: PointerEvent): void {
    this.handle.setPointerCapture(event.pointerId);
    const drag = (moved: PointerEvent): void => {
      const box = this.view.map.getContainer().getBoundingClientRect();
      this.move((moved.clientX - box.left) / box.width);
    };
    const end = (): void => this.handle.removeEventListener("pointermove", drag);
    this.handle.addEventListener("pointermove", drag);
    this.handle.addEventListener("pointerup", end, { once: true });
    event.preventDefault();
    event.stopPropagation();
  }
}
