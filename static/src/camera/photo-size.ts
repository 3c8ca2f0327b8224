/** How large a photo is sent: as taken up to 2560 pixels on its longer side, which shows a crack from across a road. */

export const LONGEST_PX = 2560;
export const QUALITY = 0.85;

/** Width and height to make of it; null: it stays as it is. */
export function smallerSize(width: number, height: number): readonly [number, number] | null {
  const longest = Math.max(width, height);
  if (longest <= LONGEST_PX) return null;
  const share = LONGEST_PX / longest;
  return [Math.max(1, Math.round(width * share)), Math.max(1, Math.round(height * share))];
}
