import assert from "node:assert/strict";
import test from "node:test";
import { smallerSize } from "./photo-size";

test("a photo of up to 2560 pixels stays as taken", () => {
  assert.equal(smallerSize(2560, 1440), null);
  assert.equal(smallerSize(640, 2560), null);
});

test("a larger one keeps its shape", () => {
  assert.deepEqual(smallerSize(5120, 3840), [2560, 1920]);
  assert.deepEqual(smallerSize(3000, 4000), [1920, 2560]);
  assert.deepEqual(smallerSize(20_000, 2), [2560, 1]);
});
