import assert from "node:assert/strict";
import test from "node:test";
import { formatCoordinates, projectTransverse, tm3Of } from "./coordinates";

test("TM-3 of vector T23", () => {
  const [east, north] = projectTransverse([103.2, -3.1], tm3Of(103.2));
  assert.ok(Math.abs(east - 166655.88) < 0.01);
  assert.ok(Math.abs(north - 1157245.95) < 0.01);
});

test("a position in each unit", () => {
  assert.equal(formatCoordinates([103.2, -3.1], "decimal", "id"), "−3,10000  103,20000");
  assert.equal(formatCoordinates([103.2, -3.1], "dms", "id"), "3°06′00,0″ LS  103°12′00,0″ BT");
  assert.equal(formatCoordinates([103.2, -3.1], "dms", "en"), "3°06′00.0″ S  103°12′00.0″ E");
  assert.equal(formatCoordinates([103.2, -3.1], "utm", "id"), "UTM 48S  299963 mE  9657184 mN"); // PROJ: 299963.27, 9657183.53
  assert.equal(formatCoordinates([110.4, -6.99], "utm", "id"), "UTM 49S  433727 mE  9227314 mN");
  assert.equal(formatCoordinates([103.2, -3.1], "tm3", "id"), "TM-3 48.1  166656 mE  1157246 mN");
});

test("seconds never reach sixty", () => {
  assert.equal(formatCoordinates([103.99999, -2.99999], "dms", "id"), "3°00′00,0″ LS  104°00′00,0″ BT");
});
