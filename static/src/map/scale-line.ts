/** The scale bar, and the coordinates under the pointer in the unit the visitor chooses. */

import type { Map as GlMap } from "maplibre-gl";
import { element } from "../dom/element";
import { COORDINATE_UNITS, type CoordinateUnit, formatCoordinates } from "../lib/coordinates";
import { formatBarLength, scaleBar } from "../lib/scale";

const GREATEST_PX = 110;
const STORED_UNIT = "petakarya.coordinate-unit";

export function scaleLine(map: GlMap, language: string, texts: Readonly<Record<string, string>>): HTMLElement {
  const bar = element("span", { class: "scale-bar" });
  const readout = element("button", { type: "button", class: "coordinates", title: texts["map.coordinates"] });
  let unit = storedUnit();
  let position: [number, number] | null = null;

  const showScale = (): void => {
    const { lengthM, widthPx } = scaleBar(map.getZoom(), map.getCenter().lat, GREATEST_PX);
    bar.style.width = `${widthPx.toFixed(1)}px`;
    bar.textContent = formatBarLength(lengthM);
  };
  const showPosition = (): void => {
    const { lng, lat } = map.getCenter();
    readout.textContent = formatCoordinates(position ?? [lng, lat], unit, language);
  };
  readout.addEventListener("click", () => {
    unit = COORDINATE_UNITS[(COORDINATE_UNITS.indexOf(unit) + 1) % COORDINATE_UNITS.length]!;
    localStorage.setItem(STORED_UNIT, unit);
    showPosition();
  });
  map.on("mousemove", (event) => {
    position = [event.lngLat.lng, event.lngLat.lat];
    showPosition();
  });
  map.on("mouseout", () => {
    position = null;
    showPosition();
  });
  map.on("move", () => {
    showScale();
    showPosition();
  });
  showScale();
  showPosition();
  return element("div", { class: "scale-line" }, bar, readout);
}

function storedUnit(): CoordinateUnit {
  const stored = localStorage.getItem(STORED_UNIT) as CoordinateUnit | null;
  return stored && COORDINATE_UNITS.includes(stored) ? stored : "decimal";
}
