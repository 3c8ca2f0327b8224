import assert from "node:assert/strict";
import test from "node:test";
import { freshFix } from "./position-watch";

test("a place that was known two minutes ago is no longer where a photo is taken", () => {
  const fix = { lon: 103.2, lat: -3.1, accuracy_m: 8, at: "2026-11-24T02:00:00.000Z" };
  const at = Date.parse(fix.at);
  assert.equal(freshFix(fix, at + 120_000), fix);
  assert.equal(freshFix(fix, at + 120_001), null);
  assert.equal(freshFix(null, at), null);
});
