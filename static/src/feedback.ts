/** The script of the form by which residents report: the phone's place, a map to point on, photos made smaller before they are sent. */

import { makeSmallerPhoto } from "./feedback/smaller-photo";
import type { PlaceConfig } from "./feedback/place-map";
import { canDrawMaps } from "./home/can-draw-maps";
import { fillText } from "./lib/fill-text";
import { formatBytes } from "./lib/format-bytes";

const form = document.getElementById("report-form");
const written = document.getElementById("feedback-config")?.textContent;
if (form instanceof HTMLFormElement && written) reportForm(form, JSON.parse(written) as PlaceConfig);

function reportForm(form: HTMLFormElement, config: PlaceConfig): void {
  const part = <Kind extends HTMLElement>(name: string) => form.querySelector<Kind>(`[data-part="${name}"]`)!;
  const { words } = config;
  const coordinates = form.elements.namedItem("coordinates") as HTMLInputElement;
  const said = part("place-said");
  const area = part("map");
  const opener = part<HTMLButtonElement>("open-map");
  let show: ((lon: number, lat: number) => void) | null = null;

  const write = (lon: number, lat: number): void => {
    coordinates.value = `${lat.toFixed(6)}, ${lon.toFixed(6)}`;
  };
  const choose = (lon: number, lat: number): void => {
    write(lon, lat);
    said.textContent = fillText(words["set"] ?? "", { place: coordinates.value });
  };

  part("place-tools").hidden = false;
  opener.hidden = !canDrawMaps();
  part("locate").addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        write(coords.longitude, coords.latitude);
        show?.(coords.longitude, coords.latitude);
        said.textContent = words["located"] ?? "";
      },
      () => (said.textContent = words["locate_failed"] ?? ""),
      { enableHighAccuracy: true, timeout: 30_000, maximumAge: 60_000 },
    );
  });
  opener.addEventListener("click", () => {
    opener.disabled = true;
    area.hidden = false;
    said.textContent = words["help"] ?? "";
    void openMap();
  });

  async function openMap(): Promise<void> {
    try {
      const { placeMap } = await import("./feedback/place-map");
      show = await placeMap(area, config, placeOf(coordinates.value) ?? config.start, choose);
    } catch {
      area.hidden = true;
      said.textContent = words["map_failed"] ?? "";
    }
  }

  const photo = form.elements.namedItem("photo") as HTMLInputElement;
  photo.addEventListener("change", () => void reduce());

  async function reduce(): Promise<void> {
    const picked = photo.files?.[0];
    part("photo-said").textContent = "";
    if (!picked) return;
    const smaller = await makeSmallerPhoto(picked);
    if (!smaller || photo.files?.[0] !== picked) return;
    const files = new DataTransfer();
    files.items.add(smaller);
    photo.files = files.files;
    const sizes = { from: formatBytes(picked.size, config.language), to: formatBytes(smaller.size, config.language) };
    part("photo-said").textContent = fillText(words["photo"] ?? "", sizes);
  }
}

/** A place as the field holds it, as lon and lat; null when it is written another way. */
function placeOf(text: string): readonly [number, number] | null {
  const match = /^(-?\d{1,2}\.\d+), (-?\d{1,3}\.\d+)$/.exec(text.trim());
  return match ? [Number(match[2]), Number(match[1])] : null;
}
