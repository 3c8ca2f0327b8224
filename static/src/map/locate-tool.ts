/** Shows where the visitor is, with a circle as wide as the position is uncertain. */

import { fillText } from "../lib/fill-text";
import { circleAround } from "../lib/geodesy";
import type { MapView } from "./map-view";

const TIMEOUT_MS = 15_000;

export async function locateTool(
  view: MapView,
  texts: Readonly<Record<string, string>>,
  say: (sentence: string) => void,
): Promise<void> {
  try {
    const { coords } = await new Promise<GeolocationPosition>((resolve, reject) => {
      navigator.geolocation.getCurrentPosition(resolve, reject, { enableHighAccuracy: true, timeout: TIMEOUT_MS });
    });
    const here: [number, number] = [coords.longitude, coords.latitude];
    const ring = circleAround(here, coords.accuracy);
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--construction").trim();
    view
      .addTool("locate", [
        {
          type: "fill",
          filter: ["==", ["geometry-type"], "Polygon"],
          paint: { "fill-color": colour, "fill-opacity": 0.15 },
        },
        {
          type: "circle",
          filter: ["==", ["geometry-type"], "Point"],
          paint: {
            "circle-radius": 7,
            "circle-color": colour,
            "circle-stroke-color": "#ffffff",
            "circle-stroke-width": 3,
          },
        },
      ])
      .setData({
        type: "FeatureCollection",
        features: [
          {
            type: "Feature",
            properties: {},
            geometry: { type: "Polygon", coordinates: [ring.map((corner) => [...corner])] },
          },
          { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: here } },
        ],
      });
    const lons = ring.map((corner) => corner[0]);
    const lats = ring.map((corner) => corner[1]);
    view.fit([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]);
    say(fillText(texts["map.located"] ?? "", { n: Math.round(coords.accuracy) }));
  } catch {
    say(texts["map.locate_failed"] ?? "");
  }
}
