import assert from "node:assert/strict";
import test from "node:test";
import { backoff } from "./backoff";

test("waits grow and stay below a quarter of an hour", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 40].map((attempts) => backoff(attempts, 0.5)),
    [5_000, 15_000, 45_000, 135_000, 405_000, 900_000, 900_000],
  );
});

test("chance spreads by a fifth", () => {
  assert.equal(backoff(1, 0), 4_000);
  assert.equal(backoff(1, 1), 6_000);
});
