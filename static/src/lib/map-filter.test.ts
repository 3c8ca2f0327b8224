import assert from "node:assert/strict";
import test from "node:test";
import { allOf, classFilter, needsIds, projectFilter, readCriteria } from "./map-filter";

test("criteria come from repeated and comma-separated parameters", () => {
  const criteria = readCriteria(new URLSearchParams("stage=late&stage=stopped&year=2025,2026&q=jalan"));
  assert.deepEqual(criteria, { stage: ["late", "stopped"], status: [], sector: [], year: [2025, 2026], ids: null });
});

test("without criteria there is no filter", () => {
  assert.equal(projectFilter(readCriteria(new URLSearchParams())), null);
});

test("criteria hold together", () => {
  const filter = projectFilter({ ...readCriteria(new URLSearchParams("stage=late&year=2026")), ids: [4] });
  assert.deepEqual(filter, [
    "all",
    ["in", ["get", "stage"], ["literal", ["late"]]],
    ["in", ["get", "year"], ["literal", [2026]]],
    ["in", ["id"], ["literal", [4]]],
  ]);
});

test("text and areas are asked of the server", () => {
  assert.equal(needsIds(new URLSearchParams("stage=late")), false);
  assert.equal(needsIds(new URLSearchParams("q=jalan")), true);
  assert.equal(needsIds(new URLSearchParams("district=16.05.09")), true);
});

test("hidden classes", () => {
  assert.equal(classFilter(["get", "condition"], []), null);
  assert.deepEqual(classFilter(["get", "condition"], ["good"]), [
    "!",
    ["in", ["get", "condition"], ["literal", ["good"]]],
  ]);
  assert.equal(allOf([null, undefined]), null);
});
