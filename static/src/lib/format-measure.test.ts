import assert from "node:assert/strict";
import test from "node:test";
import { fillText } from "./fill-text";
import { formatArea, formatLength } from "./format-measure";

test("lengths", () => {
  assert.equal(formatLength(64.73, "id"), "64,7 m");
  assert.equal(formatLength(12345, "id"), "12,345 km");
  assert.equal(formatLength(12345, "en"), "12.345 km");
});

test("areas", () => {
  assert.equal(formatArea(9956, "id"), "9.956 m²");
  assert.equal(formatArea(123_456, "id"), "12,35 ha");
  assert.equal(formatArea(635_717_1500, "id"), "6.357,17 km²");
});

test("holes are filled, unknown ones stay", () => {
  assert.equal(fillText("{n} dari {m}", { n: 3 }), "3 dari {m}");
});
