/** Turns SVG text of our own server into an element. */

export function parseSvg(text: string): SVGElement {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return document.importNode(parsed, true) as unknown as SVGElement;
}
