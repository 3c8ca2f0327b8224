/** Draws the style's symbols into the map, sharp on every screen. */

import type { Map as GlMap } from "maplibre-gl";

const SIZE_PX = 24;
const RATIO = 2;

export async function mapImages(map: GlMap, symbols: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all(
    Object.entries(symbols).map(async ([id, svg]) => {
      const image = await draw(svg);
      if (map.hasImage(id)) map.updateImage(id, image);
      else map.addImage(id, image, { pixelRatio: RATIO });
    }),
  );
}

async function draw(svg: string): Promise<ImageData> {
  const picture = new Image(SIZE_PX * RATIO, SIZE_PX * RATIO);
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE_PX * RATIO;
  const context = canvas.getContext("2d")!;
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
