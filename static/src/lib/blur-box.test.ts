import assert from "node:assert/strict";
import test from "node:test";
import { boxBetween, moveBox, readBox, resizeBox } from "./blur-box";

const BOX = { left: 10, top: 20, width: 30, height: 40 };

test("a box drawn backwards is the same as one drawn forwards", () => {
  const forwards = boxBetween({ x: 10, y: 20 }, { x: 40, y: 60 });
  assert.deepEqual(forwards, BOX);
  assert.deepEqual(boxBetween({ x: 40, y: 60 }, { x: 10, y: 20 }), forwards);
});

test("a box drawn beyond the picture ends at its edge", () => {
  assert.deepEqual(boxBetween({ x: -5, y: 90 }, { x: 10, y: 130 }), { left: 0, top: 90, width: 10, height: 10 });
});

test("a moved box keeps its size and stays inside", () => {
  assert.deepEqual(moveBox(BOX, { x: 90, y: -90 }), { left: 70, top: 0, width: 30, height: 40 });
});

test("a resized box never vanishes and never leaves the picture", () => {
  assert.deepEqual(resizeBox(BOX, { x: -90, y: 90 }), { left: 10, top: 20, width: 1, height: 80 });
});

test("typed numbers are a box only when all four are numbers", () => {
  assert.deepEqual(readBox(["10", "20", "30", "40"]), BOX);
  assert.deepEqual(readBox(["80", "20", "30,5", "40"]), { left: 80, top: 20, width: 20, height: 40 });
  for (const wrong of [
    ["10", "20", "30", ""],
    ["a", "1", "1", "1"],
    ["10", "20", "0", "40"],
    ["-1", "0", "5", "5"],
  ])
    assert.equal(readBox(wrong), undefined);
});
