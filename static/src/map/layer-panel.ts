/** The panel of layers: its legend is the filter. Folded it is one button. */

import type { LegendLayer } from "../api/client";
import { element } from "../dom/element";
import { icon } from "../dom/icon";
import { parseSvg } from "../dom/parse-svg";
import { fillText } from "../lib/fill-text";
import type { MapState } from "../lib/map-state";

export interface LayerPanelEvents {
  switchLayer(layer: string, on: boolean): void;
  hideClasses(layer: string, codes: readonly string[]): void;
  setOpacity(layer: string, percent: number): void;
}

type Texts = Readonly<Record<string, string>>;

const GROUPS = ["works", "plan", "raster", "base"] as const;

/** A raster is drawn by the server: its classes explain it, and cannot be hidden one by one. */
function isRaster(layer: LegendLayer): boolean {
  return layer.geometry === "raster";
}

function key(layer: LegendLayer): HTMLElement {
  const rows = layer.classes.map((one) =>
    element(
      "li",
      { class: "layer-class" },
      element("span", { class: "swatch" }, parseSvg(one.swatch)),
      element("span", {}, one.label),
    ),
  );
  return element("ul", { class: "layer-classes" }, ...rows);
}

export class LayerPanel {
  readonly root: HTMLElement;
  private readonly body: HTMLElement;
  private readonly toggle: HTMLButtonElement;
  private unfolded: string | null = null;

  constructor(
    private readonly texts: Texts,
    private readonly events: LayerPanelEvents,
  ) {
    const title = texts["layers.title"] ?? "";
    this.toggle = element(
      "button",
      {
        type: "button",
        class: "map-button layers-toggle",
        "aria-label": title,
        title,
        "aria-expanded": "false",
        "aria-controls": "layers-body",
        click: () => this.fold(this.isOpen()),
      },
      icon("layers"),
      element("span", {}, title),
    );
    this.body = element("div", { class: "layers-body", id: "layers-body", hidden: true });
    this.root = element(
      "section",
      { class: "layers", "aria-label": title, keydown: (event) => this.onKey(event as KeyboardEvent) },
      this.toggle,
      this.body,
    );
  }

  /** Show the legend as it is switched now. */
  render(legend: readonly LegendLayer[], state: MapState, zoom: number): void {
    const open = new Set(
      [...this.body.querySelectorAll<HTMLDetailsElement>("details[open]")].map((one) => one.dataset.layer),
    );
    const focused = document.activeElement?.id;
    this.body.replaceChildren(
      ...GROUPS.flatMap((group) => {
        const layers = legend.filter((layer) => layer.group === group);
        if (!layers.length) return [];
        return element(
          "fieldset",
          { class: "layer-group" },
          element("legend", {}, this.texts[`layers.${group}`]),
          ...layers.map((layer) => this.layer(layer, state, zoom, open.has(layer.layer) || this.opensFirst(layer))),
        );
      }),
    );
    this.unfolded = "done";
    if (focused) document.getElementById(focused)?.focus();
  }

  private opensFirst(layer: LegendLayer): boolean {
    return this.unfolded === null && (layer.layer === "projects" || layer.layer === "roads");
  }

  private layer(layer: LegendLayer, state: MapState, zoom: number, open: boolean): HTMLElement {
    const on = state.switched[layer.layer] ?? layer.visible;
    const hidden = state.hidden[layer.layer] ?? [];
    const swatch = layer.classes.length === 1 && !isRaster(layer) ? parseSvg(layer.classes[0]!.swatch) : null;
    const box = element("input", {
      type: "checkbox",
      id: `layer-${layer.layer}`,
      checked: on,
      change: (event) => this.events.switchLayer(layer.layer, (event.target as HTMLInputElement).checked),
    });
    const heading = element(
      "label",
      { class: "layer-name", title: layer.description },
      box,
      element("span", {}, layer.title),
      swatch ? element("span", { class: "swatch" }, swatch) : null,
    );
    const far =
      zoom < layer.zooms[0] && on ? element("p", { class: "layer-hint" }, this.texts["layers.zoom_hint"]) : null;
    const more = element(
      "details",
      { class: "layer-more", "data-layer": layer.layer, open },
      element("summary", { "aria-label": fillText(this.texts["layers.classes"] ?? "", { name: layer.title }) }),
      ...(isRaster(layer) ? [key(layer)] : layer.classes.length > 1 ? [this.classes(layer, hidden)] : []),
      this.opacity(layer, state.opacity[layer.layer] ?? 100),
    );
    return element("div", { class: "layer" }, heading, far, more);
  }

  private classes(layer: LegendLayer, hidden: readonly string[]): HTMLElement {
    const codes = layer.classes.map((one) => one.code ?? "");
    const choose = (code: string, shown: boolean): void =>
      this.events.hideClasses(
        layer.layer,
        codes.filter((one) => (one === code ? !shown : hidden.includes(one))),
      );
    const rows = layer.classes.map((one) => {
      const code = one.code ?? "";
      const box = element("input", {
        type: "checkbox",
        id: `class-${layer.layer}-${code}`,
        checked: !hidden.includes(code),
        change: (event) => choose(code, (event.target as HTMLInputElement).checked),
      });
      return element(
        "li",
        {},
        element(
          "label",
          { class: "layer-class" },
          box,
          element("span", { class: "swatch" }, parseSvg(one.swatch)),
          element("span", {}, one.label),
        ),
      );
    });
    const buttons =
      codes.length > 8
        ? element(
            "p",
            { class: "layer-all" },
            this.choice("layers.all", () => this.events.hideClasses(layer.layer, [])),
            this.choice("layers.none", () => this.events.hideClasses(layer.layer, codes)),
          )
        : null;
    return element("div", {}, buttons, element("ul", { class: "layer-classes" }, ...rows));
  }

  private choice(text: string, act: () => void): HTMLElement {
    return element("button", { type: "button", class: "link-button", click: act }, this.texts[text]);
  }

  private opacity(layer: LegendLayer, percent: number): HTMLElement {
    const label = fillText(this.texts["layers.opacity"] ?? "", { name: layer.title });
    const output = element("output", {}, `${percent}%`);
    const input = (event: Event): void => {
      const value = Number((event.target as HTMLInputElement).value);
      output.textContent = `${value}%`;
      this.events.setOpacity(layer.layer, value);
    };
    return element(
      "div",
      { class: "layer-opacity" },
      element("input", {
        type: "range",
        min: 10,
        max: 100,
        step: 5,
        value: percent,
        id: `opacity-${layer.layer}`,
        "aria-label": label,
        input,
      }),
      output,
    );
  }

  private isOpen(): boolean {
    return !this.body.hidden;
  }

  fold(folded: boolean): void {
    this.body.hidden = folded;
    this.toggle.setAttribute("aria-expanded", String(!folded));
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !this.isOpen()) return;
    this.fold(true);
    this.toggle.focus();
    event.stopPropagation();
  }
}
