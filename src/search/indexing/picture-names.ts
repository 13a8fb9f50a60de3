/**
 * @file What kind of file it is, by its extension. Every file with a picture's extension is indexed, or listed with the
 * reason why not.
 */

/** Extensions of formats that are decoded here; the bytes tell what the file really is. */
const READABLE =
  'jpg jpeg jpe jfif jif pjpeg pjp mpo jps png apng webp gif bmp avif avifs heic heics heif heifs hif'.split(' ');
/** Raw sensor data, which cameras write beside the same picture as JPEG or HEIC. */
const RAW =
  'dng cr2 cr3 crw nef nrw arw srf sr2 srw orf rw2 rwl raf pef ptx x3f 3fr iiq erf kdc dcr dcs mrw mef raw'.split(' ');
/** Other picture formats, which users may look for but nothing here decodes. */
const OTHER = (
  'tif tiff psd psb xcf kra jxl jp2 j2k j2c jpc jpf jpx jpm jxr wdp hdp svg svgz ico cur icns tga pcx dib ' +
  'pbm pgm ppm pnm pam xbm xpm exr dds qoi bpg flif wmf emf'
).split(' ');

const KINDS = new Map([
  ...READABLE.map((ending) => [ending, 'readable'] as const),
  ...RAW.map((ending) => [ending, 'raw'] as const),
  ...OTHER.map((ending) => [ending, 'other'] as const),
]);

export type PictureKind = 'readable' | 'raw' | 'other';

/** Null if the name is not that of a picture. */
export function pictureKind(name: string): PictureKind | null {
  const ending = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase();
  return (ending !== undefined && KINDS.get(ending)) || null;
}

/** Names that differ only by their extension have the same stem. */
export function stemOf(name: string): string {
  return name.replace(/\.[^./]*$/, '').toLowerCase();
}
