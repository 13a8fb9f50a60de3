/** @file Small pictures for lists: WebP where the browser writes it, else JPEG. */

/** Pixels of the longer side. */
export const THUMBNAIL_SIDE = 256;
const QUALITY = 0.8;

export interface Thumbnail {
  bytes: Uint8Array;
  type: string;
}

/** Whole pixels of the thumbnail of a picture; small pictures keep their size. */
export function thumbnailSize(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, THUMBNAIL_SIDE / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** @param bitmap upright */
export async function makeThumbnail(bitmap: ImageBitmap): Promise<Thumbnail> {
  const { width, height } = thumbnailSize(bitmap.width, bitmap.height);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'medium'; // mipmaps; "high" costs more and shows no more at this size
  context.drawImage(bitmap, 0, 0, width, height);
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality: QUALITY });
  // A browser that does not write WebP gives PNG, which is large.
  const small =
    blob.type === 'image/webp' ? blob : await canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY });
  return { bytes: new Uint8Array(await small.arrayBuffer()), type: small.type };
}
