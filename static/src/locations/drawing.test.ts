import assert from "node:assert/strict";
import { test } from "node:test";
import { canFinish, drawingOf, fieldOf, finished, sketchOf, undone, withPoint, withShape } from "./drawing";

test("a line needs two points, an area three, a point one", () => {
  const line = withPoint(drawingOf(""), [102.9, -3.1]);
  assert.equal(canFinish(line), false);
  assert.equal(fieldOf(line), "");
  assert.deepEqual(JSON.parse(fieldOf(withPoint(line, [103, -3.1]))), [
    {
      type: "LineString",
      coordinates: [
        [102.9, -3.1],
        [103, -3.1],
      ],
    },
  ]);
  let area = withShape(drawingOf(""), "polygon");
  for (const point of [
    [0, 0],
    [1, 0],
  ] as const)
    area = withPoint(area, point);
  assert.equal(canFinish(area), false);
  const done = finished(withPoint(area, [1, 1])).done[0] as GeoJSON.Polygon;
  assert.deepEqual(done.coordinates[0]!.at(0), done.coordinates[0]!.at(-1));
  assert.equal(withPoint(withShape(drawingOf(""), "point"), [1, 1]).done.length, 1);
});

test("undo takes back points, then shapes", () => {
  let drawing = withPoint(withPoint(drawingOf(""), [0, 0]), [1, 0]);
  assert.equal(sketchOf(drawing).length, 3);
  drawing = undone(drawing);
  assert.equal(drawing.points.length, 1);
  drawing = finished(withPoint(drawing, [2, 0]));
  assert.equal(drawing.done.length, 1);
  assert.equal(undone(drawing).done.length, 0);
});

test("a field that was tampered with holds nothing, a good one is taken up again", () => {
  for (const field of ["", "{", "3", '{"type":"Point"}', '["x", null, {"type":"Nothing"}]'])
    assert.deepEqual(drawingOf(field).done, []);
  const point = '[{"type":"Point","coordinates":[1,2]}]';
  assert.equal(fieldOf(drawingOf(point)), point);
});

test("another shape finishes what is in hand when it can, and drops it when it cannot", () => {
  const line = withPoint(withPoint(drawingOf(""), [0, 0]), [1, 0]);
  assert.equal(withShape(line, "polygon").done.length, 1);
  const one = withShape(withPoint(drawingOf(""), [0, 0]), "polygon");
  assert.deepEqual([one.done.length, one.points.length], [0, 0]);
});
