/** The tools' icons: 20 × 20, drawn with one line width in the colour of the text. */

const PATHS = {
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  whole: "M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4M7 10h6M10 7v6",
  locate:
    "M10 2.5v3M10 14.5v3M2.5 10h3M14.5 10h3M10 5.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M10 9a1 1 0 1 0 0 2a1 1 0 1 0 0-2",
  measure: "M2.5 13.5l11-11l4 4l-11 11zM5.5 10.5l2 2M8 8l1.5 1.5M10.5 5.5l2 2",
  print: "M6 7V3h8v4M6 14H3V7h14v7h-3M6 12h8v5H6z",
  compare: "M10 2v16M3 5h4v10H3zM13 5h4v10h-4",
  full: "M3 8V3h5M12 3h5v5M17 12v5h-5M8 17H3v-5",
  layers: "M10 3l7 4l-7 4l-7-4zM3 10.5l7 4l7-4M3 14l7 4l7-4",
  north: "M10 2.5l4 15l-4-3l-4 3z",
  more: "M4 10h.01M10 10h.01M16 10h.01",
  close: "M5 5l10 10M15 5L5 15",
} as const;

export function icon(name: keyof typeof PATHS): SVGSVGElement {
  const picture = emptyPicture();
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  picture.append(path);
  return picture;
}

function emptyPicture(): SVGSVGElement {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 20 20",
    width: "20",
    height: "20",
    class: "icon",
    "aria-hidden": "true",
    focusable: "false",
  })) {
    picture.setAttribute(key, value);
  }
  return picture;
}
