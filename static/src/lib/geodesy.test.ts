import assert from "node:assert/strict";
import test from "node:test";
import { areaM2, circleAround, distanceM, lengthM } from "./geodesy";

// Expected values are GeographicLib's, through pyproj.Geod(ellps="WGS84").

test("distance agrees with GeographicLib to a millimetre", () => {
  assert.ok(Math.abs(distanceM([102.9, -3.1], [103.2, -2.9]) - 40016.75629586898) < 0.001);
  assert.ok(Math.abs(distanceM([103.2, -3.1], [103.2005, -3.1003]) - 64.7261281655698) < 0.001);
});

test("a position is no distance from itself", () => {
  assert.equal(distanceM([103, -3], [103, -3]), 0);
});

test("length adds the pieces", () => {
  const line = [
    [102.9, -3.1],
    [103.0, -3.1],
    [103.0, -3.0],
  ] as const;
  assert.equal(lengthM(line), distanceM(line[0], line[1]) + distanceM(line[1], line[2]));
  assert.equal(lengthM([[103, -3]]), 0);
});

test("area agrees with GeographicLib to a millionth, whichever way round", () => {
  const ring = [
    [102.9, -3.3],
    [103.4, -3.2],
    [103.3, -2.7],
    [102.8, -2.9],
  ] as const;
  assert.ok(Math.abs(areaM2(ring) / 2950151215.4718285 - 1) < 1e-6);
  assert.ok(Math.abs(areaM2([...ring].reverse()) / 2950151215.4718285 - 1) < 1e-6);
});

test("a small square, closed or not", () => {
  const ring = [
    [103.2, -3.1],
    [103.2009, -3.1],
    [103.2009, -3.0991],
    [103.2, -3.0991],
  ] as const;
  assert.ok(Math.abs(areaM2(ring) - 9956.152435079217) < 0.02);
  assert.ok(Math.abs(areaM2([...ring, ring[0]]) - 9956.152435079217) < 0.02);
});

test("two positions have no area", () => {
  assert.equal(
    areaM2([
      [103, -3],
      [104, -3],
    ]),
    0,
  );
});

test("a circle keeps its radius", () => {
  for (const corner of circleAround([103.2, -3.1], 250))
    assert.ok(Math.abs(distanceM([103.2, -3.1], corner) - 250) < 2);
});
