/** Puts the light map in the map's place, with one sentence that says why. */

import { element } from "../dom/element";
import type { HomeConfig } from "../lib/home-config";

export function lightMap(area: HTMLElement, config: HomeConfig): void {
  const sentence = config.texts["map.no_webgl"] ?? "";
  area.querySelector("#plate")?.remove();
  area.append(
    element("iframe", { class: "light-map", src: `${config.light}?lang=${config.language}`, title: sentence }),
    element("p", { class: "map-note", role: "status" }, sentence),
  );
  document.body.classList.add("home-light");
}
