/** The script of a package's places: where maps can be drawn, places can be drawn on one. */

import { element } from "./dom/element";
import { canDrawMaps } from "./home/can-draw-maps";
import type { LocationsConfig } from "./locations/draw-page";

const area = document.getElementById("locations-map");
const form = document.getElementById("locations-form");
const written = document.getElementById("locations-config")?.textContent;
if (area && form instanceof HTMLFormElement && written && canDrawMaps()) {
  void start(area, form, JSON.parse(written) as LocationsConfig);
}

async function start(area: HTMLElement, form: HTMLFormElement, config: LocationsConfig): Promise<void> {
  try {
    const { DrawPage } = await import("./locations/draw-page");
    await DrawPage.start(area, form, config);
  } catch {
    area.prepend(element("p", { class: "quiet", role: "status" }, config.words["map_failed"]));
  }
}
