import assert from "node:assert/strict";
import test from "node:test";
import { formatBytes } from "./format-bytes";

test("kilobytes, then megabytes", () => {
  assert.deepEqual(
    [0, 1_499, 999_499, 999_500, 12_345_678].map((bytes) => formatBytes(bytes, "id")),
    ["0 kB", "1 kB", "999 kB", "1,0 MB", "12,3 MB"],
  );
  assert.equal(formatBytes(1_250_000_000, "en"), "1,250.0 MB");
});
