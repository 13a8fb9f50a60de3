/** @file Files that are pictures, in a form that the page can show. */

/** Pictures that many systems have no type for. */
const BY_NAME = /\.(heic|heif|hif|avif|mpo|apng)$/i;
const HEIC = /\.(heic|heif|hif)$/i;
/** For file dialogs. */
export const PICTURE_FILES = 'image/*,.heic,.heif,.hif,.avif,.mpo,.apng';

export const isPicture = ({ type, name }: File): boolean => type.startsWith('image/') || BY_NAME.test(name);

/**
 * A HEIC, which few browsers show, as a PNG of its pixels; any other file unchanged, as is a HEIC that cannot be
 * decoded: the reason is shown where it is ranked.
 */
export async function readable(file: File): Promise<File> {
  if (!HEIC.test(file.name) && !/^image\/hei[cf]/.test(file.type)) return file;
  const { decodePicture } = await import('../../src/image');
  const picture = await decodePicture(file).catch(() => null);
  if (picture === null) return file;
  const { width, height, data } = picture.image;
  const canvas = new OffscreenCanvas(width, height);
  const pixels = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    pixels.data[to] = data[from]!;
    pixels.data[to + 1] = data[from + 1]!;
    pixels.data[to + 2] = data[from + 2]!;
    pixels.data[to + 3] = 255;
  }
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
  return new File([await canvas.convertToBlob({ type: 'image/png' })], file.name, { type: 'image/png' });
}
