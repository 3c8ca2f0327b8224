/** The EXIF block of a JPEG: taken from the original and put into the smaller copy, which a canvas makes without one. */

const START = 0xffd8;
const APP1 = 0xffe1;
const SCAN = 0xffda;
const NAME = "Exif\0\0";
const ORIENTATION = 0x0112;

/** The whole APP1 segment, marker included; null when there is none, or what is there is broken. */
export function exifSegment(jpeg: Uint8Array): Uint8Array | null {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  if (jpeg.length < 4 || view.getUint16(0) !== START) return null;
  let at = 2;
  while (at + 4 <= jpeg.length) {
    const marker = view.getUint16(at);
    const length = view.getUint16(at + 2);
    if (marker === SCAN || marker < 0xff00 || length < 2 || at + 2 + length > jpeg.length) return null;
    if (marker === APP1 && String.fromCharCode(...jpeg.subarray(at + 4, at + 10)) === NAME) {
      return jpeg.slice(at, at + 2 + length);
    }
    at += 2 + length;
  }
  return null;
}

/** A JPEG with this segment as its first; its orientation is set to upright, as the canvas has drawn it. */
export function withExif(jpeg: Uint8Array, segment: Uint8Array): Uint8Array {
  const joined = new Uint8Array(jpeg.length + segment.length);
  joined.set(jpeg.subarray(0, 2));
  joined.set(upright(segment), 2);
  joined.set(jpeg.subarray(2), 2 + segment.length);
  return joined;
}

function upright(segment: Uint8Array): Uint8Array {
  const copy = segment.slice();
  const tiff = new DataView(copy.buffer, 4 + NAME.length);
  if (tiff.byteLength < 8) return copy;
  const little = tiff.getUint16(0) === 0x4949;
  const directory = tiff.getUint32(4, little);
  if (directory + 2 > tiff.byteLength) return copy;
  const entries = tiff.getUint16(directory, little);
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + entry * 12;
    if (at + 12 > tiff.byteLength) break;
    if (tiff.getUint16(at, little) === ORIENTATION) tiff.setUint16(at + 8, 1, little);
  }
  return copy;
}
