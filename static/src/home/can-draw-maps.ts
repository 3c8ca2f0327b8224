/** Whether this browser can draw the full map. */

export function canDrawMaps(): boolean {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}
