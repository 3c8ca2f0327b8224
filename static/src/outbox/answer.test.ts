import assert from "node:assert/strict";
import test from "node:test";
import { problemOf, receiptOf, verdict } from "./answer";

test("only what may pass by itself is tried again", () => {
  const by = (wanted: string): number[] =>
    [0, 200, 201, 302, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 503].filter((one) => verdict(one) === wanted);
  assert.deepEqual(by("taken"), [200, 201]);
  assert.deepEqual(by("later"), [0, 408, 429, 500, 503]);
  assert.deepEqual(by("sign_in"), [401]);
  assert.deepEqual(by("refused"), [302, 400, 403, 404, 409, 413, 422]);
});

test("the server's words are kept", () => {
  const body = { detail: "Angka turun.", errors: { physical_percent: "Lebih kecil.", odd: 3 } };
  assert.deepEqual(problemOf({ status: 422, body }, "?"), {
    status: 422,
    sentence: "Angka turun.",
    fields: { physical_percent: "Lebih kecil." },
  });
  assert.deepEqual(problemOf({ status: 413, body: "<html>" }, "Ditolak."), {
    status: 413,
    sentence: "Ditolak.",
    fields: {},
  });
});

test("half a receipt is none", () => {
  assert.deepEqual(receiptOf({ hash: "ab", bytes: 2, client_id: "x" }), { hash: "ab", bytes: 2 });
  for (const body of [null, [], "", { hash: "ab" }, { bytes: 2 }, { hash: 1, bytes: 2 }]) {
    assert.equal(receiptOf(body), null);
  }
});
