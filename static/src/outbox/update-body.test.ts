import assert from "node:assert/strict";
import test from "node:test";
import { newUpdate } from "./new-update";
import { isChanged, updateBody } from "./update-body";

const update = newUpdate({
  client_id: "u1",
  account: "7",
  project_code: "P-1",
  project_name: "Jalan",
  now: Date.UTC(2026, 10, 24, 2, 15),
});

test("fields are named as the API names them", () => {
  const body = updateBody({
    ...update,
    entries: [
      ["csrf_token", "x"],
      ["day", "2026-11-24"],
      ["physical_percent", "48,2"],
      ["note", "  "],
      ["items.12", "1.250,5"],
      ["items.13", ""],
      ["pick.photo", "1"],
      ["position.lon", "999"],
      ["submit", "true"],
    ],
    position: { lon: 103.2, lat: -3.1, accuracy_m: 8, at: "2026-11-24T02:14:00.000Z" },
    submit: true,
  });
  assert.deepEqual(body, {
    client_id: "u1",
    written_at: "2026-11-24T02:15:00.000Z",
    submit: false,
    day: "2026-11-24",
    physical_percent: "48,2",
    items: [{ item_id: 12, installed: "1.250,5" }],
    position: { lon: 103.2, lat: -3.1, accuracy_m: 8, at: "2026-11-24T02:14:00.000Z" },
  });
});

test("a token of the page is no change", () => {
  assert.equal(
    isChanged(
      [
        ["csrf_token", "b"],
        ["day", "1"],
      ],
      [
        ["csrf_token", "a"],
        ["day", "1"],
      ],
    ),
    false,
  );
  assert.equal(isChanged([["day", "2"]], [["day", "1"]]), true);
});
