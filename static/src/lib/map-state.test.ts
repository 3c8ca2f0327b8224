import assert from "node:assert/strict";
import test from "node:test";
import { EMPTY_STATE, formatHash, parseHash } from "./map-state";

test("an empty hash is the empty state, and back", () => {
  assert.deepEqual(parseHash(""), EMPTY_STATE);
  assert.equal(formatHash(EMPTY_STATE), "");
});

test("everything survives the address", () => {
  const state = {
    camera: { zoom: 11.25, lat: -3.1234, lon: 103.2, bearing: 30 },
    switched: { facilities: true, roads: false, raster_dem_2024: true },
    hidden: { roads: ["good", "fair"], plan_zones: ["P-1"] },
    opacity: { parks: 40, raster_dem_2024: 60 },
    feature: { layer: "projects", id: 12 },
    inView: true,
  };
  const again = parseHash(formatHash(state));
  assert.deepEqual({ ...again, camera: null }, { ...state, camera: null });
  assert.ok(Math.abs(again.camera!.lat - state.camera.lat) < 1e-4);
  assert.equal(again.camera!.bearing, 30);
});

test("a feature without a position", () => {
  assert.deepEqual(parseHash(formatHash({ ...EMPTY_STATE, feature: { layer: "roads", id: 3 } })).feature, {
    layer: "roads",
    id: 3,
  });
});

for (const hash of [
  "#abc",
  "#99/0/0",
  "#5/95/0",
  "#5/0",
  "#&show=roads/x",
  "#&hide=<script>:a",
  "#5/0/0/&on=../x",
  "#&hide=%",
]) {
  test(`hostile ${hash} does no harm`, () => {
    const state = parseHash(hash);
    assert.equal(state.feature, null);
    assert.deepEqual(state.switched, {});
    assert.deepEqual(state.hidden, {});
  });
}
