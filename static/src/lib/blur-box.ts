/** Boxes on a picture, in percent of its width and height; every change is a new box that stays inside. */

export interface BlurBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const SMALLEST = 1;

export function boxBetween(one: Point, other: Point): BlurBox {
  const left = clamp(Math.min(one.x, other.x), 0, 100);
  const top = clamp(Math.min(one.y, other.y), 0, 100);
  const right = clamp(Math.max(one.x, other.x), 0, 100);
  const bottom = clamp(Math.max(one.y, other.y), 0, 100);
  return rounded({ left, top, width: right - left, height: bottom - top });
}

export function moveBox(box: BlurBox, by: Point): BlurBox {
  const left = clamp(box.left + by.x, 0, 100 - box.width);
  const top = clamp(box.top + by.y, 0, 100 - box.height);
  return rounded({ ...box, left, top });
}

export function resizeBox(box: BlurBox, by: Point): BlurBox {
  const width = clamp(box.width + by.x, SMALLEST, 100 - box.left);
  const height = clamp(box.height + by.y, SMALLEST, 100 - box.top);
  return rounded({ ...box, width, height });
}

/** What was typed as a box; nothing while a number is missing or wrong. */
export function readBox(values: readonly string[]): BlurBox | undefined {
  const numbers = values.map((value) => (value.trim() === "" ? Number.NaN : Number(value.replace(",", "."))));
  const [left, top, width, height] = numbers as [number, number, number, number];
  if (numbers.length !== 4 || !numbers.every(Number.isFinite)) return undefined;
  if (left < 0 || top < 0 || width <= 0 || height <= 0 || left > 100 || top > 100) return undefined;
  return { left, top, width: Math.min(width, 100 - left), height: Math.min(height, 100 - top) };
}

export function isLargeEnough(box: BlurBox): boolean {
  return box.width >= SMALLEST && box.height >= SMALLEST;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), Math.max(least, most));
}

function rounded(box: BlurBox): BlurBox {
  const round = (value: number) => Math.round(value * 100) / 100;
  return { left: round(box.left), top: round(box.top), width: round(box.width), height: round(box.height) };
}
