import assert from "node:assert/strict";
import test from "node:test";
import { formatBarLength, metresPerPixel, scaleBar, scaleOfZoom, zoomOfScale } from "./scale";

test("the globe is 512 pixels wide at zoom 0", () => {
  assert.ok(Math.abs(metresPerPixel(0, 0) * 512 - 40_075_016.686) < 0.001);
});

test("a bar is round, fits, and is at least two fifths of the place", () => {
  for (let zoom = 4; zoom <= 20; zoom += 0.37) {
    const bar = scaleBar(zoom, -3, 120);
    assert.ok([1, 2, 5].includes(Number(bar.lengthM.toExponential()[0])));
    assert.ok(bar.widthPx <= 120 && bar.widthPx >= 48);
  }
});

test("a scale and its zoom are each other's inverse", () => {
  assert.ok(Math.abs(scaleOfZoom(zoomOfScale(25_000, -3), -3) - 25_000) < 1e-6);
});

test("1 : 25 000 on paper: 4 cm are a kilometre", () => {
  const pixels = (0.04 / 0.0254) * 96;
  assert.ok(Math.abs(metresPerPixel(zoomOfScale(25_000, -3), -3) * pixels - 1000) < 0.001);
});

test("lengths of bars", () => {
  assert.equal(formatBarLength(500), "500 m");
  assert.equal(formatBarLength(2000), "2 km");
});
