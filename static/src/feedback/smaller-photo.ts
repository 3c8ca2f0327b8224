/** Makes a photo small enough for slow data, without what the camera wrote into it; the server reads places from the form. */

import { drawJpeg } from "../camera/prepare-photo";

const LONGEST_PX = 2048; // the server keeps no more of it for anybody to see
const LARGE_BYTES = 1_500_000; // smaller files are sent as they are

/** The same photo as a smaller JPEG; null when it is small already, or this browser cannot read it. */
export async function makeSmallerPhoto(original: File): Promise<File | null> {
  if (original.size <= LARGE_BYTES) return null;
  const picture = await createImageBitmap(original).catch(() => null);
  if (!picture) return null;
  const scale = Math.min(1, LONGEST_PX / Math.max(picture.width, picture.height));
  const drawn = await drawJpeg(picture, Math.round(picture.width * scale), Math.round(picture.height * scale));
  picture.close();
  if (!drawn || drawn.size >= original.size) return null;
  return new File([drawn], original.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
}
