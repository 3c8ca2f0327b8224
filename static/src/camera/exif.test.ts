import assert from "node:assert/strict";
import test from "node:test";
import { exifSegment, withExif } from "./exif";

/** One directory with an orientation of 6 (lying on its side) and the tag 0x010f, little-endian. */
const TIFF = [
  0x49, 0x49, 0x2a, 0, 8, 0, 0, 0, 2, 0, 0x0f, 0x01, 2, 0, 1, 0, 0, 0, 0x41, 0, 0, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6,
  0, 0, 0, 0, 0, 0, 0,
];
const BODY = [...[..."Exif\0\0"].map((letter) => letter.charCodeAt(0)), ...TIFF];
const SEGMENT = [0xff, 0xe1, 0, BODY.length + 2, ...BODY];
const JFIF = [0xff, 0xe0, 0, 4, 1, 2];
const SCAN = [0xff, 0xda, 0, 4, 9, 9, 1, 2, 3, 0xff, 0xd9];

test("the block is found behind others", () => {
  const photo = new Uint8Array([0xff, 0xd8, ...JFIF, ...SEGMENT, ...SCAN]);
  assert.deepEqual([...exifSegment(photo)!], SEGMENT);
});

test("without a block, or with half a one, there is none", () => {
  for (const bytes of [
    [],
    [0x89, 0x50, 0x4e, 0x47],
    [0xff, 0xd8, ...JFIF, ...SCAN],
    [0xff, 0xd8, ...SEGMENT.slice(0, 20)],
    [0xff, 0xd8, 0xff, 0xe1, 0, 1, 0, 0],
  ]) {
    assert.equal(exifSegment(new Uint8Array(bytes)), null);
  }
});

test("the copy carries the block, upright", () => {
  const copy = withExif(new Uint8Array([0xff, 0xd8, ...JFIF, ...SCAN]), new Uint8Array(SEGMENT));
  const expected = [...SEGMENT];
  expected[4 + 6 + 8 + 2 + 12 + 8] = 1;
  assert.deepEqual([...copy], [0xff, 0xd8, ...expected, ...JFIF, ...SCAN]);
});

test("a block whose directory leads nowhere is copied as it is", () => {
  const broken = new Uint8Array([0xff, 0xe1, 0, 18, ...BODY.slice(0, 10), 0xff, 0xff, 0xff, 0x7f, 0, 0]);
  assert.equal(withExif(new Uint8Array([0xff, 0xd8]), broken).length, 2 + broken.length);
});
