/** A map on which one place is chosen: by a tap, or by keyboard at its middle. */

import type { GeoJSONSource } from "maplibre-gl";
import { client, type Theme } from "../api/client";
import { element } from "../dom/element";
import { loadStyles } from "../home/load-styles";
import type { HomeConfig } from "../lib/home-config";
import { MapView } from "../map/map-view";

export interface PlaceConfig extends HomeConfig {
  /** Of what is reported on, as lon, lat. */
  readonly start: readonly [number, number] | null;
  readonly words: Readonly<Record<string, string>>;
}

const NEAR_ZOOM = 16;

/** Draw the map; the answer shows another place on it. */
export async function placeMap(
  area: HTMLElement,
  config: PlaceConfig,
  start: readonly [number, number] | null,
  chosen: (lon: number, lat: number) => void,
): Promise<(lon: number, lat: number) => void> {
  await loadStyles(config.mapStyles);
  const theme: Theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const legend = await client.legend(theme);
  const container = element("div", { class: "map" });
  area.replaceChildren(container);
  const view = await MapView.start(container, config, theme, {
    camera: start ? { lon: start[0], lat: start[1], zoom: NEAR_ZOOM, bearing: 0 } : null,
    asOf: null,
    covered: () => 0,
    rules: Promise.resolve({
      visible: Object.fromEntries(legend.map((layer) => [layer.layer, layer.visible || layer.layer === "roads"])),
      hidden: {},
      opacity: {},
      projects: null,
      years: {},
    }),
  });
  const { map } = view;
  const colour = getComputedStyle(area).getPropertyValue("--danger").trim();
  map.addSource("chosen", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  map.addLayer({
    id: "chosen",
    type: "circle",
    source: "chosen",
    paint: { "circle-radius": 9, "circle-color": colour, "circle-stroke-width": 3, "circle-stroke-color": "#ffffff" },
  });
  const show = (lon: number, lat: number): void => {
    const point = {
      type: "Feature" as const,
      properties: {},
      geometry: { type: "Point" as const, coordinates: [lon, lat] },
    };
    map.getSource<GeoJSONSource>("chosen")?.setData(point);
  };
  const pick = ({ lng, lat }: { lng: number; lat: number }): void => {
    show(lng, lat);
    chosen(lng, lat);
  };
  map.on("click", (event) => pick(event.lngLat));
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      pick(map.getCenter());
    }
  });
  map.once("idle", () => area.classList.add("map-drawn"));
  return (lon, lat) => {
    show(lon, lat);
    map.easeTo({ center: [lon, lat], zoom: Math.max(map.getZoom(), NEAR_ZOOM) });
  };
}
