import assert from "node:assert/strict";
import test from "node:test";
import { newUpdate } from "./new-update";
import { countUnsent, summarise } from "./summary";
import type { OutboxPhoto, OutboxUpdate } from "./types";

const update: OutboxUpdate = {
  ...newUpdate({ client_id: "u", account: "7", project_code: "P", project_name: "Jalan", now: 0 }),
  state: "waiting",
  sending: true,
};
const photo = (bytes: number, arrived: boolean): OutboxPhoto => ({
  client_id: "p",
  update: "u",
  taken_at: "",
  position: null,
  caption: "",
  content: null,
  name: "",
  bytes,
  hash: "h",
  shrunk_from: null,
  receipt: arrived ? { hash: "h", bytes } : null,
  problem: null,
  added_at: 0,
});

test("a mark that a killed sender left behind is not believed", () => {
  assert.equal(summarise(update, [], true).shown, "sending");
  assert.equal(summarise(update, [], false).shown, "waiting");
  assert.equal(summarise({ ...update, state: "sent" }, [], true).shown, "sent");
});

test("photos that have arrived no longer weigh", () => {
  const { photos, arrived, bytes } = summarise(update, [photo(500, true), photo(700, false), photo(11, false)], true);
  assert.deepEqual([photos, arrived, bytes], [3, 1, 711]);
});

test("the badge counts one's own that are not at the server", () => {
  const states = ["writing", "waiting", "refused", "sent"] as const;
  assert.equal(
    countUnsent(
      states.map((state) => ({ ...update, state })),
      "7",
    ),
    2,
  );
  assert.equal(countUnsent([{ ...update, account: "8" }], "7"), 0);
});
