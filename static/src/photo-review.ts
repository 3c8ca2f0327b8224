/** Draws the boxes to be blurred on a photo, by pointer or keyboard; the number fields below hold them and are what is sent. */

import { element } from "./dom/element";
import { boxBetween, isLargeEnough, moveBox, readBox, resizeBox, type BlurBox, type Point } from "./lib/blur-box";

const STEP = 1; // percent that an arrow key moves
const FINE_STEP = 0.2; // with Alt
const NEW_BOX: BlurBox = { left: 40, top: 40, width: 20, height: 20 };
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

interface Words {
  readonly box: string;
  readonly added: string;
  readonly removed: string;
  readonly full: string;
}

const stage = document.querySelector<HTMLElement>('[data-part="stage"]');
if (stage) photoReview(stage);

export function photoReview(stage: HTMLElement): void {
  const part = <Kind extends HTMLElement>(name: string) => document.querySelector<Kind>(`[data-part="${name}"]`)!;
  const words = JSON.parse(stage.dataset.words ?? "{}") as Words;
  const most = Number(stage.dataset.most ?? "60");
  const table = part<HTMLTableSectionElement>("boxes");
  const removeButton = part<HTMLButtonElement>("remove");
  const drawn = new Map<HTMLTableRowElement, HTMLButtonElement>();
  let chosen: HTMLTableRowElement | undefined;

  part("help").hidden = false;
  part("tools").hidden = false;
  part<HTMLDetailsElement>("numbers").open = part("numbers").querySelector(".field-error") !== null;
  stage.classList.add("blur-stage-active");

  const rows = () => [...table.rows];
  const inputs = (row: HTMLTableRowElement) => [...row.querySelectorAll("input")];
  const boxOf = (row: HTMLTableRowElement) => readBox(inputs(row).map((input) => input.value));
  const say = (text: string, row: HTMLTableRowElement) =>
    (part("said").textContent = text.replace("{number}", String(rows().indexOf(row) + 1)));

  function write(row: HTMLTableRowElement, box: BlurBox): void {
    const values = [box.left, box.top, box.width, box.height];
    inputs(row).forEach((input, at) => (input.value = String(values[at])));
    draw(row);
  }

  function draw(row: HTMLTableRowElement): void {
    const box = boxOf(row);
    let button = drawn.get(row);
    if (!box) {
      button?.remove();
      drawn.delete(row);
      return;
    }
    if (!button) {
      button = makeButton(row);
      drawn.set(row, button);
      stage.append(button);
    }
    button.style.left = `${box.left}%`;
    button.style.top = `${box.top}%`;
    button.style.width = `${box.width}%`;
    button.style.height = `${box.height}%`;
    button.setAttribute("aria-label", words.box.replace("{number}", String(rows().indexOf(row) + 1)));
  }

  function makeButton(row: HTMLTableRowElement): HTMLButtonElement {
    const corner = element("span", { class: "blur-box-corner" });
    const button = element(
      "button",
      { type: "button", class: "blur-box", "aria-describedby": "blur-help", "aria-pressed": "false" },
      corner,
    );
    button.addEventListener("focus", () => choose(row));
    button.addEventListener("keydown", (event) => onKey(event, row));
    button.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      event.stopPropagation();
      button.focus();
      const before = boxOf(row);
      const from = pointAt(event);
      const change = event.target === corner ? resizeBox : moveBox;
      if (before) follow(event, (to) => write(row, change(before, { x: to.x - from.x, y: to.y - from.y })));
    });
    return button;
  }

  function choose(row: HTMLTableRowElement | undefined): void {
    chosen = row;
    removeButton.disabled = row === undefined;
    for (const [one, button] of drawn) button.setAttribute("aria-pressed", String(one === row));
  }

  function onKey(event: KeyboardEvent, row: HTMLTableRowElement): void {
    const direction = ARROWS[event.key];
    const box = boxOf(row);
    if (direction && box) {
      event.preventDefault();
      const step = event.altKey ? FINE_STEP : STEP;
      const by = { x: direction.x * step, y: direction.y * step };
      write(row, event.shiftKey ? resizeBox(box, by) : moveBox(box, by));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      remove(row);
    }
  }

  function remove(row: HTMLTableRowElement): void {
    say(words.removed, row);
    for (const input of inputs(row)) input.value = "";
    draw(row);
    choose(undefined);
    part("add").focus();
  }

  function emptyRow(): HTMLTableRowElement | undefined {
    const found = rows().find((row) => inputs(row).every((input) => input.value.trim() === ""));
    if (found) return found;
    const pattern = rows()[0];
    if (rows().length >= most || !pattern) return undefined;
    const row = pattern.cloneNode(true) as HTMLTableRowElement;
    for (const input of inputs(row)) input.value = "";
    table.append(row);
    return row;
  }

  function add(box: BlurBox): HTMLTableRowElement | undefined {
    const row = emptyRow();
    if (!row) {
      part("said").textContent = words.full;
      return undefined;
    }
    write(row, box);
    drawn.get(row)?.focus();
    say(words.added, row);
    return row;
  }

  function pointAt(event: PointerEvent): Point {
    const area = stage.getBoundingClientRect();
    return { x: ((event.clientX - area.left) / area.width) * 100, y: ((event.clientY - area.top) / area.height) * 100 };
  }

  function follow(start: PointerEvent, move: (to: Point) => void, end: () => void = () => undefined): void {
    const onMove = (event: PointerEvent) => {
      if (event.pointerId === start.pointerId) move(pointAt(event));
    };
    const onEnd = (event: PointerEvent) => {
      if (event.pointerId !== start.pointerId) return;
      removeEventListener("pointermove", onMove);
      removeEventListener("pointerup", onEnd);
      removeEventListener("pointercancel", onEnd);
      end();
    };
    addEventListener("pointermove", onMove);
    addEventListener("pointerup", onEnd);
    addEventListener("pointercancel", onEnd);
  }

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const from = pointAt(event);
    let row: HTMLTableRowElement | undefined;
    follow(event, (to) => {
      const box = boxBetween(from, to);
      if (!row && isLargeEnough(box)) row = add(box);
      else if (row && isLargeEnough(box)) write(row, box);
    });
  });
  table.addEventListener("input", (event) => {
    const row = (event.target as HTMLElement).closest("tr");
    if (row) draw(row);
  });
  part("add").addEventListener("click", () => add(NEW_BOX));
  removeButton.addEventListener("click", () => chosen && remove(chosen));
  rows().forEach(draw);
}
