import assert from "node:assert/strict";
import test from "node:test";
import { STEPS, stepsAfter, VERSION } from "./schema";

test("a new phone takes every step, one that is up to date none", () => {
  assert.equal(stepsAfter(0).length, VERSION);
  assert.equal(stepsAfter(VERSION).length, 0);
});

test("no step removes anything", () => {
  for (const step of STEPS) assert.doesNotMatch(String(step), /delete/i);
});
