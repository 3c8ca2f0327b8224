/** Makes a photo ready to be kept: smaller when it is very large, with its hash, by which its receipt is checked. */

import { exifSegment, withExif } from "./exif";
import { QUALITY, smallerSize } from "./photo-size";

export interface PreparedPhoto {
  readonly content: Blob;
  readonly bytes: number;
  /** SHA-256, hex. */
  readonly hash: string;
  /** Width and height (pixels) before it was made smaller; null: as taken. */
  readonly shrunk_from: readonly [number, number] | null;
}

export async function preparePhoto(original: Blob): Promise<PreparedPhoto> {
  const smaller = await makeSmaller(original);
  const content = smaller?.content ?? original;
  const bytes = await content.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return {
    content: new Blob([bytes], { type: content.type }), // of its own: a file that is picked may be moved or deleted
    bytes: bytes.byteLength,
    hash: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    shrunk_from: smaller?.from ?? null,
  };
}

/** Null when it is small enough, or of a kind that this browser cannot read: the server can, or says why not. */
async function makeSmaller(original: Blob): Promise<{ content: Blob; from: readonly [number, number] } | null> {
  const picture = await createImageBitmap(original).catch(() => null);
  if (!picture) return null;
  const from = [picture.width, picture.height] as const;
  const size = smallerSize(...from);
  if (!size) {
    picture.close();
    return null;
  }
  const drawn = await drawJpeg(picture, ...size);
  picture.close();
  if (!drawn) return null;
  const exif = exifSegment(new Uint8Array(await original.arrayBuffer()));
  if (!exif) return { content: drawn, from };
  const copy = withExif(new Uint8Array(await drawn.arrayBuffer()), exif);
  return { content: new Blob([copy as Uint8Array<ArrayBuffer>], { type: "image/jpeg" }), from };
}

/** A picture, or what a camera shows, as JPEG. */
export function drawJpeg(
  source: ImageBitmap | HTMLVideoElement,
  width: number,
  height: number,
  quality = QUALITY,
): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return Promise.resolve(null);
  context.drawImage(source, 0, 0, width, height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}
