import assert from "node:assert/strict";
import test from "node:test";
import { atOrigin, changedLayers, layersOfTiles, withVersions } from "./tile-address";

const ADDRESS = "http://a.test:8000/tiles/roads,parks/{z}/{x}/{y}.mvt?v=7";

test("layers of an address", () => {
  assert.deepEqual(layersOfTiles(ADDRESS), ["roads", "parks"]);
  assert.deepEqual(layersOfTiles("/elsewhere"), []);
});

test("an address carries the sum of its layers' versions", () => {
  assert.equal(withVersions(ADDRESS, { roads: 5, parks: 4, water: 90 }), ADDRESS.replace("v=7", "v=9"));
  assert.equal(
    withVersions("/tiles/roads/{z}/{x}/{y}.mvt?as_of=2026-01-01", { roads: 5 }),
    "/tiles/roads/{z}/{x}/{y}.mvt?as_of=2026-01-01",
  );
});

test("the page's own origin wins", () => {
  assert.equal(
    atOrigin(ADDRESS, "https://peta.example.go.id"),
    "https://peta.example.go.id/tiles/roads,parks/{z}/{x}/{y}.mvt?v=7",
  );
});

test("changed layers", () => {
  assert.deepEqual(changedLayers({ roads: 1, parks: 2 }, { roads: 1, parks: 3, water: 1 }), ["parks", "water"]);
});
