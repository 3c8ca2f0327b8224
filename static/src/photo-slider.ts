/** Lays two pictures from one spot over each other, with a slider between them; the figures of the page tell which. */

import { element } from "./dom/element";

interface Frame {
  readonly source: string;
  readonly smaller: string; // a srcset, empty when there is only the source
  readonly label: string;
  readonly text: string;
}

interface Words {
  readonly slide: string;
  readonly left: string;
  readonly right: string;
  readonly each: string;
  readonly shown: string;
}

for (const section of document.querySelectorAll<HTMLElement>("[data-comparison]")) photoSlider(section);

export function photoSlider(section: HTMLElement): void {
  const figures = [...section.querySelectorAll<HTMLElement>("[data-frame]")];
  const frames = figures.map(readFrame);
  const list = section.querySelector("ul");
  const picture = figures[0]?.querySelector("img");
  if (frames.length < 2 || !list || !picture) return;
  const words = JSON.parse(section.dataset.words ?? "{}") as Words;

  const under = element("img", { alt: "", draggable: "false", loading: "lazy" });
  const over = element("img", { alt: "", draggable: "false", loading: "lazy" });
  const leftLabel = element("span", { class: "slider-label slider-label-left" });
  const rightLabel = element("span", { class: "slider-label slider-label-right" });
  const line = element("span", { class: "slider-line" });
  const pictures = element("div", { class: "slider-pictures" }, under, over, line, leftLabel, rightLabel);
  pictures.style.aspectRatio = `${picture.width || 3} / ${picture.height || 2}`;
  const range = element("input", {
    type: "range",
    class: "slider-range",
    min: 0,
    max: 100,
    value: 50,
    "aria-label": words.slide,
  });
  const slider = element("div", { class: "slider" }, pictures, range);

  const cut = (percent: number) => {
    slider.style.setProperty("--cut", `${percent}%`);
    range.setAttribute("aria-valuetext", words.shown.replace("{percent}", String(Math.round(percent))));
  };
  const show = (image: HTMLImageElement, label: HTMLElement, at: number) => {
    const frame = frames[at] ?? frames[0]!;
    image.sizes = "(min-width: 900px) 860px, 100vw";
    image.srcset = frame.smaller;
    image.src = frame.source;
    image.alt = frame.text;
    label.textContent = frame.label;
  };
  range.addEventListener("input", () => cut(range.valueAsNumber));
  pictures.addEventListener("pointerdown", (event) => {
    const follow = (one: PointerEvent) => {
      const area = pictures.getBoundingClientRect();
      range.valueAsNumber = Math.min(100, Math.max(0, ((one.clientX - area.left) / area.width) * 100));
      cut(range.valueAsNumber);
    };
    follow(event);
    const end = () => {
      removeEventListener("pointermove", follow);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
    };
    addEventListener("pointermove", follow);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  });

  show(over, leftLabel, 0);
  show(under, rightLabel, frames.length - 1);
  cut(50);
  if (frames.length > 2) {
    const left = choice(words.left, frames, 0, (at) => show(over, leftLabel, at));
    const right = choice(words.right, frames, frames.length - 1, (at) => show(under, rightLabel, at));
    slider.append(element("div", { class: "slider-choices" }, left, right));
  }
  const each = element("details", { class: "slider-each" }, element("summary", {}, words.each));
  list.before(slider, each);
  each.append(list);
}

function readFrame(figure: HTMLElement): Frame {
  return {
    source: figure.dataset.frame ?? "",
    smaller: figure.querySelector<HTMLSourceElement>("source[type='image/webp']")?.srcset ?? "",
    label: figure.dataset.label ?? "",
    text: figure.querySelector("img")?.alt ?? "",
  };
}

function choice(name: string, frames: readonly Frame[], chosen: number, onChoice: (at: number) => void): HTMLElement {
  const options = frames.map((frame, at) => element("option", { value: at, selected: at === chosen }, frame.label));
  const select = element("select", { class: "select" }, ...options);
  select.addEventListener("change", () => onChoice(Number(select.value)));
  return element("label", { class: "field" }, element("span", {}, name), select);
}
