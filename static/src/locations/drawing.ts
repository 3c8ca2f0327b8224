/** What is being drawn: shapes that are done, and the points of the one in hand. Pure; nothing here knows the map. */

import type { Position } from "../lib/geodesy";

export type Shape = "point" | "line" | "polygon";

export interface Drawing {
  readonly shape: Shape;
  readonly done: readonly GeoJSON.Geometry[];
  readonly points: readonly Position[];
}

const LEAST: Readonly<Record<Shape, number>> = { point: 1, line: 2, polygon: 3 };
const TYPES = new Set(["Point", "LineString", "Polygon"]);

/** A drawing that begins with what the form's field already holds. */
export function drawingOf(field: string): Drawing {
  return { shape: "line", done: readGeometries(field), points: [] };
}

function readGeometries(field: string): readonly GeoJSON.Geometry[] {
  try {
    const found: unknown = JSON.parse(field || "[]");
    return Array.isArray(found) ? found.filter(isGeometry) : [];
  } catch {
    return [];
  }
}

function isGeometry(value: unknown): value is GeoJSON.Geometry {
  return typeof value === "object" && value !== null && TYPES.has(String((value as { type?: unknown }).type));
}

/** Another shape from now on; what is in hand is finished if it can be. */
export function withShape(drawing: Drawing, shape: Shape): Drawing {
  return { ...finished(drawing), shape, points: [] };
}

/** One point more; a point is done at once. */
export function withPoint(drawing: Drawing, point: Position): Drawing {
  const next = { ...drawing, points: [...drawing.points, point] };
  return drawing.shape === "point" ? finished(next) : next;
}

/** Without the last point, or without the last shape when none is in hand. */
export function undone(drawing: Drawing): Drawing {
  if (drawing.points.length) return { ...drawing, points: drawing.points.slice(0, -1) };
  return { ...drawing, done: drawing.done.slice(0, -1) };
}

/** Whether what is in hand is enough for its shape. */
export function canFinish(drawing: Drawing): boolean {
  return drawing.points.length >= LEAST[drawing.shape];
}

/** The shape in hand is done; unchanged when it lacks points. */
export function finished(drawing: Drawing): Drawing {
  if (!canFinish(drawing)) return drawing;
  return { ...drawing, done: [...drawing.done, geometryOf(drawing.shape, drawing.points)], points: [] };
}

/** What the form sends: shapes that are done, and the one in hand if it is enough. */
export function fieldOf(drawing: Drawing): string {
  const { done } = finished(drawing);
  return done.length ? JSON.stringify(done) : "";
}

function geometryOf(shape: Shape, points: readonly Position[]): GeoJSON.Geometry {
  const coordinates = points.map((point) => [...point]);
  if (shape === "point") return { type: "Point", coordinates: coordinates[0]! };
  if (shape === "line") return { type: "LineString", coordinates };
  return { type: "Polygon", coordinates: [[...coordinates, coordinates[0]!]] };
}

/** The shape in hand as far as it is drawn: its points, and a line through them. */
export function sketchOf(drawing: Drawing): readonly GeoJSON.Geometry[] {
  const coordinates = drawing.points.map((point) => [...point]);
  const points = coordinates.map((position): GeoJSON.Geometry => ({ type: "Point", coordinates: position }));
  return coordinates.length > 1 ? [{ type: "LineString", coordinates }, ...points] : points;
}
