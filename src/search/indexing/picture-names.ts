/** @file What a file is by its ending. Every file with a picture's ending is indexed, or listed with the reason why not. */

/** Ending of what is decoded here; what it really is, its bytes tell. */
const READABLE =
  'jpg jpeg jpe jfif jif pjpeg pjp mpo jps png apng webp gif bmp avif avifs heic heics heif heifs hif'.split(' ');
/** Sensors' data, which cameras write beside the same picture as JPEG or HEIC. */
const RAW =
  'dng cr2 cr3 crw nef nrw arw srf sr2 srw orf rw2 rwl raf pef ptx x3f 3fr iiq erf kdc dcr dcs mrw mef raw'.split(' ');
/** Other pictures, which people look for and nothing here decodes. */
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

/** Null for what is no picture by its name. */
export function pictureKind(name: string): PictureKind | null {
  const ending = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase();
  return (ending !== undefined && KINDS.get(ending)) || null;
}

/** Names that differ by their ending alone have the same stem. */
export function stemOf(name: string): string {
  return name.replace(/\.[^./]*$/, '').toLowerCase();
}
